"""What people say of findings, who sees what of them, and asking for a fix."""

import pytest
from django.urls import reverse

from breaks.models import ApprovalRequest
from tests import factories
from tests.causes import root_cause
from workflows.choices import FindingStatus
from workflows.selectors import causes_visible_to, root_causes
from workflows.services import causes

pytestmark = pytest.mark.django_db
NOW = factories.NOW


def test_accept_dismiss_and_reopen_leave_their_history(supervisor):
    row = root_cause()

    causes.accept(finding_id=row.pk, version=1, by=supervisor, at=NOW, reason="so it is")
    causes.dismiss(finding_id=row.pk, version=2, by=supervisor, at=NOW, reason="it is not")
    causes.reopen(finding_id=row.pk, version=3, by=supervisor, at=NOW)

    row.refresh_from_db()
    assert (row.status, row.version, row.decided_by) == ("OPEN", 4, None)
    assert [(one.act, one.note) for one in row.events.all()] == [
        ("ACCEPTED", "so it is"), ("DISMISSED", "it is not"), ("REOPENED", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("status", [FindingStatus.FIXED, FindingStatus.DISMISSED])
def test_what_is_over_cannot_be_accepted(status, supervisor):
    row = root_cause(status=status, decided_by=supervisor, decided_at=NOW)

    with pytest.raises(causes.CauseRefused, match="already"):
        causes.accept(finding_id=row.pk, version=None, by=supervisor, at=NOW)
    assert not row.events.exists()


def test_a_stale_edit_is_refused_and_names_the_other(supervisor, administrator):
    row = root_cause()
    causes.accept(finding_id=row.pk, version=1, by=administrator, at=NOW)

    with pytest.raises(causes.CauseRefused, match=f"Accepted meanwhile, by {administrator}"):
        causes.dismiss(finding_id=row.pk, version=1, by=supervisor, at=NOW, reason="no")


def test_dismissing_wants_a_reason(supervisor):
    row = root_cause()

    with pytest.raises(causes.CauseRefused, match="Say why"):
        causes.dismiss(finding_id=row.pk, version=None, by=supervisor, at=NOW, reason="  ")


class TestVisibility:
    def test_only_breaks_one_may_see_are_counted(self, analyst):
        ours = factories.trade_break(exposure="5")
        theirs = factories.trade_break(exposure="70", team=factories.team("others"))
        row = root_cause([ours, theirs])

        (seen,) = causes_visible_to(analyst)
        assert (seen.pk, seen.seen_count, seen.seen_exposure) == (row.pk, 1, 5)
        (told,) = root_causes(user=analyst)
        assert (told["breaks"], told["exposure"], told["would_clear"]) == (1, 5, 1)

    def test_a_finding_of_others_breaks_is_none_of_ones_own(self, analyst, supervisor, browser_as):
        row = root_cause([factories.trade_break(team=factories.team("others"))])
        address = reverse("admin:workflows_rootcausefinding_change", args=[row.pk])

        assert not causes_visible_to(analyst).exists()
        assert causes_visible_to(supervisor).exists()
        assert row.headline not in browser_as(analyst).get(address, follow=True).content.decode()
        assert row.headline[:20] in browser_as(supervisor).get(address).content.decode()

    def test_the_page_counts_and_shows_what_one_sees(self, analyst, browser_as):
        ours = factories.trade_break(exposure="5")
        theirs = factories.trade_break(exposure="70", team=factories.team("others"))
        row = root_cause([ours, theirs])
        address = reverse("admin:workflows_rootcausefinding_change", args=[row.pk])

        text = browser_as(analyst).get(address).content.decode()

        assert "1 more breaks belong to teams you do not see" in text
        assert reverse("admin:breaks_tradebreak_change", args=[ours.pk]) in text
        assert reverse("admin:breaks_tradebreak_change", args=[theirs.pk]) not in text

    def test_the_selector_takes_dates_and_leaves_out_the_lesser(self, supervisor):
        row = root_cause()
        root_cause(beneath=row)
        day = factories.TRADE_DATE

        assert [one["id"] for one in root_causes(user=supervisor, from_date=day)] == [row.pk]
        assert root_causes(user=supervisor, to_date=day.replace(day=1)) == []


class TestBothWays:
    def test_a_break_leads_to_its_cause_and_the_cause_to_its_breaks(self, supervisor, browser_as):
        inside, outside = factories.trade_break(), factories.trade_break()
        row = root_cause([inside])
        browser = browser_as(supervisor)

        page = browser.get(reverse("admin:breaks_tradebreak_change", args=[inside.pk]))
        assert "Likely cause" in page.content.decode()
        assert reverse("admin:workflows_rootcausefinding_change", args=[row.pk]) in (
            page.content.decode()
        )
        other = browser.get(reverse("admin:breaks_tradebreak_change", args=[outside.pk]))
        assert "Likely cause" not in other.content.decode()

        queue = browser.get(reverse("admin:breaks_tradebreak_changelist"), {"cause": row.pk})
        assert [one.pk for one in queue.context["cl"].result_list] == [inside.pk]

    @pytest.mark.parametrize("cause", ["x", "-1", "9" * 30, "0", "²"])
    def test_a_cause_that_is_none_is_no_crash(self, cause, supervisor, browser_as):
        factories.trade_break()

        queue = browser_as(supervisor).get(
            reverse("admin:breaks_tradebreak_changelist"), {"cause": cause}
        )
        assert queue.status_code in (200, 302)


class TestTheFix:
    def alias(self, **over):
        account = factories.account("EUEQ-1")
        rows = [factories.trade_break("ACCOUNT", left_value="EUEQ-1", right_value="0590004-88",
                                      exposure="0") for _ in range(3)]  # fmt: skip
        for row in rows:
            row.right_trade.account_code = "0590004-88"
            row.right_trade.account = factories.account("0590004-88")
            row.right_trade.save()
            row.left_trade.account_code, row.left_trade.account = "EUEQ-1", account
            row.left_trade.save()
        fix = {"kind": "account_alias", "name": "EUEQ-1", "alias": "0590004-88"}
        return root_cause(rows, mechanism="ACCOUNT_RENAMED", proposed_fix=fix, **over)

    def test_applying_it_is_asked_of_a_second_person(self, analyst):
        row = self.alias()

        asked = causes.ask_for_fix(
            finding_id=row.pk, version=1, by=analyst, at=NOW, reason="They renamed it."
        )

        assert ApprovalRequest.objects.get() == asked
        assert (asked.status, asked.made_by) == ("PENDING", analyst)
        assert row.events.get().act == "FIX_ASKED"

    def test_what_is_put_right_at_the_source_is_refused_with_what_to_do(self, analyst):
        row = root_cause()

        with pytest.raises(causes.CauseRefused, match="put right at the source: Divide"):
            causes.ask_for_fix(finding_id=row.pk, version=None, by=analyst, at=NOW, reason="x")
        assert not ApprovalRequest.objects.exists()

    def test_the_page_offers_it_only_where_the_desk_can(self, supervisor, browser_as):
        can, cannot = self.alias(), root_cause()
        browser = browser_as(supervisor)

        for row, offered in ((can, True), (cannot, False)):
            address = reverse("admin:workflows_rootcausefinding_change", args=[row.pk])
            assert ("Apply this fix" in browser.get(address).content.decode()) is offered


@pytest.mark.parametrize(("role", "may"), [("auditor", False), ("analyst", True)])
def test_only_who_works_breaks_decides(role, may, request, browser_as):
    row = root_cause()
    browser = browser_as(request.getfixturevalue(role))
    address = reverse("admin:workflows_rootcausefinding_accept", args=[row.pk])

    assert browser.post(address, {"version": 1}).status_code == (302 if may else 403)
    row.refresh_from_db()
    assert (row.status == "ACCEPTED") is may
