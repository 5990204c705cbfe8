"""Pipelines in the admin: their list, the live page of one, and what may be done."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from breaks.models import TradeBreak
from connectors.models import Feed
from tests import factories
from tests.integration.workflows.days import DAY, MORNING_AFTER, Desk
from workflows.models import FeedContact, PipelineRun
from workflows.services import daily

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
]


def _at(name, *args):
    return reverse(f"admin:workflows_pipelinerun_{name}", args=args)


@pytest.fixture
def desk(tmp_path, settings):
    settings.FEED_ROOT = tmp_path / "inbox"
    return Desk(settings.FEED_ROOT)


@pytest.fixture
def late(desk):
    desk.put("oms", "1 10", "2 20")
    return desk.run()


class TestThePage:
    def test_shows_the_steps_in_order_with_their_figures_and_links(self, look, late):
        page = look("workflows_pipelinerun_change", late.pk).content.decode()

        assert "Wednesday, 2026-03-04" in page
        boxes = re.findall(r"<b>([\w-]+)</b> <span[^>]*>([\w ]+)</span>", page)
        assert boxes == [
            ("custodian-inbox", "Late"), ("oms-inbox", "Done"), ("oms-custodian", "Done"),
        ]  # fmt: skip
        assert "2 loaded" in page
        run = late.steps.get(kind="reconcile").reconciliation_run_id
        assert reverse("admin:matching_reconciliationrun_change", args=[run]) in page
        delivery = late.steps.get(subject="oms-inbox").delivery_id
        assert reverse("admin:connectors_delivery_change", args=[delivery]) in page

    def test_says_of_a_late_file_how_late_and_who_is_told(self, look, late):
        feed = Feed.objects.get(code="custodian-inbox")
        team = factories.team("operations")
        FeedContact.objects.create(feed=feed, team=team, ask="Custody desk, extension 7")

        page = look("workflows_pipelinerun_change", late.pk).content.decode()

        assert "Late files" in page
        assert "2026-03-04 23:00" in page
        assert "Custody desk, extension 7" in page
        assert reverse("admin:breaks_team_change", args=[team.pk]) in page

    def test_follows_by_itself_until_it_has_ended(self, look, desk):
        run = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)
        PipelineRun.objects.update(
            status="RUNNING", started_at=timezone.now(),
            lease_expires_at=timezone.now() + timedelta(minutes=1),
        )  # fmt: skip
        run.steps.filter(position=1).update(status="RUNNING", started_at=timezone.now())

        page = look("workflows_pipelinerun_change", run.pk).content.decode()
        PipelineRun.objects.update(status="SUCCEEDED", finished_at=timezone.now())
        last = look("workflows_pipelinerun_live", run.pk).content.decode()

        assert f'hx-get="{_at("live", run.pk)}"' in page
        assert "dk-at-work" in page
        assert "hx-get" not in last.split('id="live"')[1].split(">")[0]

    def test_says_what_it_waits_for(self, look, desk):
        late = timezone.now() - timedelta(minutes=5)
        run = daily.request_pipeline(business_date=DAY, by=None, at=late)
        page = look("workflows_pipelinerun_change", run.pk).content.decode()
        assert "No worker has taken it yet" in page

        PipelineRun.objects.update(error="Run 7 is at it.")
        assert (
            "It waits: Run 7 is at it."
            in look("workflows_pipelinerun_change", run.pk).content.decode()
        )

    def test_costs_the_same_with_many_steps(self, superuser, browser_as, queries, late):
        browser = browser_as(superuser)
        few = queries(browser, _at("change", late.pk))
        for n in range(30):
            late.steps.create(
                kind="ingest", subject=f"more-{n}", position=100 + n, status="LATE",
                feed=factories.feed(),
            )  # fmt: skip

        assert queries(browser, _at("change", late.pk)) == few <= 12

    def test_text_of_a_feed_is_no_markup(self, look, desk):
        desk.write("custodian", "<script>alert(1)</script>,b\n1,2\n", "bad.csv")
        run = desk.run()

        page = look("workflows_pipelinerun_change", run.pk).content.decode()

        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page


class TestTheBreak:
    def test_says_how_late_its_report_is_and_what_waits_for_it(self, look, late):
        timing = TradeBreak.objects.live().get(break_type="TIMING")

        page = look("breaks_tradebreak_change", timing.pk).content.decode()

        assert "Late report" in page
        assert "Nothing has come" in page
        assert "2026-03-04 23:00" in page
        feed = Feed.objects.get(code="custodian-inbox")
        assert reverse("admin:connectors_feed_change", args=[feed.pk]) in page
        assert re.search(r"Trades that wait</dt><dd><span[^>]*>2<", page)

    def test_says_why_it_could_not_be_read(self, look, desk):
        desk.put("oms", "1 10")
        desk.write("custodian", "a,b\n1,2\n", "bad.csv")
        desk.run()
        timing = TradeBreak.objects.live().get(break_type="TIMING")

        page = look("breaks_tradebreak_change", timing.pk).content.decode()

        assert "What came could not be read" in page
        assert "bad.csv lacks trade_id" in page


class TestTheList:
    def test_draws_the_steps_and_names_what_is_late(self, look, late):
        page = look("workflows_pipelinerun_changelist").content.decode()

        assert page.count('title="reconcile oms-custodian: Done"') == 1
        assert "custodian-inbox" in page
        # Without a model nothing is scored, and what is skipped is not counted.
        steps = late.steps.exclude(status="SKIPPED").count()
        assert f"{steps - 1} of {steps}" in page

    def test_tells_those_with_a_late_file_apart(self, look, late):
        def shown():
            page = look("workflows_pipelinerun_changelist", query="?view=late")
            return page.content.decode().count(_at("change", late.pk))

        assert shown() > 0
        late.steps.update(status="SUCCEEDED")
        assert shown() == 0


class TestActs:
    def test_an_analyst_starts_one_for_a_date(self, browser_as, analyst, desk):
        browser = browser_as(analyst)

        page = browser.post(_at("start"), {"business_date": "2026-03-04"}, follow=True)

        run = PipelineRun.objects.get()
        assert (run.business_date, run.requested_by) == (DAY, analyst)
        assert page.redirect_chain == [(_at("change", run.pk), 302)]
        again = browser.post(_at("start"), {"business_date": "2026-03-04"}).content.decode()
        assert f"Pipeline {run.pk} of 2026-03-04 is at it" in again
        early = browser.post(_at("start"), {"business_date": "2126-03-04"}).content.decode()
        assert "has not begun" in early

    def test_what_failed_is_resumed_and_what_waits_is_cancelled(self, browser_as, analyst, desk):
        run = daily.request_pipeline(business_date=DAY, by=None, at=timezone.now())
        browser = browser_as(analyst)
        assert _at("cancel", run.pk) in browser.get(_at("change", run.pk)).content.decode()

        browser.post(_at("cancel", run.pk))
        run.refresh_from_db()
        assert run.status == "CANCELLED"
        assert _at("resume", run.pk) in browser.get(_at("change", run.pk)).content.decode()
        browser.post(_at("resume", run.pk))

        run.refresh_from_db()
        assert (run.status, run.resumed_by) == ("QUEUED", analyst)

    def test_a_refusal_is_shown(self, browser_as, analyst, late):
        said = browser_as(analyst).post(_at("resume", late.pk)).content.decode()

        assert "nothing is left" in said

    def test_whoever_only_reads_may_do_nothing(self, browser_as, auditor, late):
        browser = browser_as(auditor)

        page = browser.get(_at("change", late.pk))

        assert page.status_code == 200
        assert "Start for a date" not in browser.get(_at("changelist")).content.decode()
        for act in (_at("start"), _at("cancel", late.pk), _at("resume", late.pk)):
            assert browser.post(act).status_code == 403, act

    def test_nobody_sees_it_without_permission(self, browser_as, late):
        browser = browser_as(factories.user())

        for address in (_at("changelist"), _at("change", late.pk), _at("live", late.pk)):
            assert browser.get(address).status_code == 403


class TestWhoIsTold:
    def test_an_administrator_says_it_on_the_feeds_page(self, browser_as, administrator, desk):
        feed, team = Feed.objects.get(code="custodian-inbox"), factories.team("operations")
        browser = browser_as(administrator)
        address = reverse("admin:connectors_feed_change", args=[feed.pk])
        page = browser.get(address).content.decode()
        assert "Contact for late files" in page
        given = {
            "code": feed.code, "name": feed.name, "source": feed.source_id,
            "connector": feed.connector, "is_enabled": "on", "settings": "{}",
            "due_time": "18:00", "due_days": "0", "grace_minutes": "60",
            "late_contact-TOTAL_FORMS": "1", "late_contact-INITIAL_FORMS": "0",
            "late_contact-0-feed": feed.pk, "late_contact-0-team": team.pk,
            "late_contact-0-ask": "Ann",
        }  # fmt: skip

        answer = browser.post(address, given)

        assert answer.status_code == 302, answer.content.decode()[-3000:]
        contact = FeedContact.objects.get()
        assert (contact.feed, contact.team, contact.ask) == (feed, team, "Ann")
