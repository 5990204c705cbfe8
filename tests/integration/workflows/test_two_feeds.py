"""Two generated feeds through the services, measured against the truth of what they hold."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from breaks.models import TradeBreak
from breaks.selectors import positions
from matching.models import Match, Reconciliation
from trades.choices import TradeState
from trades.models import Trade
from workflows.demo import answers, desk, files
from workflows.demo.reports import Report
from workflows.demo.week import DEMO, FIGURES, Shape, Week, generate

MONDAY = date(2026, 3, 2)
DAYS = [MONDAY + timedelta(days=7 * week + day) for week in range(2) for day in range(5)]
NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_the_desk(tmp_path: Path, settings) -> Callable[..., Week]:
    """Return a function that generates a week, loads it and reconciles it."""
    settings.FEED_ROOT = tmp_path / "inbox"

    def seed(*, seed: int, trades: int, shape: Shape) -> Week:
        week = generate(seed=seed, trades=trades, days=DAYS, shape=shape)
        written = files.write(week, tmp_path / "week")
        if shape.prime_broker:
            desk.load(files=written, days=week.days, by=None, at=NOW)
            return week
        desk.prepare(days=week.days, counterparties=False)
        desk.receive(path=written.oms, source="oms", by=None, at=NOW)
        desk.receive(path=written.custodian, source="custodian", by=None, at=NOW)
        desk.reconcile(code=desk.CUSTODIAN, days=week.days, by=None, at=NOW)
        return week

    return seed


def test_two_thousand_trades_reach_the_goals(on_the_desk):
    week = on_the_desk(seed=11, trades=2000, shape=FIGURES)

    judged = answers.judged(week.truth, code=desk.CUSTODIAN)

    assert judged.precision >= 0.9995, judged.wrong
    assert judged.recall >= 0.995, judged.missed
    assert judged.unfound == []
    assert len(judged.false) < 0.001 * len(week.oms), judged.false


class TestDemoWeek:
    @pytest.mark.parametrize("seed", [7, 8])
    def test_every_planted_break_of_every_type_is_found(self, on_the_desk, seed):
        week = on_the_desk(seed=seed, trades=600, shape=DEMO)

        for code in (desk.CUSTODIAN, desk.PRIME_BROKER):
            judged = answers.judged(week.truth, code=code)
            assert judged.unfound == [], code
            assert judged.wrong == [], code
        found = set(TradeBreak.objects.live().values_list("break_type", flat=True))
        assert found == {one.break_type for one in week.truth.planted}

    def test_a_near_tie_waits_for_review_and_opens_no_break(self, on_the_desk):
        week = on_the_desk(seed=7, trades=600, shape=DEMO)

        ours = [one.trade_id for one in week.oms if one.trade_id in week.truth.ambiguous]
        assert len(ours) == 2
        for trade_id in ours:
            match = Match.objects.live().get(legs__trade__source_trade_id=trade_id)
            assert (match.status, match.alternatives.count()) == ("PROPOSED", 1)
        concerned = {
            name for found in answers.breaks(code=desk.CUSTODIAN) for name in found.trade_ids
        }
        assert concerned.isdisjoint(week.truth.ambiguous)

    def test_the_late_file_clears_the_timing_break(self, on_the_desk, tmp_path):
        week = on_the_desk(seed=7, trades=600, shape=DEMO)
        timing = TradeBreak.objects.live().get(break_type="TIMING")
        written = files.Files.within(tmp_path / "week")

        desk.receive(path=written.prime_broker_late, source="prime_broker", by=None, at=NOW)
        desk.reconcile(code=desk.PRIME_BROKER, days=week.days, by=None, at=NOW)

        timing.refresh_from_db()
        assert (timing.status, timing.reason_code) == ("RESOLVED", "AUTO_CLEARED")
        left = TradeBreak.objects.live().filter(reconciliation__code=desk.PRIME_BROKER)
        assert set(left.values_list("break_type", flat=True)) == {"ACCRUED_INTEREST"}


class TestPositions:
    """Each trade in scope is in exactly one of matched, broken and pending, at every step."""

    def check(self) -> dict[str, int]:
        counted = {}
        for reconciliation in Reconciliation.objects.all():
            stand = positions(
                reconciliation=reconciliation,
                from_date=DAYS[0],
                to_date=DAYS[4] + timedelta(days=2),
            )
            assert stand.hold, (reconciliation.code, stand.nowhere, stand.several)
            counted[reconciliation.code] = stand.matched + stand.broken + stand.pending
        return counted

    def test_they_hold_through_runs_amendments_and_cancellations(self, on_the_desk, tmp_path):
        week = on_the_desk(seed=5, trades=300, shape=DEMO)
        counted = self.check()
        assert counted[desk.CUSTODIAN] == Trade.objects.exclude(
            source__code="prime_broker"
        ).count() - sum(
            1 for one in week.oms if one.state == TradeState.CANCELLED and not _matched(one)
        )

        rng = Random(3)  # noqa: S311  repeatable, not secret
        for step in range(4):
            at = NOW + timedelta(hours=step + 1)
            ours = [_changed(one, rng) for one in rng.sample(week.oms, 25)]
            theirs = [_changed(one, rng) for one in rng.sample(week.custodian, 25)]
            files.write_canonical(ours, tmp_path / f"ours-{step}.csv")
            files.write_custodian(theirs, tmp_path / f"theirs-{step}.csv")
            desk.receive(path=tmp_path / f"ours-{step}.csv", source="oms", by=None, at=at)
            self.check()
            desk.receive(path=tmp_path / f"theirs-{step}.csv", source="custodian", by=None, at=at)
            self.check()
            for code in (desk.CUSTODIAN, desk.PRIME_BROKER):
                desk.reconcile(code=code, days=week.days, by=None, at=at)
                self.check()

    def test_correcting_every_wrong_price_clears_its_break(self, on_the_desk, tmp_path):
        week = on_the_desk(seed=5, trades=300, shape=DEMO)
        ours = {one.trade_id: one for one in week.oms}
        planted = {
            one.right[0]: ours[one.left[0]]
            for one in week.truth.planted
            if one.break_type == "PRICE"
        }
        of_price = TradeBreak.objects.filter(
            break_type="PRICE", right_trade__source_trade_id__in=planted
        )
        assert of_price.live().count() == len(planted) >= 2

        corrected = [
            replace(one, price=planted[one.trade_id].price * _unit(planted[one.trade_id]))
            for one in week.custodian
            if one.trade_id in planted
        ]
        files.write_custodian(corrected, tmp_path / "corrected.csv")
        desk.receive(path=tmp_path / "corrected.csv", source="custodian", by=None, at=NOW)
        desk.reconcile(code=desk.CUSTODIAN, days=week.days, by=None, at=NOW)

        assert of_price.live().count() == 0
        assert set(of_price.values_list("reason_code", flat=True)) == {"AUTO_CLEARED"}
        self.check()


def _unit(report: Report) -> Decimal:
    return Decimal("0.01") if report.currency == "GBX" else Decimal(1)


def _matched(report: Report) -> bool:
    return Trade.objects.get(source_trade_id=report.trade_id).legs.filter(is_live=True).exists()


def _changed(report: Report, rng: Random) -> Report:
    """Return the report as its source might send it again: corrected, cancelled, or the same."""
    kind = rng.choice(("price", "quantity", "cancel", "references", "same"))
    if kind == "price":
        return replace(report, price=report.price + report.price / 100)
    if kind == "quantity":
        return replace(report, quantity=report.quantity + 1)
    if kind == "cancel":
        return replace(report, state=TradeState.CANCELLED)
    if kind == "references":
        return replace(report, execution_ref="", order_ref="")
    return report
