"""The queue out as a file, edited, and in again: in a real Chromium."""

from pathlib import Path

import pytest
from django.urls import reverse

from breaks.models import ActBatch
from breaks.services import work
from tests import factories
from tests.sheets import parsed, saved

pytestmark = pytest.mark.thorough


def test_a_file_goes_out_is_edited_comes_in_and_is_taken_back(page, unguarded, tmp_path):
    chen = factories.user("Analyst", username="chen")
    rows = [factories.trade_break(exposure=str(n), left_value="=1+1") for n in range(1, 6)]

    page.goto(reverse("admin:breaks_tradebreak_changelist"))
    page.click("a:has-text('Export')")
    with page.expect_download() as download:
        page.click("button:has-text('Download CSV')")
    out = Path(tmp_path / "queue.csv")
    download.value.save_as(out)
    assert download.value.suggested_filename.endswith("-safe.csv")
    cells = {int(row["id"]): row for row in parsed(out.read_text("utf-8"))}
    assert cells[rows[0].pk]["left_value"] == "'=1+1"

    cells[rows[0].pk] |= {"assigned_to": "chen", "comment": "knows this one"}
    cells[rows[1].pk] |= {"act": "claim"}
    cells[rows[2].pk] |= {"severity": "LOW"}
    work.escalate(break_id=rows[1].pk, version=1, reason="too old", by=chen, at=factories.NOW)
    out.write_text(saved(cells.values(), ";"), "utf-8", newline="")
    page.goto(reverse("admin:breaks_tradebreak_changelist"))
    page.click("a:has-text('Import')")
    page.set_input_files("input[type=file]", out)
    page.click("button:has-text('Show what would change')")

    page.wait_for_selector("text=What changes")
    assert page.locator(".dk-diff ins").all_inner_texts() == ["chen", "knows this one"]
    assert "chen Open to escalated" in page.locator(".dk-since").inner_text()
    assert page.locator("text=severity is HIGH and LOW in the file").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert not ActBatch.objects.exists()

    page.click("button:has-text('Apply 1 act')")
    page.wait_for_selector("text=Import of queue.csv")
    rows[0].refresh_from_db()
    assert (rows[0].assigned_to, rows[0].events.get().reason) == (chen, "knows this one")

    page.click(".dk-acts >> text=Undo")
    page.click("button:has-text('Undo all of it')")
    page.wait_for_selector("text=1 undone.")
    rows[0].refresh_from_db()
    assert (rows[0].assigned_to, rows[0].version) == (None, 3)
