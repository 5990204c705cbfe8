"""The queue of drawn matches, and the pages of what is learned."""

import pytest
from django.urls import reverse

from breaks.choices import GuardedAct
from breaks.models import ApprovalPolicy, ApprovalRequest
from matching.choices import MatchStatus, RunStatus
from matching.models import Calibration, Match, QaSample
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def samples():
    between = factories.reconciliation()
    matches = [
        factories.match(left=[factories.trade()], right=[factories.trade(source="custodian")])
        for _ in range(2)
    ]
    return factories.qa_samples(between, matches)


def act(sample, name):
    return reverse(f"admin:matching_qasample_{name}", args=[sample.pk])


def test_a_page_shows_both_sides_and_the_acts(samples, analyst, browser_as):
    page = (
        browser_as(analyst)
        .get(reverse("admin:matching_qasample_change", args=[samples[0].pk]))
        .content.decode()
    )

    assert "Side by side" in page
    assert act(samples[0], "right") in page
    assert act(samples[0], "wrong") in page
    assert "drawn at random from 2 automatic matches" in page


def test_right_leads_to_the_next_one_and_the_last_to_the_list(samples, analyst, browser_as):
    browser = browser_as(analyst)

    first = browser.post(act(samples[0], "right"), {})
    last = browser.post(act(samples[1], "right"), {})

    assert first.url == reverse("admin:matching_qasample_change", args=[samples[1].pk])
    assert last.url == reverse("admin:matching_qasample_changelist")
    assert set(QaSample.objects.values_list("verdict", flat=True)) == {"RIGHT"}


def test_wrong_needs_a_reason_and_takes_the_match_apart(samples, analyst, browser_as):
    ApprovalPolicy.objects.filter(act=GuardedAct.UNMATCH).update(is_enabled=False)
    browser = browser_as(analyst)

    unsaid = browser.post(act(samples[0], "wrong"), {"reason": ""})
    said = browser.post(act(samples[0], "wrong"), {"reason": "two orders"})

    assert (unsaid.status_code, said.status_code) == (200, 302)
    assert QaSample.objects.get(pk=samples[0].pk).note == "two orders"
    assert Match.objects.get(pk=samples[0].match_id).status == MatchStatus.UNMATCHED


def test_wrong_says_that_a_second_person_was_asked(samples, analyst, browser_as):
    ApprovalPolicy.objects.filter(act=GuardedAct.UNMATCH).update(is_enabled=True, above=0)

    browser_as(analyst).post(act(samples[0], "wrong"), {"reason": "two orders"})

    assert ApprovalRequest.objects.get().match_id == samples[0].match_id
    assert QaSample.objects.get(pk=samples[0].pk).verdict == "WRONG"


def test_a_verdict_given_meanwhile_is_said(samples, analyst, browser_as):
    factories.user("Analyst", username="bob")
    QaSample.objects.filter(pk=samples[0].pk).update(
        verdict="RIGHT", verdict_by=analyst, verdict_at=factories.NOW
    )

    page = browser_as(analyst).post(act(samples[0], "wrong"), {"reason": "no"}).content.decode()

    assert "a verdict is given once" in page


@pytest.mark.parametrize("group", ["Auditor", "Integration"])
def test_whoever_may_only_look_judges_nothing(samples, browser_as, group):
    browser = browser_as(factories.user(group))

    assert browser.get(reverse("admin:matching_qasample_changelist")).status_code == 200
    assert browser.post(act(samples[0], "right"), {}).status_code == 403
    assert not QaSample.objects.exclude(verdict="").exists()


def test_whoever_decided_on_the_match_is_offered_nothing(samples, analyst, browser_as):
    Match.objects.update(decided_by=analyst)
    browser = browser_as(analyst)

    page = browser.get(reverse("admin:matching_qasample_change", args=[samples[0].pk]))
    refused = browser.post(act(samples[0], "right"), {})

    assert act(samples[0], "right") not in page.content.decode()
    assert "You decided on Match" in refused.content.decode()


class TestLearning:
    FORM = {"from_date": "2026-03-04", "to_date": "2026-03-05", "method": "BEST"}

    def learn(self, browser, between, **over):
        address = reverse("admin:matching_ruleset_learn", args=[factories.rule_set().pk])
        return browser.post(address, self.FORM | {"reconciliation": between.pk} | over)

    def test_queues_a_calibration_and_leads_to_its_page(self, administrator, browser_as):
        browser = browser_as(administrator)

        answer = self.learn(browser, factories.reconciliation())

        row = Calibration.objects.get()
        assert (row.status, row.requested_by) == (RunStatus.QUEUED, administrator)
        assert answer.url == reverse("admin:matching_calibration_change", args=[row.pk])
        assert "Waiting for a worker" in browser.get(answer.url).content.decode()

    def test_one_under_way_is_said(self, administrator, browser_as):
        between = factories.reconciliation()
        factories.calibration(reconciliation=between, status=RunStatus.RUNNING)

        answer = self.learn(browser_as(administrator), between)

        assert "being learned since" in answer.content.decode()

    def test_days_in_the_wrong_order_are_refused(self, administrator, browser_as):
        answer = self.learn(
            browser_as(administrator), factories.reconciliation(), to_date="2026-03-01"
        )

        assert "before the first" in answer.content.decode()
        assert not Calibration.objects.exists()

    @pytest.mark.parametrize("group", ["Analyst", "Auditor"])
    def test_is_not_for_everybody(self, browser_as, group):
        answer = self.learn(browser_as(factories.user(group)), factories.reconciliation())

        assert answer.status_code == 403
        assert not Calibration.objects.exists()

    def test_what_was_learned_is_shown(self, look):
        page = look("matching_calibration_change", factories.calibration().pk).content.decode()

        assert "97.00% to 98.00%" in page
        assert "0.040% <small>0.010% to 0.100%" in page
        assert "Expected by the model" in page

    def test_why_nothing_was_learned_is_shown(self, look):
        row = factories.calibration(status=RunStatus.FAILED, error="There are only 3 rows.")

        assert (
            "There are only 3 rows." in look("matching_calibration_change", row.pk).content.decode()
        )
