"""A morning at the desk without a mouse, in a real Chromium."""

import pytest
from django.urls import reverse

from breaks.choices import BreakType
from breaks.models import TradeBreak
from breaks.services import work
from matching.models import Match
from tests import factories

pytestmark = pytest.mark.thorough

QUEUE = reverse("admin:breaks_tradebreak_changelist")


@pytest.fixture
def desk(page):
    """Return what opens a page of the desk by its path."""
    return page.goto


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def page_of(row):
    return reverse("admin:breaks_tradebreak_change", args=[row.pk])


def focused(page, name="name"):
    return page.evaluate(f"document.activeElement.getAttribute({name!r})")


def dialog(page):
    """Wait for the dialog and for the focus to be in it."""
    page.wait_for_function("document.querySelector('#dialog')?.contains(document.activeElement)")


def at(page, row):
    page.wait_for_url(f"**{page_of(row)}*")
    page.wait_for_selector(".dk-navigation")


def now(row):
    return TradeBreak.objects.get(pk=row.pk)


def test_the_queue_is_walked_selected_from_and_opened(page, desk):
    rows = [factories.trade_break(exposure=str(n)) for n in (1, 500, 90_000)]
    top, middle = rows[2], rows[1]
    desk(QUEUE)

    press(page, "j", "j", "x")
    current = page.locator("#result_list tr[aria-current=true]")
    assert current.count() == 1
    assert current.locator("input.action-select").is_checked()
    assert page.locator("#result_list input.action-select:checked").count() == 1
    press(page, "j", "j", "k", "k", "k", "k")
    assert focused(page, "href").startswith(page_of(top))

    press(page, "j", "Enter")
    at(page, middle)
    press(page, "u")
    page.wait_for_selector("#result_list")
    # One stands where one left, and goes on from there.
    assert page.locator("#result_list tr[aria-current=true]").count() == 1
    press(page, "k", "o")
    at(page, top)


def test_a_break_is_worked_from_claim_to_resolved_and_on_to_the_next(page, desk, analyst):
    rows = [factories.trade_break(exposure=str(n)) for n in (1, 500, 90_000)]
    last, middle, first = rows
    desk(f"{QUEUE}?severity__exact=HIGH")
    press(page, "j", "Enter")
    at(page, first)

    press(page, "c")
    page.wait_for_selector("text=is yours")
    assert now(first).assigned_to == analyst

    press(page, "m")
    dialog(page)
    assert focused(page) == "text"
    page.keyboard.type("just called them")
    press(page, "Control+Enter")
    page.wait_for_selector(".dk-timeline >> text=just called them")

    press(page, "r")
    dialog(page)
    assert focused(page) == "reason_code"
    page.keyboard.type("A source corr")
    press(page, "Control+Shift+Enter")
    at(page, middle)
    page.wait_for_selector(f"text=Break {first.pk} is resolved")
    assert (now(first).status, now(first).reason_code) == ("RESOLVED", "SOURCE_CORRECTED")
    assert "_changelist_filters=severity" in page.url

    press(page, "e")
    dialog(page)
    page.keyboard.type("the cut-off is near")
    press(page, "Control+Enter")
    page.wait_for_selector("text=is escalated")
    press(page, "w")
    dialog(page)
    page.keyboard.type("asked for the allocation")
    press(page, "Control+Enter")
    page.wait_for_selector("text=awaits the counterparty")
    assert now(middle).status == "AWAITING_COUNTERPARTY"

    press(page, "j")
    at(page, last)
    press(page, "k")
    at(page, middle)


def test_keys_do_nothing_while_one_types_or_with_a_modifier(page, desk):
    row = factories.trade_break()
    desk(page_of(row))

    page.focus("form.dk-comment textarea")
    page.keyboard.type("jkcaremwu?")
    press(page, "Escape")
    assert page.input_value("form.dk-comment textarea") == "jkcaremwu?"
    page.evaluate("document.activeElement.blur()")
    press(page, "Control+e", "Alt+r", "Meta+c")
    page.wait_for_timeout(300)
    assert page.url.endswith(page_of(row))
    assert not page.is_visible("#modal-content")
    assert now(row).version == 1

    desk(QUEUE)
    press(page, "/")
    page.keyboard.type("jx")
    assert page.input_value("#searchbar") == "jx"
    assert page.locator("#result_list input.action-select:checked").count() == 0


def test_a_dialog_holds_the_focus_and_gives_it_back(page, desk):
    row = factories.trade_break()
    desk(page_of(row))
    # In dark mode unfold's own key is Ctrl+E; a dialog's keys are the dialog's.
    press(page, "r")
    dialog(page)
    for _ in range(12):
        press(page, "Tab")
        assert page.evaluate("!!document.activeElement.closest('#modal-content')")
    for _ in range(12):
        press(page, "Shift+Tab")
        assert page.evaluate("!!document.activeElement.closest('#modal-content')")
    page.evaluate("document.querySelector('#dialog .dk-close').focus()")
    press(page, "e", "c")
    page.wait_for_timeout(200)
    assert page.inner_text("#dialog h2").startswith("Resolve")

    press(page, "Escape")
    page.wait_for_selector("#modal-content", state="hidden")
    assert focused(page, "data-key") == "r"
    assert page.get_attribute("#dialog", "role") == "dialog"
    assert now(row).version == 1


def test_a_refusal_stays_in_the_dialog_with_the_focus_on_what_is_wrong(page, desk, analyst):
    row = factories.trade_break()
    desk(page_of(row))
    press(page, "r")
    dialog(page)
    press(page, "Control+Enter")

    page.wait_for_selector("#dialog >> text=This field is required")
    page.wait_for_function("document.activeElement.name === 'reason_code'")

    work.escalate(break_id=row.pk, version=1, reason="mine", by=analyst, at=factories.NOW)
    page.keyboard.type("A source corr")
    press(page, "Control+Enter")
    page.wait_for_selector("#dialog >> text=Open to escalated")
    assert now(row).status == "ESCALATED"


def test_the_list_of_keys_says_those_of_the_page(page, desk):
    row = factories.trade_break()
    desk(page_of(row))

    press(page, "?")
    keys = page.wait_for_selector("dialog.dk-keys[open]")
    listed = page.locator("dialog.dk-keys dt").all_inner_texts()
    assert {"j", "k", "c", "a", "r", "e", "m", "w", "u", "?"} - {"j", "k"} <= set(listed)
    assert "Back to the queue" in keys.inner_text()
    press(page, "r")
    assert not page.is_visible("#modal-content")
    press(page, "Escape")
    page.wait_for_selector("dialog.dk-keys", state="detached")

    page.click("[data-keys]")
    page.wait_for_selector("dialog.dk-keys[open]")
    press(page, "Enter")
    page.wait_for_selector("dialog.dk-keys", state="detached")

    desk(QUEUE)
    press(page, "?")
    listed = page.locator("dialog.dk-keys dt").all_inner_texts()
    assert {"j", "k", "o", "x", "/"} <= set(listed)


def test_a_key_pressed_twice_acts_once(page, desk):
    row = factories.trade_break()
    desk(page_of(row))

    press(page, "c", "c", "c")
    page.wait_for_selector("text=is yours")

    assert now(row).version == 2


def test_a_missing_trade_is_paired_with_a_candidate(page, desk, unguarded):
    row = factories.trade_break(BreakType.MISSING_RIGHT)
    other = factories.trade(source="custodian", price="187.25")
    desk(page_of(row))

    page.wait_for_selector(".dk-candidates")
    page.focus(".dk-candidates .dk-button")
    press(page, "Enter")
    dialog(page)
    assert focused(page) == "reason"
    assert page.input_value("#dialog [name=other]") == other.source_trade_id
    page.keyboard.type("same order, price mistyped")
    press(page, "Control+Enter")

    page.wait_for_selector("text=are paired")
    assert {leg.trade for leg in Match.objects.get().legs.all()} == {row.left_trade, other}
    assert now(row).status == "RESOLVED"


def test_a_file_goes_through_the_dialog(page, desk, tmp_path):
    row = factories.trade_break()
    mail = tmp_path / "reply.eml"
    mail.write_bytes(b"Subject: your fill")
    desk(page_of(row))

    press(page, "f")
    dialog(page)
    page.set_input_files("#dialog input[type=file]", str(mail))
    press(page, "Control+Enter")
    page.wait_for_selector("text=reply.eml is kept")

    with page.expect_download() as saved:
        page.click("a:has-text('reply.eml')")
    assert saved.value.suggested_filename == "reply.eml"
