"""Many breaks at once, and back again: in a real Chromium."""

import pytest
from django.urls import reverse

from breaks.models import ActBatch, TradeBreak
from breaks.services import work
from tests import factories

pytestmark = pytest.mark.thorough


def _tick(page, *rows):
    for row in rows:
        page.check(f"#result_list input.action-select[value='{row.pk}']")


def test_three_are_resolved_and_all_of_it_is_undone(page):
    chen = factories.user("Analyst", username="chen")
    rows = [factories.trade_break(exposure=str(n)) for n in range(1, 6)]

    page.goto(reverse("admin:breaks_tradebreak_changelist"))
    _tick(page, *rows[:3])
    page.select_option("select[name=action]", "bulk_resolve")
    page.click("button:has-text('Run')")
    page.wait_for_selector("text=Resolve 3 breaks")
    assert page.locator(".dk-bulk .dk-badge:has-text('Resolved')").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    # Somebody acts on one of them before the form is sent, and it is sent without a reason first.
    work.escalate(break_id=rows[1].pk, version=1, reason="no answer", by=chen, at=factories.NOW)
    page.fill("textarea[name=comment]", "late ticket")
    page.click("button:has-text('Resolve (3)')")
    page.wait_for_selector("text=Somebody changed it since you looked")
    assert page.input_value("textarea[name=comment]") == "late ticket"
    page.select_option("select[name=reason_code]", "BOOKED")
    page.click("button:has-text('Resolve (2)')")
    page.wait_for_selector("text=Resolve in bulk")

    batch = ActBatch.objects.get()
    assert [row["break"] for row in batch.rows] == [rows[2].pk, rows[0].pk]
    assert TradeBreak.objects.filter(status="RESOLVED").count() == 2
    page.click("a.dk-button:has-text('Undo')")
    page.click("#dialog button:has-text('Undo all of it')")
    page.wait_for_selector("text=2 undone.")
    statuses = dict(TradeBreak.objects.values_list("pk", "status"))
    assert [statuses[row.pk] for row in rows[:3]] == ["OPEN", "ESCALATED", "OPEN"]
    page.click("text=Back to the list")
    page.wait_for_selector("#result_list")


def test_all_of_a_view_are_claimed_and_the_last_act_on_one_is_undone_by_key(page, analyst):
    for _ in range(60):
        factories.trade_break(exposure="5")

    page.goto(reverse("admin:breaks_tradebreak_changelist"))
    page.check("#action-toggle")
    page.click("text=Select all 60")
    page.select_option("select[name=action]", "bulk_claim")
    page.click("button:has-text('Run')")
    page.click("button:has-text('Claim (60)')")
    page.wait_for_selector("text=Claim in bulk")
    assert TradeBreak.objects.filter(assigned_to=analyst, status="IN_PROGRESS").count() == 60

    one = TradeBreak.objects.first()
    page.goto(reverse("admin:breaks_tradebreak_change", args=[one.pk]))
    page.wait_for_selector("button[data-key='z']")
    page.keyboard.press("z")
    page.wait_for_selector("text=is as it was before")
    one.refresh_from_db()
    assert (one.status, one.assigned_to) == ("OPEN", None)
