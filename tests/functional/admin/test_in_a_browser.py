"""An analyst's way through the admin in a real Chromium."""

import pytest
from django.urls import reverse
from django.utils import timezone

from breaks.models import TradeBreak
from breaks.services import work
from matching.models import ReconciliationRun
from tests import factories


def test_an_analyst_resolves_a_break_from_the_queue(new_page, sign_in, analyst):
    rows = [factories.trade_break(exposure=str(n)) for n in range(1, 31)]
    dearest = rows[-1]
    page = new_page()
    sign_in(page, analyst)

    page.click("#nav-sidebar >> text=Breaks")
    page.wait_for_selector("#result_list")
    footer = page.locator(".lg\\:sticky").last.bounding_box()["y"]
    boxes = [row.bounding_box() for row in page.locator("#result_list tbody tr.data-row").all()]
    assert sum(box["y"] + box["height"] <= footer for box in boxes) >= 25
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.click(f"#result_list >> a:has-text('{dearest.pk}') >> nth=0")
    page.click("button:has-text('Claim')")
    page.wait_for_selector("text=is yours")
    page.fill("textarea[name=text]", "asked the custodian")
    page.click("form.dk-comment button")
    page.wait_for_selector(".dk-timeline >> text=asked the custodian")
    page.click("a.dk-button:has-text('Resolve')")
    page.select_option("#dialog select[name=reason_code]", "SOURCE_CORRECTED")
    page.click("#dialog button:has-text('Resolve')")
    page.wait_for_selector("text=is resolved")

    assert TradeBreak.objects.get(pk=dearest.pk).status == "RESOLVED"


def test_a_stale_dialog_shows_what_happened_meanwhile(page):
    other = factories.user("Analyst", username="chen")
    row = factories.trade_break()

    page.goto(reverse("admin:breaks_tradebreak_change", args=[row.pk]))
    work.claim(break_id=row.pk, version=1, by=other, at=factories.NOW)
    page.click("a.dk-button:has-text('Escalate')")
    page.fill("#dialog textarea[name=reason]", "no answer")
    page.click("#dialog button:has-text('Escalate')")

    page.wait_for_selector("#dialog >> text=Open to in progress")
    assert page.input_value("#dialog textarea[name=reason]") == "no answer"
    assert TradeBreak.objects.get(pk=row.pk).status == "IN_PROGRESS"


@pytest.mark.thorough
def test_a_runs_page_and_row_follow_it_to_its_end(page):
    run = factories.run(status="QUEUED", requested_at=timezone.now())
    one = ReconciliationRun.objects.filter(pk=run.pk)
    loads = []
    page.on("request", lambda asked: loads.append(asked.resource_type == "document"))

    page.goto(reverse("admin:matching_reconciliationrun_change", args=[run.pk]))
    page.wait_for_selector("text=Waiting for a worker")
    one.update(status="RUNNING", started_at=timezone.now(), step="Pairing", progress_pct=42)
    page.wait_for_selector("text=42%", timeout=5_000)
    one.update(status="SUCCEEDED", step="", finished_at=timezone.now(), breaks_identified=77)
    page.wait_for_selector("dd:has-text('77')", timeout=5_000)
    loads.clear()
    page.wait_for_timeout(2_500)
    assert loads == []

    one.update(status="RUNNING", progress_pct=55)
    page.goto(reverse("admin:matching_reconciliationrun_changelist"))
    page.wait_for_selector("#result_list >> text=55%")
    loads.clear()
    one.update(progress_pct=56)
    page.wait_for_selector("#result_list >> text=56%", timeout=5_000)
    one.update(status="SUCCEEDED", auto_matched=4_321)
    page.wait_for_selector("#result_list >> text=4,321", timeout=5_000)
    assert not any(loads)
    loads.clear()
    page.wait_for_timeout(2_500)
    assert loads == []
