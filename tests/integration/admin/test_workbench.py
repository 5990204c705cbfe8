"""What one break's page shows, and that it costs the same whatever there is to show."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from breaks.choices import BreakType
from breaks.models import ApprovalRequest
from breaks.services import work
from breaks.services.attaching import attach
from tests import factories


def page_of(row, name="change"):
    return reverse(f"admin:breaks_tradebreak_{name}", args=[row.pk])


def words(cell):
    return re.sub("<.*?>", "", str(cell)).strip()


def differing(**over):
    """Return a difference of a match: 187.50 against 187.25 in price, unless told otherwise."""
    return {
        "field": "price", "kind": "PRICE", "left_value": "187.50", "right_value": "187.25",
        "difference": "0.25",
    } | over  # fmt: skip


def break_of(match, break_type=BreakType.PRICE, **over):
    by_side = {leg.side: leg.trade for leg in match.legs.all()}
    sides = {"left_trade": by_side["left"], "right_trade": by_side["right"]}
    return factories.trade_break(break_type, match=match, **sides | over)


class TestComparison:
    @pytest.mark.parametrize(
        ("field", "left", "right", "shown"),
        [
            ("price", "187.50", "187.25", "+0.25 +13.35 bps"),
            ("price", "200", "100", "+100 +100%"),
            ("quantity", "100", "103", "-3 -2.913%"),
            ("net_amount", "100.5", "0", "+100.5"),
            # Pence against pounds: a part of what would be a guess.
            ("price", "10050", "100.60", "-0.1"),
        ],
    )
    def test_the_size_of_a_difference(self, look, field, left, right, shown):
        difference = "-0.1" if left == "10050" else str(Decimal(left) - Decimal(right))
        match = factories.match(
            left=[factories.trade(**{field: left})],
            right=[factories.trade(source="custodian", **{field: right})],
            differences=[differing(
                field=field, left_value=left, right_value=right, difference=difference
            )],
        )  # fmt: skip

        response = look("breaks_tradebreak_change", break_of(match, field=field).pk)

        (lit,) = [line for line in response.context["compared"]["lines"] if line.differs]
        assert words(lit.gap) == shown

    def test_a_group_lights_only_what_is_apart(self, look):
        fills = [factories.trade(source="custodian", quantity=n) for n in (600, 300)]
        match = factories.match(
            left=[factories.trade(quantity=1000)], right=fills,
            differences=[differing(
                field="quantity", kind="QUANTITY", left_value="1000", right_value="900",
                difference="100",
            )],
        )  # fmt: skip
        row = factories.trade_break(
            BreakType.QUANTITY, match=match, left_trade=None, right_trade=None
        )

        page = look("breaks_tradebreak_change", row.pk).context["page"]

        *_, summed, apart = page.main[0].rows
        assert [words(cell) for cell in summed[1:5]] == ["Sum of 2", "Buy", "900", "187.50"]
        assert [words(cell) for cell in apart[3:]] == ["+100 +11.11%", "agree", "+18,750 +11.11%"]
        assert ["dk-lit-cell" in str(cell) for cell in apart[3:]] == [True, False, False]
        assert "Apple Inc." in page.main[0].note

    def test_sales_are_compared_as_sales(self, look):
        fills = [factories.trade(source="custodian", side="SELL", quantity=n) for n in (14, 4)]
        match = factories.match(left=[factories.trade(side="SELL", quantity=19)], right=fills)
        row = factories.trade_break(
            BreakType.QUANTITY, match=match, left_trade=None, right_trade=None
        )

        rows = look("breaks_tradebreak_change", row.pk).context["page"].main[0].rows

        assert words(rows[-1][3]) == "+1 +5.556%"
        assert words(rows[-2][2]) == "Sell"

    def test_legs_in_several_currencies_have_no_sum_of_money(self, look):
        fills = [factories.trade(source="custodian", currency=c) for c in ("USD", "EUR")]
        match = factories.match(left=[factories.trade(quantity=200)], right=fills)
        row = factories.trade_break(
            BreakType.CURRENCY, match=match, left_trade=None, right_trade=None
        )

        rows = look("breaks_tradebreak_change", row.pk).context["page"].main[0].rows

        assert [words(cell) for cell in rows[-2][4:6]] == ["&ndash;", "&ndash;"]

    def test_pence_and_pounds_are_summed_in_pounds(self, look):
        fills = [
            factories.trade(source="custodian", currency="GBX", price="10050"),
            factories.trade(source="custodian", currency="GBP", price="100.50"),
        ]
        match = factories.match(
            left=[factories.trade(quantity=200, currency="GBP", price="100.50")], right=fills
        )
        row = factories.trade_break(BreakType.FEES, match=match, left_trade=None, right_trade=None)

        rows = look("breaks_tradebreak_change", row.pk).context["page"].main[0].rows

        assert words(rows[-2][4]) == "100.50"
        assert [words(cell) for cell in rows[-1][3:6]] == ["agree", "agree", "agree"]


class TestFigures:
    def test_age_and_due_are_business_time(self, look, time_machine):
        # Friday at 17:00: an hour of business is left, then the weekend.
        opened = factories.NOW + timedelta(days=1, hours=5)
        row = factories.trade_break(opened_at=opened, severity="MEDIUM")
        time_machine.move_to(opened + timedelta(days=3, hours=-8), tick=False)

        figures = dict(look("breaks_tradebreak_change", row.pk).context["page"].figures)

        assert words(figures["Age"]) == "2h 00m"
        assert words(figures["Due in"]) == "6h 00m"

    def test_an_overdue_one_says_by_how_much(self, look, time_machine):
        row = factories.trade_break(severity="CRITICAL")
        time_machine.move_to(row.due_at + timedelta(minutes=45), tick=False)

        figures = dict(look("breaks_tradebreak_change", row.pk).context["page"].figures)

        assert words(figures["Overdue by"]) == "45m"

    def test_the_hours_are_those_of_the_team(self, look, time_machine):
        night = factories.team("night", opens_at="00:00", closes_at="00:00")
        row = factories.trade_break(team=night)
        time_machine.move_to(row.opened_at + timedelta(hours=11), tick=False)

        figures = dict(look("breaks_tradebreak_change", row.pk).context["page"].figures)

        assert words(figures["Age"]) == "11h 00m"
        assert figures["Team"] == "night"


class TestBanners:
    def test_what_waits_for_a_second_person_is_said_at_the_top(self, look, analyst):
        row = factories.trade_break()
        ApprovalRequest.objects.create(
            act="ACCEPT", trade_break=row, summary="Accept 12.00 USD", reason="<rounding>",
            made_by=analyst, made_at=factories.NOW,
        )  # fmt: skip
        ApprovalRequest.objects.create(
            act="PAIR", trade_break=factories.trade_break(), summary="Of another break",
            reason="x", made_by=analyst, made_at=factories.NOW,
        )  # fmt: skip

        page = look("breaks_tradebreak_change", row.pk).content.decode()

        assert "Waits for approval: accept a break." in page
        assert "Accept 12.00 USD" in page
        assert analyst.username in page
        assert "&lt;rounding&gt;" in page
        assert "Of another break" not in page

    def test_a_proposal_is_decided_on_the_workbench(self, browser_as, analyst):
        match = factories.match(
            left=[factories.trade()], right=[factories.trade(source="custodian", price="187.25")],
            status="PROPOSED", reason="near_tie", score=0.9, differences=[differing()],
        )  # fmt: skip
        row = break_of(match)
        browser = browser_as(analyst)

        page = browser.get(page_of(row))
        assert "The pairing itself is a proposal: another fits too." in page.content.decode()
        browser.post(page_of(row, "confirm"), {"version": 1, "reason": "same order"})

        match.refresh_from_db()
        assert (match.status, match.decided_by) == ("MATCHED", analyst)

    def test_nothing_is_an_empty_box(self, look):
        row = factories.trade_break()

        response = look("breaks_tradebreak_change", row.pk)
        page = response.content.decode()

        titles = [panel.title for panel in response.context["page"].side]
        assert titles == ["About this break"]
        assert "dk-waits" not in page
        assert "dk-proposed" not in page


class TestWhoSees:
    def test_a_break_of_another_team_is_not_there(self, analyst, browser_as):
        row = factories.trade_break(team=factories.team("others"))
        mine = factories.trade_break(team=factories.team("ours", analyst))
        browser = browser_as(analyst)

        assert browser.get(page_of(mine)).status_code == 200
        for name in ("claim", "next", "previous", "candidates", "pair", "route"):
            assert browser.get(page_of(row, name)).status_code == 404, name
        assert browser.get(page_of(row)).status_code == 302
        assert browser.post(page_of(row, "claim"), {"version": 1}).status_code == 404

    def test_other_breaks_of_its_trades_are_those_one_sees(self, analyst, browser_as):
        row = factories.trade_break()
        trades = {"left_trade": row.left_trade, "right_trade": row.right_trade}
        hidden = factories.trade_break("FEES", team=factories.team("others"), **trades)
        shown = factories.trade_break("ACCOUNT", **trades)

        panels = browser_as(analyst).get(page_of(row)).context["page"].side

        others = next(panel for panel in panels if panel.title.startswith("Other breaks"))
        said = " ".join(str(cell) for line in others.rows for cell in line)
        assert page_of(shown) in said
        assert page_of(hidden) not in said

    def test_after_handing_it_to_others_one_is_in_the_queue(self, analyst, browser_as):
        row = factories.trade_break()
        others = factories.team("others")

        answer = browser_as(analyst).post(page_of(row, "route"), {"version": 1, "team": others.pk})

        assert answer.headers["Location"] == reverse("admin:breaks_tradebreak_changelist")
        row.refresh_from_db()
        assert row.team == others

    def test_a_break_is_assigned_to_who_may_see_it(self, analyst, supervisor, browser_as):
        team = factories.team("ours", analyst)
        factories.user("Analyst", username="of-others")
        factories.user("Auditor")
        row = factories.trade_break(team=team)
        factories.trade_break(assigned_to=analyst)
        factories.trade_break(assigned_to=analyst, status="RESOLVED")

        form = browser_as(supervisor).get(page_of(row, "assign")).context["form"]

        labels = [str(label) for _, label in form.fields["to"].choices][1:]
        assert labels == [f"{analyst.username} (1 open)", f"{supervisor.username} (0 open)"]


class TestTimeline:
    def test_says_where_it_was_routed_and_what_was_attached(self, look, analyst):
        row = factories.trade_break()
        night = factories.team("night", opens_at="00:00", closes_at="00:00")
        step = {"break_id": row.pk, "version": None, "by": analyst, "at": factories.NOW}
        work.route(**step, team=night, reason="after hours")
        attach(**step, name="<b>.pdf", content=b"x")

        response = look("breaks_tradebreak_change", row.pk)

        attached, routed = response.context["timeline"]
        assert attached["what"] == "Attached b.pdf"
        assert routed["what"] == "Routed from no team to night"
        assert [name for name, *_ in routed["changes"]] in ([], ["due"])


class TestCosts:
    def test_the_same_with_many_legs_breaks_files_and_requests(
        self, superuser, analyst, browser_as, queries
    ):
        def group(count):
            fills = [factories.trade(source="custodian", quantity=10) for _ in range(count)]
            match = factories.match(
                left=[factories.trade(quantity=10 * count)], right=fills,
                differences=[differing(field=name) for name in ("price", "fees")],
                alternatives=[factories.trade(source="custodian") for _ in range(count)],
            )  # fmt: skip
            row = factories.trade_break(match=match, left_trade=None, right_trade=None)
            for n in range(count):
                factories.trade_break(match=match, left_trade=None, right_trade=None)
                step = {"break_id": row.pk, "version": None, "by": analyst, "at": factories.NOW}
                attach(**step, name=f"{n}.pdf", content=b"x" * 1000)
                work.comment(**step, text=str(n))
            for act in ("ACCEPT", "PAIR")[: count - 1]:
                ApprovalRequest.objects.create(
                    act=act, trade_break=row, summary="x", reason="x", made_by=analyst,
                    made_at=factories.NOW,
                )  # fmt: skip
            return row

        few, many = group(2), group(9)
        browser = browser_as(superuser)
        browser.get(page_of(few))

        assert queries(browser, page_of(few)) == queries(browser, page_of(many))

    def test_few_queries_whatever_the_queue_holds(self, analyst, browser_as, queries):
        row = factories.trade_break(exposure="50")
        browser = browser_as(analyst)
        browser.get(page_of(row))
        alone = queries(browser, page_of(row))
        for n in range(30):
            factories.trade_break(exposure=str(n * 10))

        assert queries(browser, page_of(row)) == alone
        assert alone <= 28
