"""The queue, one break's page, and what a person does there."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from breaks.choices import BreakStatus, BreakType
from breaks.models import TradeBreak
from breaks.services import work
from tests import factories

QUEUE = "/admin/breaks/tradebreak/"


def _act(name, row):
    return reverse(f"admin:breaks_tradebreak_{name}", args=[row.pk])


def _page(row):
    return reverse("admin:breaks_tradebreak_change", args=[row.pk])


def _shown(response):
    return [row.pk for row in response.context["cl"].result_list]


class TestQueue:
    def test_shows_live_breaks_and_first_what_is_dearest_to_leave(self, analyst, browser_as):
        late = factories.NOW - timedelta(hours=20)
        cheap = factories.trade_break(severity="HIGH", exposure="9.5")
        dear = factories.trade_break(severity="LOW", exposure="999999")
        # Ten doublings of two hours each: as if it were a thousand times as dear.
        overdue = factories.trade_break(severity="HIGH", exposure="9.5", due_at=late)
        factories.trade_break(status="RESOLVED")

        response = browser_as(analyst).get(QUEUE)

        assert _shown(response) == [overdue.pk, dear.pk, cheap.pk]

    def test_says_what_it_is_filtered_by_and_what_it_adds_up_to(self, analyst, browser_as):
        factories.trade_break(severity="HIGH", exposure="0.1")
        factories.trade_break(severity="HIGH", exposure="1000.2")
        factories.trade_break(severity="LOW", exposure="7")

        context = browser_as(analyst).get(QUEUE + "?severity__exact=HIGH").context

        assert context["desk_chips"] == [{"text": "Severity: High", "link": "?"}]
        assert context["desk_totals"] == [
            {"label": "Exposure", "value": "1,000.30 USD", "title": "High 1,000.30"}
        ]

    def test_a_status_asked_for_is_not_hidden_by_the_open_view(self, analyst, browser_as):
        ended = factories.trade_break(status="RESOLVED")

        response = browser_as(analyst).get(QUEUE + "?status__exact=RESOLVED")

        assert _shown(response) == [ended.pk]

    def test_names_sources_and_never_left_or_right(self, analyst, browser_as):
        factories.trade_break(BreakType.MISSING_RIGHT, left_value="BUY 100 AAPL at 187.5 USD")

        page = browser_as(analyst).get(QUEUE).content.decode()
        table = page[page.index('id="result_list"') : page.index("</table>")]

        assert "Missing at Custodian" in table
        assert "Buy 100 @ 187.5" in table
        assert not re.search(r">\s*(Left|Right|Missing on)", table)

    @pytest.mark.parametrize("wanted", ["T-77", "ORD-5", "Nordhavn", "Zephyr"])
    def test_is_searched_by_ids_references_and_names(self, analyst, browser_as, wanted):
        mine = factories.trade_break(
            left_trade=factories.trade(
                source_trade_id="T-77",
                order_ref="ORD-5",
                counterparty_name="Nordhavn Bank AB",
                instrument=factories.instrument("", name="Zephyr Rail"),
            )
        )
        factories.trade_break()

        assert _shown(browser_as(analyst).get(f"{QUEUE}?q={wanted}")) == [mine.pk]


class TestStatusIsNotEdited:
    def test_nothing_can_be_posted_to_the_page(self, superuser, browser_as):
        row = factories.trade_break()
        wanted = {"status": "RESOLVED", "reason_code": "WRITE_OFF", "severity": "LOW"}

        response = browser_as(superuser).post(_page(row), wanted)

        assert response.status_code == 403
        row.refresh_from_db()
        assert row.status == BreakStatus.OPEN

    @pytest.mark.parametrize("page", ["add", "delete"])
    def test_breaks_are_neither_added_nor_deleted(self, superuser, browser_as, page):
        row = factories.trade_break()
        args = [row.pk] if page == "delete" else []
        address = reverse(f"admin:breaks_tradebreak_{page}", args=args)

        assert browser_as(superuser).post(address, {"post": "yes"}).status_code == 403
        assert TradeBreak.objects.filter(pk=row.pk).exists()

    def test_deleting_is_no_bulk_action(self, superuser, browser_as):
        row = factories.trade_break()
        data = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}

        browser_as(superuser).post(QUEUE, data)

        assert TradeBreak.objects.filter(pk=row.pk).exists()

    @pytest.mark.parametrize("name", ["claim", "resolve", "accept", "escalate", "reopen"])
    def test_looking_at_an_act_changes_nothing(self, superuser, browser_as, name):
        row = factories.trade_break()

        assert browser_as(superuser).get(_act(name, row)).status_code == 200
        row.refresh_from_db()
        assert (row.status, row.version) == (BreakStatus.OPEN, 1)


class TestActs:
    @pytest.mark.parametrize(
        ("name", "given", "status"),
        [
            ("claim", {}, "IN_PROGRESS"),
            ("await", {"reason": "asked for the allocation"}, "AWAITING_COUNTERPARTY"),
            ("escalate", {"reason": "cut-off at five"}, "ESCALATED"),
            ("resolve", {"reason_code": "SOURCE_CORRECTED", "comment": "re-sent"}, "RESOLVED"),
            ("accept", {"comment": "a rounding cent"}, "ACCEPTED"),
        ],
    )
    @pytest.mark.usefixtures("unguarded")
    def test_each_goes_through_its_service(self, supervisor, browser_as, name, given, status):
        row = factories.trade_break()

        response = browser_as(supervisor).post(_act(name, row), {"version": 1, **given})

        assert response.status_code == 302
        row.refresh_from_db()
        assert row.status == status
        assert row.events.get().by == supervisor
        assert row.events.get().reason in (*given.values(), "")

    def test_a_break_is_assigned_and_put_back(self, supervisor, analyst, browser_as):
        row = factories.trade_break()
        browser = browser_as(supervisor)

        browser.post(_act("assign", row), {"version": 1, "to": analyst.pk})
        row.refresh_from_db()
        assert row.assigned_to == analyst

        browser.post(_act("assign", row), {"version": 2, "to": ""})
        row.refresh_from_db()
        assert row.assigned_to is None

    def test_a_comment_is_in_the_timeline(self, analyst, browser_as):
        row = factories.trade_break()
        browser = browser_as(analyst)

        browser.post(_act("comment", row), {"version": 1, "text": "<b>called</b> them"})
        page = browser.get(_page(row)).content.decode()

        assert "&lt;b&gt;called&lt;/b&gt; them" in page

    def test_an_ended_break_is_reopened(self, analyst, browser_as):
        row = factories.trade_break()
        work.resolve(break_id=row.pk, version=1, reason_code="BOOKED", by=analyst, at=factories.NOW)

        browser_as(analyst).post(_act("reopen", row), {"version": 2, "reason": "it is back"})

        row.refresh_from_db()
        assert row.status == BreakStatus.OPEN

    def test_a_refusal_is_said_in_the_form_with_what_was_typed(self, analyst, browser_as):
        row = factories.trade_break(status="AWAITING_COUNTERPARTY")

        response = browser_as(analyst).post(
            _act("await", row), {"version": 1, "reason": "asked them twice"}
        )

        assert "already" in response.context["form"].non_field_errors()[0]
        assert "asked them twice" in response.content.decode()

    def test_a_stale_form_shows_what_the_other_person_did(self, analyst, browser_as):
        row = factories.trade_break()
        other = factories.user("Analyst", username="chen")
        work.escalate(break_id=row.pk, version=1, reason="no answer", by=other, at=factories.NOW)

        response = browser_as(analyst).post(
            _act("resolve", row), {"version": 1, "reason_code": "BOOKED"}
        )

        page = response.content.decode()
        assert "chen" in page
        assert "Open to escalated" in page
        assert "no answer" in page
        row.refresh_from_db()
        assert row.status == BreakStatus.ESCALATED

    def test_a_dialog_answers_htmx_with_the_way_on(self, analyst, browser_as):
        row = factories.trade_break()
        browser = browser_as(analyst)

        dialog = browser.get(_act("resolve", row), headers={"HX-Request": "true"})
        done = browser.post(_act("claim", row), {"version": 1}, headers={"HX-Request": "true"})

        assert dialog.content.decode().lstrip().startswith('<div id="dialog"')
        assert done.headers["HX-Redirect"] == _page(row)

    @pytest.mark.parametrize("name", ["claim", "resolve", "comment", "escalate"])
    def test_an_auditor_looks_and_does_not_act(self, auditor, browser_as, name):
        row = factories.trade_break()
        browser = browser_as(auditor)

        assert browser.get(_page(row)).context["acts"] == []
        assert browser.post(_act(name, row), {"version": 1, "text": "x"}).status_code == 403
        assert not row.events.exists()

    def test_an_auditor_does_not_write_off(self, auditor, browser_as):
        row = factories.trade_break()

        response = browser_as(auditor).post(_act("accept", row), {"version": 1, "comment": "x"})

        assert response.status_code == 403

    def test_only_acts_the_status_allows_are_offered(self, supervisor, browser_as):
        row = factories.trade_break(status="RESOLVED")

        acts = browser_as(supervisor).get(_page(row)).context["acts"]

        assert {item["act"].name for item in acts} == {"comment", "attach", "reopen"}


class TestWorkbench:
    def test_lights_only_what_differs_and_says_by_how_much(self, look, differing_match):
        legs = {leg.side: leg.trade for leg in differing_match.legs.all()}
        row = factories.trade_break(
            match=differing_match, left_trade=legs["left"], right_trade=legs["right"],
            difference="0.25", left_value="187.5", right_value="187.25",
        )  # fmt: skip

        response = look("breaks_tradebreak_change", row.pk)

        compared = response.context["compared"]["lines"]
        lit = [line for line in compared if line.differs]
        assert [line.label for line in lit] == ["Price"]
        assert re.sub("<.*?>", "", str(lit[0].gap)) == "+0.25 +13.35 bps"
        assert compared[0].label == "Price"

    def test_says_why_the_trades_were_paired(self, look, differing_match):
        row = factories.trade_break(match=differing_match, left_trade=None, right_trade=None)

        page = look("breaks_tradebreak_change", row.pk).content.decode()

        assert "Why they were paired" in page
        assert page.count('class="dk-bar"') >= 5

    def test_a_group_shows_every_leg_and_the_sum(self, look):
        fills = [factories.trade(source="custodian", quantity=n) for n in (600, 300)]
        match = factories.match(left=[factories.trade(quantity=1000)], right=fills)
        row = factories.trade_break(
            BreakType.QUANTITY, match=match, left_trade=None, right_trade=None
        )

        page = look("breaks_tradebreak_change", row.pk).content.decode()

        assert "Sum of 2" in page
        assert "900" in page
        assert all(fill.source_trade_id in page for fill in fills)

    def test_a_missing_trade_has_one_side(self, look):
        row = factories.trade_break(BreakType.MISSING_RIGHT)

        page = look("breaks_tradebreak_change", row.pk).content.decode()

        assert "Missing at Custodian" in page
        assert "not reported" in page

    def test_unknown_exposure_says_why(self, look):
        row = factories.trade_break(exposure_note="No FX rate from JPY to USD.")

        assert (
            "No FX rate from JPY to USD."
            in look("breaks_tradebreak_change", row.pk).content.decode()
        )

    def test_every_digit_survives(self, look):
        exact = Decimal("123456789012345678.0123456789")
        row = factories.trade_break(difference=exact, left_value=str(exact))

        page = look("breaks_tradebreak_change", row.pk).content.decode()

        assert "+123,456,789,012,345,678.0123456789" in page

    def test_costs_the_same_however_long_its_history(self, superuser, browser_as, queries):
        row = factories.trade_break()
        browser = browser_as(superuser)
        browser.get(_page(row))
        work.comment(break_id=row.pk, version=None, text="1", by=superuser, at=factories.NOW)
        few = queries(browser, _page(row))
        for n in range(12):
            work.comment(break_id=row.pk, version=None, text=str(n), by=superuser, at=factories.NOW)

        assert queries(browser, _page(row)) == few
