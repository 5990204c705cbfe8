"""One break per disagreement, alive from run to run."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from breaks.deadlines import due_after
from breaks.models import BreakEvent, ExposureThreshold, TradeBreak
from breaks.services import history, opening, work
from breaks.services.writing import Written, write_rows
from matching.choices import MatchStatus
from matching.models import MatchDifference
from tests import factories
from tests.integration.breaks.conftest import PRICE, dump


def test_three_runs_over_an_unmatched_trade_are_one_break_seen_three_times(desk):
    desk.left()
    first = factories.run(reconciliation=desk.reconciliation)
    desk.run(first)
    opened = desk.at
    desk.run()

    desk.run()

    row = desk.only()
    assert (row.times_seen, row.version, row.status) == (3, 1, "OPEN")
    assert (row.opened_at, row.last_seen_at) == (opened, desk.at)
    assert row.first_run == first
    assert row.last_run != first
    assert desk.kinds() == ["OPENED"]


def test_the_same_run_again_changes_and_counts_nothing(desk):
    desk.left()
    desk.pair(PRICE)
    desk.pair(status=MatchStatus.PROPOSED)
    run = factories.run(reconciliation=desk.reconciliation)
    count = desk.run(run)
    before = dump()

    assert desk.run(run) == count == 2
    assert dump() == before


def test_a_changed_value_is_the_same_break_with_its_story(desk, price_break):
    desk.differ(price_break.match, right_value="100", difference=Decimal("87.5"))

    desk.run()

    row = desk.only()
    assert (row.pk, row.version, row.times_seen) == (price_break.pk, 2, 2)
    assert (row.right_value, row.difference, row.exposure) == ("100", Decimal("87.5"), 8750)
    event = row.events.get(kind="VALUES_CHANGED")
    assert event.detail == {
        "right_value": ["187", "100"],
        "difference": ["0.5", "87.5"],
        "exposure": ["50", "8750"],
        "severity": ["MEDIUM", "HIGH"],
    }


def test_a_match_made_anew_of_the_same_trades_is_the_same_break(desk, price_break):
    old = price_break.match
    desk.part(old)
    new = desk.pair(PRICE, left=[price_break.left_trade], right=[price_break.right_trade])

    desk.run()

    row = desk.only()
    assert (row.pk, row.match, row.version) == (price_break.pk, new, 1)


def test_clears_by_itself_when_the_difference_is_gone(desk, price_break):
    price_break.match.differences.all().delete()

    assert desk.run() == 0

    row = desk.only()
    assert (row.status, row.reason_code, row.resolved_by) == ("RESOLVED", "AUTO_CLEARED", None)
    assert row.resolved_at == desk.at
    event = row.events.last()
    assert (event.kind, event.from_status, event.to_status) == ("AUTO_CLEARED", "OPEN", "RESOLVED")
    assert event.by is None
    assert desk.positions().matched == 2


@pytest.mark.parametrize("status", ["IN_PROGRESS", "AWAITING_COUNTERPARTY", "ESCALATED"])
def test_clears_by_itself_whoever_works_on_it(desk, price_break, analyst, status):
    TradeBreak.objects.update(assigned_to=analyst)
    ask = {"break_id": price_break.pk, "version": None, "by": analyst, "at": desk.at}
    if status == "IN_PROGRESS":
        work.claim(**ask)
    elif status == "ESCALATED":
        work.escalate(**ask, reason="r")
    else:
        work.await_counterparty(**ask, reason="r")
    price_break.match.differences.all().delete()

    desk.run()

    assert desk.only().reason_code == "AUTO_CLEARED"
    assert desk.only().assigned_to == analyst


def test_a_missing_trade_clears_when_its_counterpart_comes(desk):
    left = desk.left()
    desk.run()
    desk.pair(left=[left])

    assert desk.run() == 0
    assert desk.only().status == "RESOLVED"


def test_a_cleared_break_that_comes_back_re_opens_the_same_row(desk, price_break):
    price_break.match.differences.all().delete()
    desk.run()
    MatchDifference.objects.create(
        match=price_break.match, **PRICE | {"difference": Decimal("0.5")}
    )

    assert desk.run() == 1

    row = desk.only()
    assert (row.pk, row.status, row.reason_code, row.resolved_at) == (
        price_break.pk,
        "OPEN",
        "",
        None,
    )
    assert row.times_seen == 2
    assert desk.kinds() == ["OPENED", "AUTO_CLEARED", "REOPENED"]


class TestEndedByAPerson:
    def ask(self, desk, row, by):
        return {"break_id": row.pk, "version": None, "by": by, "at": desk.at}

    def test_resolved_and_still_there_it_re_opens_in_the_next_run(self, desk, price_break, analyst):
        TradeBreak.objects.update(due_at=desk.at, assigned_to=analyst)
        work.resolve(**self.ask(desk, price_break, analyst), reason_code="SOURCE_CORRECTED")

        assert desk.run() == 1

        row = desk.only()
        assert (row.status, row.times_seen) == ("OPEN", 2)
        assert row.due_at == due_after("MEDIUM", desk.at)
        assert row.assigned_to == analyst
        assert row.events.last().kind == "REOPENED"

    def test_resolved_after_the_run_saw_it_that_run_does_not_re_open_it(
        self, desk, price_break, analyst
    ):
        work.resolve(**self.ask(desk, price_break, analyst), reason_code="SOURCE_CORRECTED")

        assert desk.run(price_break.last_run) == 0
        assert desk.only().status == "RESOLVED"

    def test_resolved_and_gone_it_stays_resolved(self, desk, price_break, analyst):
        work.resolve(**self.ask(desk, price_break, analyst), reason_code="SOURCE_CORRECTED")
        price_break.match.differences.all().delete()

        desk.run()

        row = desk.only()
        assert (row.reason_code, row.resolved_by, row.version) == ("SOURCE_CORRECTED", analyst, 2)

    def test_accepted_it_stays_so_for_those_very_values(self, desk, price_break, supervisor):
        work.accept(**self.ask(desk, price_break, supervisor), comment="small")

        assert desk.run() == 0
        assert desk.run() == 0

        row = desk.only()
        assert (row.status, row.times_seen, row.version) == ("ACCEPTED", 3, 2)
        assert desk.positions().matched == 2

    @pytest.mark.parametrize(
        "changed", [{"left_value": "188"}, {"right_value": "1"}, {"difference": Decimal("0.6")}]
    )
    def test_accepted_it_re_opens_when_a_value_changes(
        self, desk, price_break, supervisor, changed
    ):
        work.accept(**self.ask(desk, price_break, supervisor), comment="small")
        desk.differ(price_break.match, **changed)

        assert desk.run() == 1

        row = desk.only()
        assert (row.status, row.reason_code, row.resolved_by) == ("OPEN", "", None)
        assert set(changed) <= set(row.events.last().detail)

    def test_accepted_its_severity_may_change_without_re_opening_it(
        self, desk, price_break, supervisor
    ):
        work.accept(**self.ask(desk, price_break, supervisor), comment="small")
        ExposureThreshold.objects.filter(severity="CRITICAL").update(at_least=Decimal(1))

        desk.run()

        assert (desk.only().status, desk.only().severity) == ("ACCEPTED", "CRITICAL")

    def test_accepted_and_gone_it_clears_and_is_news_when_it_returns(
        self, desk, price_break, supervisor
    ):
        work.accept(**self.ask(desk, price_break, supervisor), comment="small")
        match = price_break.match
        match.differences.all().delete()
        desk.run()
        assert desk.only().reason_code == "AUTO_CLEARED"
        MatchDifference.objects.create(match=match, **PRICE | {"difference": Decimal("0.5")})

        assert desk.run() == 1

    def test_an_accepted_missing_trade_re_opens_when_it_is_amended(self, desk, supervisor):
        trade = desk.left()
        desk.run()
        work.accept(**self.ask(desk, desk.only(), supervisor), comment="fee trade")
        desk.run()
        assert desk.only().status == "ACCEPTED"
        trade.quantity = Decimal(7)
        trade.save()

        desk.run()

        assert desk.only().status == "OPEN"
        assert desk.only().left_value.startswith("BUY 7 ")


class TestAPersonWorksMeanwhile:
    """A write between a run's read and its write: the person's newer state is never lost."""

    def test_a_row_that_moved_on_is_not_written(self, desk, price_break, analyst):
        stale = desk.only()
        work.claim(break_id=price_break.pk, version=1, by=analyst, at=desk.at)
        stale.severity = "LOW"
        stale.version = 2

        assert write_rows([Written(stale, 1)]) == 0
        assert (desk.only().status, desk.only().severity) == ("IN_PROGRESS", "MEDIUM")

    def test_what_a_person_did_since_the_run_looked_is_kept(
        self, desk, price_break, analyst, monkeypatch
    ):
        real = opening.wanted_in

        def meanwhile(**given):
            work.claim(break_id=price_break.pk, version=1, by=analyst, at=desk.at)
            return real(**given)

        monkeypatch.setattr(opening, "wanted_in", meanwhile)
        desk.differ(price_break.match, right_value="100")
        run = factories.run(reconciliation=desk.reconciliation)

        assert opening.open_breaks(run=run, at=desk.later()) == 1

        row = desk.only()
        assert (row.status, row.assigned_to) == ("IN_PROGRESS", analyst)
        assert (row.right_value, row.times_seen, row.version) == ("100", 2, 3)
        assert list(history.verify()) == []

    def test_the_update_looks_again(self, desk, price_break, monkeypatch):
        real, misses = opening.write_rows, [1]

        def missed_once(rows):
            return 0 if misses and misses.pop() else real(rows)

        monkeypatch.setattr(opening, "write_rows", missed_once)
        desk.differ(price_break.match, right_value="100")
        run = factories.run(reconciliation=desk.reconciliation)

        assert opening.open_breaks(run=run, at=desk.later()) == 1

        row = desk.only()
        assert (row.right_value, row.times_seen, row.version) == ("100", 2, 2)

    def test_a_break_that_never_holds_still_stops_the_update_and_writes_nothing(
        self, desk, price_break, monkeypatch
    ):
        monkeypatch.setattr(opening, "write_rows", lambda _: 0)
        desk.differ(price_break.match, right_value="100")
        before = dump()
        run = factories.run(reconciliation=desk.reconciliation)

        with pytest.raises(opening.BreaksMoved, match="Run it again"):
            opening.open_breaks(run=run, at=desk.later())

        assert dump() == before


def test_a_failing_history_takes_everything_back(desk, monkeypatch):
    desk.left()
    desk.pair(status=MatchStatus.PROPOSED)
    before = dump()
    monkeypatch.setattr(opening.history, "_digest", lambda _: None)

    with pytest.raises(Exception, match="NOT NULL"):
        desk.run()

    assert dump() == before


def test_the_number_of_queries_does_not_grow_with_the_rows(desk):
    def queries(more):
        for _ in range(more):
            desk.left()
            desk.pair(PRICE)
            desk.pair(status=MatchStatus.PROPOSED)
        run = factories.run(reconciliation=desk.reconciliation)
        with CaptureQueriesContext(connection) as captured:
            opening.open_breaks(run=run, at=desk.later())
        return len(captured)

    queries(1)
    few = queries(1)
    many = queries(14)
    assert many == few
    again = factories.run(reconciliation=desk.reconciliation)
    with CaptureQueriesContext(connection) as captured:
        opening.open_breaks(run=again, at=desk.later())
    assert len(captured) <= few
    assert TradeBreak.objects.count() == BreakEvent.objects.count() == 32
