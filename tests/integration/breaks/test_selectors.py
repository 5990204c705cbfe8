"""Lists, the export, and the audit that every trade is accounted for."""

import copy
import csv
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from breaks import selectors
from breaks.models import PendingTrade, TradeBreak
from breaks.services import work
from breaks.spreadsheet import COLUMNS
from matching.choices import MatchStatus
from matching.models import Match
from tests import factories
from tests.integration.breaks.conftest import PRICE


class TestPositionsHasTeeth:
    @pytest.fixture(autouse=True)
    def _desk(self, desk):
        self.agreed, self.differing = desk.pair(), desk.pair(PRICE)
        self.proposal = desk.pair(status=MatchStatus.PROPOSED)
        self.lone = desk.left()
        desk.run()
        self.desk = desk
        found = desk.positions()
        assert (found.matched, found.broken, found.pending) == (2, 3, 2)

    def legs(self, match):
        return tuple(sorted(match.legs.values_list("trade", flat=True)))

    def test_a_trade_nobody_looked_at_is_nowhere(self):
        late = self.desk.right()
        found = self.desk.positions()
        assert (found.nowhere, found.several, found.hold) == ((late.pk,), (), False)

    def test_a_match_taken_apart_behind_its_back(self):
        self.desk.part(self.agreed)
        assert self.desk.positions().nowhere == self.legs(self.agreed)

    def test_a_difference_nobody_opened(self):
        factories.MatchDifference.objects.create(match=self.agreed, field="fees", kind="FEES")
        assert self.desk.positions().nowhere == self.legs(self.agreed)

    def test_a_difference_whose_break_cleared_though_it_is_there(self):
        TradeBreak.objects.filter(match=self.differing).update(
            status="RESOLVED", reason_code="AUTO_CLEARED", resolved_at=factories.NOW
        )
        assert self.desk.positions().nowhere == self.legs(self.differing)

    def test_a_lost_pending_row(self):
        PendingTrade.objects.all().delete()
        assert self.desk.positions().nowhere == self.legs(self.proposal)

    def test_matched_and_pending(self):
        trade = self.agreed.legs.first().trade
        PendingTrade.objects.create(
            reconciliation=self.desk.reconciliation, trade=trade, reason="REVIEW"
        )
        assert self.desk.positions().several == (trade.pk,)

    def test_broken_and_pending(self):
        PendingTrade.objects.create(
            reconciliation=self.desk.reconciliation, trade=self.lone, reason="GRACE"
        )
        assert self.desk.positions().several == (self.lone.pk,)

    def test_matched_and_missing(self):
        trade = self.agreed.legs.get(side="left").trade
        factories.trade_break("MISSING_RIGHT", left_trade=trade, right_trade=None)
        assert self.desk.positions().several == (trade.pk,)

    def test_what_a_person_ended_is_still_accounted_for(self, analyst):
        ask = {"version": None, "by": analyst, "at": factories.NOW}
        missing = TradeBreak.objects.get(left_trade=self.lone)
        price = TradeBreak.objects.get(match=self.differing)
        work.accept(break_id=missing.pk, comment="c", **ask)
        work.resolve(break_id=price.pk, reason_code="BOOKED", **ask)

        found = self.desk.positions()

        assert found.hold
        assert (found.matched, found.broken, found.pending) == (4, 1, 2)

    def test_an_ended_break_of_a_match_that_is_no_more_accounts_for_nothing(self, analyst):
        price = TradeBreak.objects.get(match=self.differing)
        work.resolve(
            break_id=price.pk, version=1, reason_code="BOOKED", by=analyst, at=factories.NOW
        )
        self.desk.part(self.differing)
        assert self.desk.positions().nowhere == self.legs(self.differing)

    def test_its_queries_do_not_grow_with_the_trades(self):
        with CaptureQueriesContext(connection) as few:
            self.desk.positions()
        for _ in range(10):
            self.desk.pair(PRICE)
        self.desk.run()
        with CaptureQueriesContext(connection) as many:
            self.desk.positions()
        assert len(many) == len(few) <= 12


class TestLists:
    def test_a_row_of_a_list_costs_no_query(self, desk):
        for _ in range(5):
            desk.pair(PRICE)
        desk.run()
        with CaptureQueriesContext(connection) as captured:
            for row in TradeBreak.objects.live().with_trades():
                assert str(row.left_trade.instrument)
                assert str(row.right_trade.counterparty)
                assert str(row.reconciliation.left_source)
        assert len(captured) == 1

    def test_the_timeline_is_in_order_with_who(self, desk, price_break, analyst):
        work.claim(break_id=price_break.pk, version=1, by=analyst, at=desk.at)
        assert [(e.kind, e.by) for e in selectors.timeline(price_break)] == [
            ("OPENED", None),
            ("STATUS_CHANGED", analyst),
        ]


@pytest.mark.usefixtures("desk")
class TestExport:
    def export(self, *arguments: str) -> list[dict[str, str]]:
        out = StringIO(newline="")
        call_command("export_breaks", *arguments, stdout=out)
        reader = csv.DictReader(StringIO(out.getvalue(), newline=""))
        assert tuple(reader.fieldnames) == COLUMNS
        return list(reader)

    def test_a_pair(self, price_break):
        [line] = self.export()
        assert line == {
            "id": str(price_break.pk),
            "break_type": "PRICE",
            "field": "price",
            "severity": "MEDIUM",
            "status": "OPEN",
            "source1_trade_id": price_break.left_trade.source_trade_id,
            "source2_trade_id": price_break.right_trade.source_trade_id,
            "left_value": "187.5",
            "right_value": "187",
            "difference": "0.5",
            "exposure": "50",
            "currency": "USD",
            "opened_at": price_break.opened_at.isoformat(),
        }

    def test_a_group_joins_its_trades(self, desk):
        fills = [desk.right(source_trade_id=name) for name in ("F1", "F2")]
        desk.pair(PRICE, left=[desk.left(source_trade_id="B")], right=fills)
        desk.run()

        [line] = self.export()

        assert (line["source1_trade_id"], line["source2_trade_id"]) == ("B", "F1;F2")

    def test_formulas_are_escaped_and_numbers_are_not(self, desk):
        left = desk.left(source_trade_id='=HYPERLINK("http://x","y")', symbol="+A\rB")
        desk.pair(
            PRICE | {"left_value": "-1", "right_value": "@x", "difference": "-0.5"}, left=[left]
        )
        desk.run()

        [line] = self.export()

        assert line["source1_trade_id"] == '\'=HYPERLINK("http://x","y")'
        assert (line["left_value"], line["right_value"]) == ("-1", "'@x")
        assert line["difference"] == "-0.5"

    def test_unknown_exposure_is_empty_and_every_digit_is_there(self):
        factories.trade_break(exposure=None, difference="123456789012345678.0123456789")
        [line] = self.export()
        assert (line["exposure"], line["difference"]) == ("", "123456789012345678.0123456789")

    def test_open_leaves_out_what_has_ended(self):
        for status in ("OPEN", "ESCALATED", "RESOLVED", "ACCEPTED"):
            factories.trade_break(status=status)
        assert [line["status"] for line in self.export("--open")] == ["OPEN", "ESCALATED"]
        assert len(self.export()) == 4

    def test_nothing_is_a_header(self):
        assert self.export() == []

    def test_to_a_file(self, tmp_path):
        factories.trade_break()
        path, said = tmp_path / "breaks.csv", StringIO()
        call_command("export_breaks", output=path, stderr=said)
        assert path.read_text().count("\n") == 2
        assert said.getvalue() == f"1 breaks written to {path}\n"

    def test_to_a_place_that_cannot_be_written_says_so(self, tmp_path):
        with pytest.raises(CommandError, match=r"No such file or directory\. Name a file"):
            call_command("export_breaks", output=tmp_path / "no" / "breaks.csv")

    def test_its_queries_do_not_grow_with_the_breaks(self, desk):
        fills = [desk.right(), desk.right()]
        for _ in range(4):
            desk.pair(PRICE, right=[desk.right(), desk.right()])
        desk.pair(PRICE, right=fills)
        desk.run()
        with CaptureQueriesContext(connection) as captured:
            assert len(self.export()) == 5
        assert len(captured) <= 3

    def test_more_matches_than_sqlite_takes_conditions(self, price_break):
        matches = [copy.copy(price_break.match) for _ in range(1_100)]
        breaks = [copy.copy(price_break) for _ in matches]
        for number, (match, row) in enumerate(zip(matches, breaks, strict=True)):
            match.pk = row.pk = None
            row.match, row.fingerprint = match, f"{number:064x}"
        Match.objects.bulk_create(matches)
        TradeBreak.objects.bulk_create(breaks)

        assert len(self.export()) == 1_101
