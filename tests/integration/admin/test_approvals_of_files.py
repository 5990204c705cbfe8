"""What a checker sees before approving a file of acts, or rules they had a hand in."""

import pytest
from django.urls import reverse

from breaks.models import ApprovalPolicy, TradeBreak
from breaks.services import batches, importing, work
from tests import factories
from tests.integration.breaks.asking import Asking

pytestmark = pytest.mark.django_db


def _at(name, *args):
    return reverse(f"admin:{name}", args=args)


class TestAFile:
    """A request to do what a file asks for: its page, and who sees it."""

    @pytest.fixture
    def asked(self, analyst):
        ApprovalPolicy.objects.update(is_enabled=True, above=0)
        rows = [factories.trade_break(exposure="1234.5") for _ in range(3)]
        given = [("accept", {"comment": "=small()"}), ("assign", {"to": None, "reason": ""}),
                 ("resolve", {"reason_code": "BOOKED", "comment": "<b>late</b>"})]  # fmt: skip
        return importing.apply(
            asked=[
                batches.Asked(row.pk, 1, act, more)
                for row, (act, more) in zip(rows, given, strict=True)
            ],
            file_name="month-end.csv", by=analyst, at=factories.NOW, reason="month end",
        )  # fmt: skip

    def test_shows_every_act_with_what_is_at_risk(self, asked, supervisor, browser_as):
        page = browser_as(supervisor).get(_at("breaks_approvalrequest_change", asked.pk))

        assert page.status_code == 200
        panels = {panel.title: panel for panel in page.context["page"].main}
        assert [panels[title].count for title in ("Would be written off", "Would be done")] == [
            1,
            2,
        ]
        words = page.content.decode()
        assert "1,234.50" in words
        assert "A missing trade was booked" in words
        assert "<b>late</b>" not in words

    def test_says_what_was_changed_since(self, asked, supervisor, browser_as):
        row = TradeBreak.objects.order_by("pk").first()
        work.comment(break_id=row.pk, version=1, text="wait", by=supervisor, at=factories.NOW)

        page = browser_as(supervisor).get(_at("breaks_approvalrequest_change", asked.pk))

        assert "Changed since" in page.content.decode()

    def test_is_seen_by_whoever_handed_it_in_and_who_sees_every_team(
        self, asked, analyst, supervisor, browser_as, api_as
    ):
        other = factories.user("Analyst")
        page = _at("breaks_approvalrequest_change", asked.pk)

        seen = [browser_as(one).get(page).status_code for one in (analyst, supervisor, other)]
        told = [
            api_as(one).get(f"/api/v1/approvals/{asked.pk}").status_code
            for one in (analyst, supervisor, other)
        ]

        assert seen[:2] == [200, 200]
        assert seen[2] in (302, 404)
        assert told == [200, 200, 404]


def test_a_checker_who_edited_the_rules_is_told_before(supervisor, administrator, browser_as):
    asking = Asking("ACTIVATE_RULES")
    asking.draft.editors.add(administrator)
    asked = asking.ask(supervisor)
    address = _at("breaks_approvalrequest_approve_many")

    page = browser_as(administrator).get(f"{address}?ids={asked.pk}").content.decode()

    assert "refused: you had a hand in it" in page
