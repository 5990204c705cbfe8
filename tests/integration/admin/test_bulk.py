"""Acts in bulk: what the list offers, the preview, the results, and taking all of it back."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from breaks.admin import bulk
from breaks.models import ActBatch, ApprovalPolicy, ApprovalRequest, TradeBreak
from breaks.services import batches, work
from tests import factories
from tests.integration.admin.bulk_pages import (
    LIST,
    QUEUE,
    address,
    page_of,
    panels,
    send,
    text,
    tick,
)


class TestWhatIsOffered:
    def test_every_act_to_who_may_do_it(self, supervisor, browser_as):
        factories.trade_break()

        shown = browser_as(supervisor).get(QUEUE).context["action_form"].fields["action"].choices

        names = [name for name, _ in shown if name.startswith("bulk_")]
        assert set(names) >= {
            f"bulk_{act}"
            for act in (
                "claim", "assign", "route", "comment", "await", "escalate", "resolve", "accept",
                "reopen",
            )
        }  # fmt: skip

    def test_none_to_an_auditor(self, auditor, browser_as):
        row = factories.trade_break()
        browser = browser_as(auditor)

        assert browser.get(QUEUE).context["action_form"] is None
        for act in ("claim", "resolve"):
            tick(browser, act, [row])
            answer = browser.post(
                address(act), {"selection": f"{row.pk}:1", "reason_code": "BOOKED"}
            )
            assert answer.status_code == 403
        row.refresh_from_db()
        assert row.version == 1

    def test_no_act_that_is_not_done_in_bulk(self, superuser, browser_as):
        assert browser_as(superuser).post(address("undo")).status_code == 404
        assert browser_as(superuser).post(address("nothing")).status_code == 404


class TestPreview:
    def test_says_what_each_becomes_and_which_cannot_and_why(self, analyst, browser_as):
        free = factories.trade_break(exposure="100.25")
        unknown = factories.trade_break()
        ended = factories.trade_break(status="RESOLVED", exposure="7")

        preview = tick(browser_as(analyst), "escalate", [free, unknown, ended])

        shown = panels(preview)
        assert [text(row[0]) for row in shown["Will be done"].rows] == [
            str(unknown.pk), str(free.pk),
        ]  # fmt: skip
        assert text(shown["Will be done"].rows[0][-1]) == "Escalated"
        [refused] = shown["Cannot be done"].rows
        assert f"Break {ended.pk} is resolved and cannot become escalated" in refused[-1]
        assert dict(preview.context["preview"].figures)["Exposure"] == "100.25 USD"
        figures = {name: text(value) for name, value in preview.context["preview"].figures}
        assert figures["Will be done"] == "2"
        assert figures["Of unknown exposure"] == "1"
        assert TradeBreak.objects.filter(version=1).count() == 3

    def test_says_what_waits_for_a_second_person(self, analyst, browser_as):
        ApprovalPolicy.objects.filter(act="ACCEPT").update(is_enabled=True, above=1000)
        rows = [factories.trade_break(exposure=amount) for amount in ("5", "5000")]

        preview = tick(browser_as(analyst), "accept", rows)

        assert [panel.count for panel in preview.context["preview"].panels] == [1, 1]
        assert [text(row[0]) for row in panels(preview)["Will be asked for"].rows] == [
            str(rows[1].pk)
        ]

    def test_all_of_a_view_are_taken_though_few_are_shown(self, analyst, browser_as, monkeypatch):
        monkeypatch.setattr("breaks.admin.bulk_breaks.SHOWN", 3)
        monkeypatch.setattr(bulk, "SHOWN", 3)
        rows = [factories.trade_break() for _ in range(60)]
        browser = browser_as(analyst)

        preview = tick(browser, "claim", rows[:2], select_across="1")

        panel = panels(preview)["Will be done"]
        assert (panel.count, len(panel.rows)) == (60, 3)
        assert "57 more are done as well" in panel.note
        send(browser, preview)
        assert TradeBreak.objects.filter(assigned_to=analyst).count() == 60

    def test_more_than_can_be_done_at_once_are_refused(self, analyst, browser_as, monkeypatch):
        monkeypatch.setattr("breaks.admin.bulk_breaks.BulkBreaks.bulk_largest", 2)
        rows = [factories.trade_break() for _ in range(3)]

        answer = tick(browser_as(analyst), "claim", rows)

        assert answer.status_code == 302
        said = browser_as(analyst).get(QUEUE)
        assert said.status_code == 200
        assert not ActBatch.objects.exists()

    def test_costs_the_same_however_many(self, analyst, browser_as):
        rows = [factories.trade_break() for _ in range(40)]
        browser = browser_as(analyst)
        tick(browser, "resolve", rows[:2])

        def count(of):
            with CaptureQueriesContext(
                connection,
            ) as captured:
                assert tick(browser, "resolve", of).status_code == 200
            return len(captured)

        assert count(rows[:2]) == count(rows)

    def test_a_form_that_is_not_filled_in_comes_back_with_its_rows(self, analyst, browser_as):
        rows = [factories.trade_break() for _ in range(2)]
        browser = browser_as(analyst)
        preview = tick(browser, "escalate", rows)

        again = send(browser, preview, reason="")

        assert again.context["form"].errors
        assert again.context["selection"] == preview.context["selection"]
        assert again.context["back"] == preview.context["back"]
        send(browser, again, reason="cut-off at five")
        assert TradeBreak.objects.filter(status="ESCALATED").count() == 2

    def test_says_on_coming_back_what_somebody_changed_meanwhile(self, analyst, browser_as):
        row = factories.trade_break()
        browser = browser_as(analyst)
        preview = tick(browser, "escalate", [row])
        work.comment(break_id=row.pk, version=1, text="mine", by=analyst, at=factories.NOW)

        again = send(browser, preview, reason="")

        assert "Somebody changed it" in panels(again)["Cannot be done"].rows[0][-1]
        assert again.context["selection"] == ""

    def test_does_not_show_what_one_may_not_see(self, analyst, browser_as):
        theirs = factories.trade_break(team=factories.team("equities"))
        browser = browser_as(analyst)

        preview = browser.post(address("escalate"), {"selection": f"{theirs.pk}:1", "reason": ""})

        assert preview.context["preview"].panels == []
        assert f">{theirs.pk}<" not in preview.content.decode()

    @pytest.mark.parametrize("selection", ["x", "1:1;2:1", "1", "1:1,", "-1:1", "1:1" * 60_000])
    def test_a_selection_that_no_preview_wrote(self, analyst, browser_as, selection):
        answer = browser_as(analyst).post(
            address("escalate"), {"selection": selection, "reason": "r"}
        )
        assert answer.status_code == 400

    def test_leads_back_to_the_list_and_nowhere_else(self, analyst, browser_as):
        browser = browser_as(analyst)

        assert browser.get(address("claim")).url == QUEUE
        answer = browser.post(address("claim"), {"selection": "", "back": "https://evil.example/"})
        assert "evil" not in answer.url


class TestDoing:
    def test_leads_to_what_became_of_each(self, analyst, browser_as):
        rows = [factories.trade_break(exposure=str(n)) for n in (3, 2, 1)]
        browser = browser_as(analyst)
        preview = tick(browser, "resolve", rows, query="?view=all&q=")
        chen = factories.user("Analyst", username="chen")
        work.escalate(break_id=rows[1].pk, version=1, reason="no", by=chen, at=factories.NOW)

        done = send(browser, preview, reason_code="BOOKED", comment="late ticket")

        batch = ActBatch.objects.get()
        assert done.url.startswith(page_of(batch) + "?back=")
        results = browser.get(done.url)
        page = results.content.decode()
        assert "was changed by chen meanwhile (status changed" in page
        assert results.context["back"] == QUEUE + "?view=all&q="
        shown = {panel.title: panel for panel in results.context["page"].main}
        done_to = {text(row[0]) for row in shown["Done"].rows}
        assert done_to == {str(rows[0].pk), str(rows[2].pk)}
        assert [text(row[0]) for row in shown["Refused"].rows] == [str(rows[1].pk)]
        assert batch.given == {"reason_code": "BOOKED", "comment": "late ticket"}

    def test_refuses_the_rows_that_the_assignee_would_see_by_that_alone(
        self, supervisor, analyst, browser_as
    ):
        free = factories.trade_break()
        theirs = factories.trade_break(team=factories.team("others"))
        browser = browser_as(supervisor)

        send(browser, tick(browser, "assign", [free, theirs]), to=analyst.pk)

        said = {row["break"]: row["said"] for row in ActBatch.objects.get().rows}
        assert said[free.pk] == ""
        assert f"{analyst} is not of others" in said[theirs.pk]

    def test_assigns_to_somebody(self, supervisor, analyst, browser_as):
        rows = [factories.trade_break() for _ in range(2)]
        browser = browser_as(supervisor)

        send(browser, tick(browser, "assign", rows), to=analyst.pk, reason="knows it")

        assert TradeBreak.objects.filter(assigned_to=analyst).count() == 2

    def test_routes_to_a_team(self, supervisor, browser_as):
        rows = [factories.trade_break() for _ in range(2)]
        team = factories.team("equities")
        browser = browser_as(supervisor)

        send(browser, tick(browser, "route", rows), team=team.pk)

        assert TradeBreak.objects.filter(team=team).count() == 2

    def test_asks_for_what_the_policy_guards(self, analyst, browser_as):
        ApprovalPolicy.objects.filter(act="ACCEPT").update(is_enabled=True, above=0)
        rows = [factories.trade_break() for _ in range(2)]
        browser = browser_as(analyst)

        done = send(browser, tick(browser, "accept", rows), comment="small")

        assert ApprovalRequest.objects.filter(made_by=analyst).count() == 2
        shown = {p.title: p for p in browser.get(done.url).context["page"].main}
        assert shown["Asked for"].count == 2

    def test_a_thousand_results_render_fast_with_few_queries(self, analyst, browser_as):
        first = factories.trade_break()
        rows = [{"break": first.pk, "act": "claim", "version": 2, "said": ""}] * 1000
        few = ActBatch.objects.create(act="claim", by=analyst, at=factories.NOW, rows=rows[:1])
        batch = ActBatch.objects.create(act="claim", by=analyst, at=factories.NOW, rows=rows)
        browser = browser_as(analyst)
        browser.get(page_of(few))

        def count(one):
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(page_of(one)).status_code == 200
            return len(captured)

        began = time.monotonic()
        assert count(batch) == count(few)
        assert time.monotonic() - began < 10


class TestBatches:
    @pytest.fixture
    def batch(self, analyst):
        rows = [factories.trade_break() for _ in range(2)]
        asked = [batches.Asked(row.pk, 1, "escalate", {"reason": "late"}) for row in rows]
        return batches.do(asked=asked, act="escalate", by=analyst, at=factories.NOW)

    def test_ones_own_are_listed_and_an_auditor_sees_all(self, batch, analyst, auditor, browser_as):
        other = browser_as(factories.user("Analyst"))

        assert list(browser_as(analyst).get(LIST).context["cl"].result_list) == [batch]
        assert list(browser_as(auditor).get(LIST).context["cl"].result_list) == [batch]
        assert list(other.get(LIST).context["cl"].result_list) == []
        assert other.get(page_of(batch)).status_code == 302

    def test_the_list_counts_rows_and_refusals(self, batch, analyst, browser_as):
        batch.rows[0]["said"] = "refused"
        batch.save()

        [row] = browser_as(analyst).get(LIST).context["cl"].result_list

        assert (row.asked, row.refused) == (2, 1)

    def test_all_of_it_is_undone(self, batch, analyst, browser_as):
        browser = browser_as(analyst)
        [undo] = browser.get(page_of(batch)).context["acts"]

        answer = browser.post(undo["link"], follow=True)

        assert [str(said) for said in answer.context["messages"]] == ["2 undone."]
        assert set(TradeBreak.objects.values_list("status", flat=True)) == {"OPEN"}
        assert browser.get(page_of(batch)).context["acts"] == []

    def test_what_somebody_acted_on_since_is_left_and_it_says_so(
        self, batch, analyst, supervisor, browser_as
    ):
        first = batch.rows[0]["break"]
        work.comment(break_id=first, version=2, text="wait", by=supervisor, at=factories.NOW)
        browser = browser_as(analyst)

        answer = browser.post(reverse("admin:breaks_actbatch_undo", args=[batch.pk]), follow=True)

        said = [str(message) for message in answer.context["messages"]]
        assert said == ["1 undone, 1 left as they are."]
        page = answer.content.decode()
        assert f"was changed by {supervisor} meanwhile (commented" in page

    def test_not_twice(self, batch, analyst, browser_as):
        browser = browser_as(analyst)
        undo = reverse("admin:breaks_actbatch_undo", args=[batch.pk])
        browser.post(undo)

        again = browser.post(undo)

        assert "was undone by" in again.context["form"].non_field_errors()[0]

    def test_an_auditor_is_not_offered_it(self, batch, auditor, browser_as):
        browser = browser_as(auditor)

        assert browser.get(page_of(batch)).context["acts"] == []
        undo = reverse("admin:breaks_actbatch_undo", args=[batch.pk])
        assert browser.post(undo).status_code == 403

    def test_of_a_break_one_may_not_see_only_the_number_is_shown(self, batch, analyst, browser_as):
        TradeBreak.objects.update(team=factories.team("equities"))

        page = browser_as(analyst).get(page_of(batch)).context["page"]

        assert page.main[0].rows[0][0] == batch.rows[0]["break"]
        assert "Apple" not in str(page.main[0].rows)

    @pytest.mark.parametrize("page", ["add", "delete"])
    def test_they_are_neither_added_nor_deleted(self, batch, superuser, browser_as, page):
        args = [batch.pk] if page == "delete" else []
        to = reverse(f"admin:breaks_actbatch_{page}", args=args)
        assert browser_as(superuser).post(to, {"post": "yes"}).status_code == 403


class TestUndoOfOne:
    def acts(self, browser, row):
        page = browser.get(reverse("admin:breaks_tradebreak_change", args=[row.pk]))
        return {item["act"].name: item for item in page.context["acts"]}

    def test_is_offered_where_it_can_be_done_and_to_whom(self, analyst, supervisor, browser_as):
        row = factories.trade_break()
        browser = browser_as(analyst)
        assert "undo" not in self.acts(browser, row)

        work.claim(break_id=row.pk, version=1, by=analyst, at=factories.NOW)

        assert "undo" in self.acts(browser, row)
        assert "undo" in self.acts(browser_as(supervisor), row)
        assert "undo" not in self.acts(browser_as(factories.user("Analyst")), row)

    def test_puts_the_break_back_and_the_timeline_says_so(self, analyst, browser_as):
        row = factories.trade_break()
        work.claim(break_id=row.pk, version=1, by=analyst, at=factories.NOW)
        browser = browser_as(analyst)
        undo = self.acts(browser, row)["undo"]

        page = browser.post(undo["link"], {"version": undo["version"]}, follow=True)

        row.refresh_from_db()
        assert (row.status, row.assigned_to) == ("OPEN", None)
        assert "Claim undone: open again" in page.content.decode()
        assert 'data-key="z"' not in page.content.decode()

    def test_has_a_key(self, analyst, browser_as):
        row = factories.trade_break()
        work.claim(break_id=row.pk, version=1, by=analyst, at=factories.NOW)

        page = browser_as(analyst).get(reverse("admin:breaks_tradebreak_change", args=[row.pk]))

        assert page.content.decode().count('data-key="z"') == 1
