"""The desk's main stories from end to end, as the people who work there live them."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from breaks.models import ActBatch, ApprovalRequest, TradeBreak
from matching.models import ReconciliationRun
from tests import factories
from tests.sheets import parsed, saved
from trades.models import Trade
from workflows.services.reconciling import reconcile

pytestmark = pytest.mark.thorough

EXAMPLES = Path("docs/examples")
QUEUE = reverse("admin:breaks_tradebreak_changelist")
APPROVALS = reverse("admin:breaks_approvalrequest_changelist")


def _upload(page, source, file):
    page.goto(reverse("admin:connectors_delivery_upload"))
    page.select_option("select[name=source]", label=source)
    page.set_input_files("input[type=file]", file)
    page.click("button:has-text('Load it')")
    page.wait_for_selector("text=Arrival")


def _opened(page, row):
    page.goto(reverse("admin:breaks_tradebreak_change", args=[row.pk]))
    page.wait_for_selector(".dk-navigation")


def _accept(page, row, why):
    _opened(page, row)
    page.click("a.dk-button:has-text('Accept')")
    page.fill("#dialog textarea[name=comment]", why)
    page.click("#dialog button:has-text('Accept')")
    page.wait_for_selector(".dk-waits")


def test_two_files_arrive_are_reconciled_and_what_differs_is_settled(page, analyst, tmp_path):
    between = factories.reconciliation(name="OMS against custodian")
    spoilt = tmp_path / "custodian.csv"
    good = (EXAMPLES / "custodian.csv").read_text("utf-8")
    spoilt.write_text(good.replace(",250,402.10", ",many,402.10"), "utf-8")

    _upload(page, "OMS", EXAMPLES / "oms.csv")
    assert "5 rows: 5 loaded" in page.inner_text("body")
    _upload(page, "Custodian", spoilt)
    page.wait_for_selector("text=6 rows: 5 loaded, 0 amended, 0 duplicates, 1 rejected")
    assert page.locator(".dk-sum dd").all_inner_texts()[:2] == ["6", "5"]

    # The row that could not be read is mended where it stands, and read again.
    page.goto(reverse("admin:connectors_rejectedrow_changelist"))
    page.click("#result_list tbody th a")
    page.click("a.dk-button:has-text('Fix and replay')")
    box = page.locator("textarea[name=fixed]")
    box.fill(box.input_value().replace("many", "250"))
    page.click("button:has-text('Replay this row')")
    page.wait_for_selector("text=the last of its file")
    assert Trade.objects.count() == 11

    page.goto(reverse("admin:matching_reconciliationrun_start"))
    page.select_option("select[name=reconciliation]", str(between.pk))
    for name in ("from_date", "to_date"):
        page.fill(f"input[name={name}]", "2026-03-04")
    page.click("button:has-text('Start')")
    page.wait_for_selector("text=Waiting for a worker")
    reconcile(run_id=ReconciliationRun.objects.get().pk, at=timezone.now())
    page.wait_for_selector(".dk-badge:has-text('Succeeded')", timeout=10_000)

    page.goto(QUEUE)
    kinds = page.locator("#result_list td.field-kind").all_inner_texts()
    assert sorted(kinds) == ["Missing at Custodian", "Missing at OMS", "Price"]
    page.click("#result_list tr:has-text('Price') th a")
    page.wait_for_url("**/change/**")
    page.keyboard.press("c")
    page.wait_for_selector("text=is yours")
    lit = page.locator(".dk-compared tr.dk-lit").all_inner_texts()
    assert any("412.25" in line and "416.15" in line and "3.9" in line for line in lit)
    page.keyboard.press("r")
    page.select_option("#dialog select[name=reason_code]", "SOURCE_CORRECTED")
    page.click("#dialog button:has-text('Resolve') >> nth=-1")
    page.wait_for_selector("text=is resolved")
    settled = TradeBreak.objects.get(break_type="PRICE")
    assert (settled.status, settled.resolved_by) == ("RESOLVED", analyst)


def test_what_one_supervisor_asks_for_another_decides(desk_of):
    maker, checker = (factories.user("Supervisor", username=name) for name in ("sam", "mia"))
    row, other = (factories.trade_break(exposure="250000") for _ in range(2))
    hers, his = desk_of(checker), desk_of(maker)

    _accept(his, row, "below what a claim would cost")
    _accept(his, other, "the same")
    assert TradeBreak.objects.filter(status="OPEN").count() == 2

    # The maker finds it among what he asked for, and can only take it back.
    his.goto(APPROVALS)
    assert his.locator("#result_list tbody tr").count() == 0
    asked = ApprovalRequest.objects.get(trade_break=row)
    page_of_it = reverse("admin:breaks_approvalrequest_change", args=[asked.pk])
    his.goto(page_of_it)
    assert his.locator(".dk-acts >> text=Approve").count() == 0
    assert his.locator(".dk-acts >> text=Withdraw").count() == 1

    hers.goto(APPROVALS)
    assert hers.locator("#result_list tbody tr").count() == 2
    hers.goto(page_of_it)
    hers.click(".dk-acts >> text=Approve")
    hers.click("#dialog button:has-text('Approve')")
    hers.wait_for_selector(".dk-badge:has-text('Approved')")
    hers.goto(reverse("admin:breaks_approvalrequest_change", args=[asked.pk + 1]))
    hers.click(".dk-acts >> text=Turn down")
    hers.fill("#dialog textarea", "ask the custodian first")
    hers.click("#dialog button:has-text('Turn down')")
    hers.wait_for_selector(".dk-badge:has-text('Turned down')")

    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.status, other.status) == ("ACCEPTED", "OPEN")
    _opened(his, row)
    assert "mia" in his.inner_text(".dk-timeline")


def test_a_large_import_waits_for_a_second_person(desk_of, analyst, tmp_path):
    checker: User = factories.user("Supervisor", username="mia")
    rows = [factories.trade_break(exposure="90000") for _ in range(3)]
    page = desk_of(analyst)
    page.goto(f"{QUEUE}export/")
    with page.expect_download() as download:
        page.click("button:has-text('Download CSV')")
    file = tmp_path / "queue.csv"
    download.value.save_as(file)
    edited = [row | {"act": "claim"} for row in parsed(file.read_text("utf-8"))]
    file.write_text(saved(edited), "utf-8", newline="")

    page.goto(f"{QUEUE}import/")
    page.set_input_files("input[type=file]", file)
    page.click("button:has-text('Show what would change')")
    page.fill("input[name=reason]", "the morning's share")
    page.click("button:has-text('Ask for approval')")
    page.wait_for_selector("text=waits for a second person")
    assert not TradeBreak.objects.exclude(assigned_to=None).exists()

    hers = desk_of(checker)
    hers.goto(APPROVALS)
    hers.click("#result_list tbody th a")
    hers.click(".dk-acts >> text=Approve")
    hers.click("#dialog button:has-text('Approve')")
    hers.wait_for_selector(".dk-badge:has-text('Approved')")
    assert TradeBreak.objects.filter(assigned_to=analyst).count() == len(rows)
    assert ActBatch.objects.get().by == analyst
