"""From a file with bad rows to the last of them decided, as a person goes through it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from connectors.models import Delivery, RejectedRow
from tests import factories
from trades.models import Trade

pytestmark = pytest.mark.django_db

HEADER = "trade_id,trade_date,symbol,side,quantity,price"
ROWS = (
    "A1,2026-03-04,AAPL,BUY,100,187.5",
    "A2,2026-03-04,AAPL,KAUF,100,187.5",
    "A3,2026-03-04,AAPL,KAUF,50,187.5",
    "A4,2026-03-04,AAPL,BUY,some,187.5",
)


def _at(name, *args):
    return reverse(f"admin:{name}", args=args)


@pytest.fixture
def browser(analyst, browser_as):
    return browser_as(analyst)


@pytest.fixture
def rejects(browser) -> list[RejectedRow]:
    file = SimpleUploadedFile("fills.csv", "\n".join([HEADER, *ROWS]).encode())
    source = factories.source("custodian")
    browser.post(
        _at("connectors_delivery_upload"),
        {"source": source.pk, "layout": "", "file": file},
        follow=True,
    )
    rows = list(RejectedRow.objects.order_by("line_number"))
    assert [row.line_number for row in rows] == [3, 4, 5]
    return rows


def _said(response):
    return [str(message) for message in response.context["messages"]]


def test_one_row_leads_to_the_next_and_the_last_to_the_delivery(browser, rejects):
    first, second, third = rejects

    def fix(row, old, new):
        data = {"fixed": row.raw.replace(old, new)}
        return browser.post(_at("connectors_rejectedrow_replay", row.pk), data, follow=True)

    after_second = fix(second, "KAUF", "BUY")
    after_third = fix(third, "some", "7")
    last = browser.post(
        _at("connectors_rejectedrow_discard", first.pk), {"reason": "a test"}, follow=True
    )

    assert after_second.redirect_chain[-1][0] == _at("connectors_rejectedrow_change", third.pk)
    assert _said(after_second) == ["Line 4 was loaded; 2 of its file still to be fixed."]
    assert after_third.redirect_chain[-1][0] == _at("connectors_rejectedrow_change", first.pk)
    assert last.redirect_chain[-1][0] == _at("connectors_delivery_change", first.delivery_id)
    assert _said(last) == ["Line 3 was discarded, the last of its file."]
    assert Trade.objects.get(source_trade_id="A4").quantity == 7
    page = last.content.decode()
    assert "Fixed and replayed" in page
    assert "fills.csv line 4, fixed" in page


def test_cancel_leads_back_to_the_row_itself(browser, rejects):
    page = browser.get(_at("connectors_rejectedrow_replay", rejects[0].pk)).content.decode()

    assert f'href="{_at("connectors_rejectedrow_change", rejects[0].pk)}">Cancel' in page


def test_each_value_is_shown_under_its_columns_name(browser, rejects):
    for name in ("change", "replay"):
        page = browser.get(_at(f"connectors_rejectedrow_{name}", rejects[0].pk)).content.decode()
        assert "<dt>side</dt><dd>KAUF</dd>" in page


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("A2,2026-03-04", "2 of 6 columns"),
        ("A2,2026-03-04,AAPL,BUY,1,2,3,4", "8 of 6 columns"),
        ('"A2\nsecond line",2026-03-04,AAPL,BUY,1,2', "second line"),
        ("<script>alert(1)</script>,2,3,4,5,6", "&lt;script&gt;"),
        ("", "Fix and replay"),
    ],
)
def test_a_row_of_any_shape_has_a_page(browser, rejects, raw, says):
    RejectedRow.objects.filter(pk=rejects[0].pk).update(raw=raw)

    response = browser.get(_at("connectors_rejectedrow_change", rejects[0].pk))

    assert says in response.content.decode()


def test_many_are_replayed_as_they_were_once_the_layout_is_mended(browser, rejects):
    layout = rejects[0].delivery.layout
    layout.side_words = {"KAUF": "BUY"}
    layout.save()
    chosen = {"action": "replay_selected", "_selected_action": [row.pk for row in rejects]}

    response = browser.post(_at("connectors_rejectedrow_changelist"), chosen, follow=True)

    assert _said(response)[0] == "2 replayed."
    assert "Line 5 of fills.csv: quantity 'some'" in _said(response)[1]
    assert list(RejectedRow.objects.filter(status="OPEN")) == [rejects[2]]
    assert set(Trade.objects.values_list("source_trade_id", flat=True)) == {"A1", "A2", "A3"}


def test_an_auditor_replays_none(auditor, browser_as, rejects):
    browser_as(auditor).post(
        _at("connectors_rejectedrow_changelist"),
        {"action": "replay_selected", "_selected_action": [row.pk for row in rejects]},
    )

    assert RejectedRow.objects.filter(status="OPEN").count() == 3
    assert Delivery.objects.count() == 1


def test_more_rows_and_replays_cost_no_more_queries(browser, rejects, queries):
    delivery = rejects[0].delivery
    pages = [
        _at("connectors_rejectedrow_change", rejects[0].pk),
        _at("connectors_delivery_change", delivery.pk),
    ]

    def add(count):
        for _ in range(count):
            factories.rejected_row(delivery=delivery, line_number=factories.number())
            factories.delivery(replay_of=delivery, requested_by=factories.user("Analyst"))

    add(2)
    few = [queries(browser, page) for page in pages]
    add(20)

    assert [queries(browser, page) for page in pages] == few
