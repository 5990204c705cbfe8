"""What would put a break right, on its page and in the queue; and the pages of remediations."""

import pytest
from django.urls import reverse

from breaks.models import ApprovalRequest
from tests import factories
from tests.integration.breaks.conftest import Desk
from tests.integration.workflows.remediation import making
from workflows.models import RemediationPolicy, RemediationSuggestion
from workflows.services import remediation

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return Desk()


def page(name, *args):
    return reverse(f"admin:{name}", args=args)


def bench(row):
    return page("breaks_tradebreak_change", row.pk)


def remedy(browser, row, **given):
    row.refresh_from_db()
    address = page("breaks_tradebreak_remedy", row.pk)
    return browser.post(address, {"version": row.version, **given}, follow=True)


class TestOnTheWorkbench:
    def test_says_why_what_it_does_and_who_may_let_it(self, browser_as, analyst, desk):
        row = making.missing(desk)
        text = browser_as(analyst).get(bench(row)).content.decode()

        assert "Suggested remediation" in text
        assert "Ask for a missing report" in text
        assert "Low risk" in text
        assert "Ask for approval" in text
        assert "would clear 1 break" in text
        assert not RemediationSuggestion.objects.exists(), "a look writes nothing"

    def test_what_a_policy_lets_is_applied_and_can_be_reversed(self, browser_as, analyst, desk):
        row = making.rounding(desk)
        browser = browser_as(analyst)
        answer = remedy(browser, row, action="ACCEPT_ROUNDING")

        row.refresh_from_db()
        assert row.status == "ACCEPTED", answer.content.decode()
        text = browser.get(bench(row)).content.decode()
        made = RemediationSuggestion.objects.get()
        address = page("workflows_remediationsuggestion_reverse", made.pk)
        assert address in text
        browser.post(address, {"reason": "no rounding"})
        row.refresh_from_db()
        assert row.status == "OPEN"

    def test_everything_else_is_asked_for(self, browser_as, analyst, desk):
        row = making.missing(desk)
        answer = remedy(browser_as(analyst), row, action="ASK_RESEND", reason="they said so")

        request = ApprovalRequest.objects.get()
        assert (request.act, request.reason) == ("REMEDIATE", "they said so")
        assert "Waits for approval" in answer.content.decode()

    def test_a_stale_form_is_refused_and_shows_the_change(self, browser_as, analyst, desk):
        row = making.rounding(desk)
        address = page("breaks_tradebreak_remedy", row.pk)
        given = {"version": 99, "action": "ACCEPT_ROUNDING"}
        answer = browser_as(analyst).post(address, given)

        assert "was changed by" in answer.content.decode()
        row.refresh_from_db()
        assert row.status == "OPEN"

    def test_an_auditor_sees_it_without_the_acts(self, browser_as, auditor, desk):
        row = making.rounding(desk)
        text = browser_as(auditor).get(bench(row)).content.decode()

        assert "Suggested remediation" in text
        assert "/remedy/" not in text


class TestInBulk:
    def test_the_preview_says_of_each_and_the_act_does_it(self, browser_as, analyst, desk):
        rounded, missing = making.rounding(desk), making.missing(desk)
        other = factories.trade_break("STATE")
        browser = browser_as(analyst)
        keys = [rounded.pk, missing.pk, other.pk]
        preview = browser.post(
            page("breaks_tradebreak_changelist"),
            {"action": "bulk_remedy", "_selected_action": keys},
        )
        text = preview.content.decode()
        for title in ("Will be done", "Will be asked for", "Cannot be done"):
            assert title in text

        selection = preview.context["selection"]
        browser.post(page("breaks_tradebreak_bulk", "remedy"), {"selection": selection})

        for row in (rounded, missing):
            row.refresh_from_db()
        assert (rounded.status, missing.status) == ("ACCEPTED", "OPEN")
        assert ApprovalRequest.objects.get().trade_break == missing

    def test_a_preview_costs_no_query_a_row(self, browser_as, superuser, desk, queries):
        for _ in range(6):
            desk.left()
        desk.run()
        rows = list(making.TradeBreak.objects.all())

        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        counted = []
        for some in (rows[:2], rows):
            with CaptureQueriesContext(connection) as captured:
                remediation.look(some, at=desk.at)
            counted.append(len(captured))
        assert counted[0] == counted[1]


class TestPages:
    def test_an_approval_shows_what_it_would_do(self, browser_as, analyst, supervisor, desk):
        row = making.missing(desk)
        remedy(browser_as(analyst), row, action="ASK_RESEND")
        request = ApprovalRequest.objects.get()
        text = (
            browser_as(supervisor)
            .get(page("breaks_approvalrequest_change", request.pk))
            .content.decode()
        )

        assert "What it does" in text
        assert "We know of a trade that your reports lack" in text

    def test_leads_to_the_policy_as_it_was(self, browser_as, auditor, desk):
        made = making.suggested(making.missing(desk), desk)
        browser = browser_as(auditor)
        text = browser.get(page("workflows_remediationsuggestion_change", made.pk)).content.decode()

        then = page(
            "workflows_remediationpolicy_simple_history", made.policy_id, made.policy_version
        )
        assert then in text
        assert made.policy.name in browser.get(then).content.decode()

    def test_a_remediation_of_a_break_one_may_not_see_is_not_there(self, browser_as, analyst, desk):
        row = making.rounding(desk)
        made = making.suggested(row, desk)
        row.team = factories.team("elsewhere")
        row.save()
        browser = browser_as(analyst)

        assert (
            browser.get(page("workflows_remediationsuggestion_change", made.pk)).status_code == 302
        )
        for name in ("reverse", "turn-down"):
            address = page(f"workflows_remediationsuggestion_{name}", made.pk)
            assert browser.post(address, {"reason": "x"}).status_code == 404

    def test_turned_down_it_is_not_suggested_again(self, browser_as, analyst, desk):
        row = making.missing(desk)
        made = making.suggested(row, desk)
        address = page("workflows_remediationsuggestion_turn-down", made.pk)
        browser_as(analyst).post(address, {"reason": "we booked it twice"})

        made.refresh_from_db()
        assert made.status == "REFUSED"
        row.refresh_from_db()
        assert remediation.suggest([row], at=desk.later()) == []

    def test_a_policy_refuses_a_type_its_action_cannot_touch(self, browser_as, administrator):
        policy = RemediationPolicy.objects.get(action="ACCEPT_ROUNDING")
        given = {
            "name": policy.name, "action": policy.action, "break_types": ["TIMING"],
            "absolute_cap": "", "percent_cap": "0.01", "max_exposure": "5", "is_enabled": "on",
        }  # fmt: skip
        answer = browser_as(administrator).post(
            page("workflows_remediationpolicy_change", policy.pk), given
        )
        text = answer.content.decode()

        assert "take out TIMING" in text
        assert "so it needs this cap" in text

    @pytest.mark.parametrize(
        ("over", "sentence"),
        [
            ({"absolute_cap": "-1"}, "A cap is never below zero."),
            ({"percent_cap": "100.01"}, "more than 100 caps nothing"),
        ],
    )
    def test_a_policy_refuses_a_cap_that_is_none(self, browser_as, administrator, over, sentence):
        policy = RemediationPolicy.objects.get(action="ACCEPT_ROUNDING")
        given = {
            "name": policy.name, "action": policy.action, "break_types": ["PRICE"],
            "absolute_cap": "1", "percent_cap": "100", "max_exposure": "5", "is_enabled": "on",
        }  # fmt: skip
        answer = browser_as(administrator).post(
            page("workflows_remediationpolicy_change", policy.pk), given | over
        )

        assert sentence in answer.content.decode()
        assert policy.history.count() == 1

    def test_a_change_of_a_policy_is_kept_with_who_made_it(self, browser_as, administrator):
        policy = RemediationPolicy.objects.get(action="ASK_RESEND")
        given = {
            "name": policy.name, "action": policy.action, "break_types": ["MISSING_LEFT"],
            "applies_itself": "on", "is_enabled": "on",
        }  # fmt: skip
        browser_as(administrator).post(page("workflows_remediationpolicy_change", policy.pk), given)

        last = policy.history.latest()
        assert (last.history_user, last.break_types) == (administrator, ["MISSING_LEFT"])
        assert policy.history.count() == 2
