"""Every page of the desk by name: those with an address, and those one is led to."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.urls import reverse

from breaks.models import TradeBreak
from matching.models import RuleSet
from tests.sheets import parsed, saved

QUEUE = reverse("admin:breaks_tradebreak_changelist")
TABS = {
    "breaks_tradebreak": ("mine", "team", "unassigned", "overdue", "approval", "all"),
    "breaks_approvalrequest": ("waiting", "mine", "decided", "all"),
    "matching_match": ("differ", "matched", "undone", "all"),
    "connectors_delivery": ("failed", "rejects", "waiting"),
}
FORMS = (
    "breaks_tradebreak_export", "breaks_tradebreak_import", "trades_trade_export",
    "matching_match_export", "connectors_rejectedrow_export", "matching_reconciliationrun_start",
    "connectors_delivery_upload", "connectors_layout_propose", "password_change",
)  # fmt: skip


def pages() -> Iterator[tuple[str, str]]:
    """Yield name and address of each page: lists, their tabs, one row of each, forms."""
    yield "index", reverse("admin:index")
    for model in sorted(admin.site._registry, key=lambda one: one._meta.label):
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        address = reverse(f"admin:{name}_changelist")
        yield name, address
        yield from ((f"{name}_{tab}", f"{address}?view={tab}") for tab in TABS.get(name, ()))
        if (row := model._default_manager.first()) is not None:
            yield f"{name}_one", reverse(f"admin:{name}_change", args=[row.pk])
    yield from ((name, reverse(f"admin:{name}")) for name in FORMS)
    for kind in sorted(set(TradeBreak.objects.live().values_list("break_type", flat=True))):
        row = TradeBreak.objects.live().filter(break_type=kind).first()
        yield f"break_{kind.lower()}", reverse("admin:breaks_tradebreak_change", args=[row.pk])
    draft = RuleSet.objects.filter(status="DRAFT", back_tests__isnull=False).first()
    if draft is not None:
        for page in ("change", "edit", "back-test"):
            yield f"draft_{page}", reverse(f"admin:matching_ruleset_{page}", args=[draft.pk])


def bulk_preview(page: Any, _folder: Path) -> None:
    page.goto(QUEUE)
    for box in page.locator("#result_list input.action-select").all()[:4]:
        box.check()
    page.select_option("select[name=action]", "bulk_resolve")
    page.click("button:has-text('Run')")
    page.wait_for_selector(".dk-bulk")


def dry_run(page: Any, folder: Path) -> None:
    page.goto(f"{QUEUE}export/")
    with page.expect_download() as download:
        page.click("button:has-text('Download CSV')")
    file = folder / "queue.csv"
    download.value.save_as(file)
    edited, refused, *others = parsed(file.read_text("utf-8"))
    edited |= {"act": "claim", "comment": "knows this one"}
    refused |= {"severity": "LOW", "comment": "not so grave"}
    file.write_text(saved([edited, refused, *others]), "utf-8", newline="")
    page.goto(f"{QUEUE}import/")
    page.set_input_files("input[type=file]", file)
    page.click("button:has-text('Show what would change')")
    page.wait_for_selector("text=What changes")


def dialog(page: Any, _folder: Path) -> None:
    row = TradeBreak.objects.live().first()
    page.goto(reverse("admin:breaks_tradebreak_change", args=[row.pk]))
    page.keyboard.press("r")
    page.wait_for_selector("#dialog select[name=reason_code]")


def opened_row(page: Any, _folder: Path) -> None:
    page.goto(QUEUE)
    page.locator("#result_list td.action-checkbox ~ td, #result_list th").first.wait_for()
    page.locator("#result_list tbody tr .material-symbols-outlined").first.click()
    page.wait_for_selector(".dk-peek-body")


LED_TO: dict[str, Callable[[Any, Path], None]] = {
    "bulk_preview": bulk_preview,
    "import_dry_run": dry_run,
    "dialog": dialog,
    "opened_row": opened_row,
}
