"""Snapshots taken day by day while things happen, and made again of what is kept for good."""

import json
import random
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from breaks.choices import Severity
from breaks.models import TradeBreak
from breaks.services import undoing, work
from breaks.services.acting import StaleBreak
from breaks.services.lifecycle import WorkRefused
from reporting.models import DailySnapshot
from reporting.services.snapshots import FIGURES, rebuild, take
from tests import factories
from tests.both_databases import on_both
from tests.integration.breaks.conftest import PRICE, Desk
from tests.integration.workflows import days

DAYS = 4
ACTS = ("claim", "resolve", "resolve", "reopen", "await", "comment", "undo", "value")


def kept() -> list[dict]:
    rows = DailySnapshot.objects.order_by("business_date", "reconciliation")
    return list(rows.values("business_date", "reconciliation", *FIGURES))


def happen(desk: Desk, dice: random.Random, people: list) -> None:
    """Do something that a desk does, to a break at random; what is refused is refused."""
    row, by, at = dice.choice(TradeBreak.objects.order_by("pk")), dice.choice(people), desk.later()
    done = {"break_id": row.pk, "version": None, "by": by, "at": at}
    act = dice.choice(
        ["claim", "resolve", "resolve", "reopen", "await", "comment", "undo", "value"]
    )
    try:
        if act == "claim":
            work.claim(**done)
        elif act == "resolve":
            work.resolve(**done, reason_code="BOOKED")
        elif act == "reopen":
            work.reopen(**done, reason="again")
        elif act == "await":
            work.await_counterparty(**done, reason="asked")
        elif act == "comment":
            work.comment(**done, text="looked")
        elif act == "undo":
            undoing.undo(**done, reason="a slip")
        elif row.match:
            more = dice.choice(["0.25", "1.5", "90"])
            desk.differ(row.match, right_value=str(100 + float(more)), difference=more)
    except (WorkRefused, StaleBreak):
        pass


def a_week_made_again_equals_the_week_as_it_was_taken():
    desk, dice = Desk(), random.Random(11)  # noqa: S311
    people = [factories.user("Supervisor") for _ in range(2)]
    for day in range(DAYS):
        date = factories.TRADE_DATE + timedelta(days=day)
        for _ in range(3):
            desk.pair(PRICE)
        factories.run(from_date=date, left_trades=9, matched_left=day, finished_at=desk.later())
        desk.run()
        for _ in range(12):
            happen(desk, dice, people)
        desk.run()
        take(business_date=date, reconciliations=[desk.reconciliation], at=desk.later())
        happen(desk, dice, people)
        desk.later(hours=20)
    taken = kept()
    live = [one.live_count() for one in DailySnapshot.objects.all()]

    DailySnapshot.objects.update(live={}, opened=99, ended=0, exposure={}, trades=None, run=None)
    rebuild()

    assert kept() == taken
    # It could have failed: breaks came, ended and changed.
    assert len(set(live)) > 1
    assert all(one["opened"] for one in taken)
    assert sum(one["ended"] for one in taken) > DAYS
    assert len({json.dumps(one["exposure"]) for one in taken}) > 1
    assert any("IN_PROGRESS" in of for one in taken for of in one["live"].values())


def taken_twice_it_is_one_row():
    desk = Desk()
    desk.pair(PRICE)
    desk.run()
    for _ in range(2):
        take(
            business_date=factories.TRADE_DATE,
            reconciliations=[desk.reconciliation],
            at=desk.later(),
        )

    one = DailySnapshot.objects.get()
    assert (one.as_of, one.live_count()) == (desk.at, 1)
    assert one.live_count(desk.only().severity) == 1
    assert sum(one.live_count(severity) for severity in Severity.values) == 1


test_on_sqlite, test_on_postgres = on_both(
    a_week_made_again_equals_the_week_as_it_was_taken, taken_twice_it_is_one_row, commits=False
)


class TestPipeline:
    @pytest.fixture
    def desk(self, tmp_path, settings):
        settings.FEED_ROOT = tmp_path / "inbox"
        return days.Desk(settings.FEED_ROOT)

    def test_its_last_step_takes_them_and_nothing_kept_is_needed_to_make_them_again(self, db, desk):
        desk.put("oms", "1 10", "2 10", "3 10")
        desk.put("custodian", "1 10", "2 11")
        run = desk.run()

        last = run.steps.order_by("position").last()
        assert (last.kind, last.status) == ("snapshot", "SUCCEEDED")
        assert last.figures == {"snapshots": run.steps.filter(kind="reconcile").count()}
        one = DailySnapshot.objects.get(reconciliation__code="oms-custodian")
        assert (one.business_date, one.as_of) == (days.DAY, last.started_at)
        assert (one.trades, one.matched, one.live_count()) == (5, 4, 2)
        taken = kept()
        DailySnapshot.objects.all().delete()

        out = StringIO()
        call_command("rebuild_snapshots", "--json", stdout=out)

        assert kept() == taken
        assert json.loads(out.getvalue())["business_dates"] == [days.DAY.isoformat()]

    def test_a_pipeline_once_more_replaces_them(self, db, desk):
        desk.put("oms", "1 10")
        desk.put("custodian", "1 11")
        desk.run()
        desk.run(at=days.MORNING_AFTER + timedelta(hours=1))

        one = DailySnapshot.objects.get(reconciliation__code="oms-custodian")
        assert one.as_of > days.MORNING_AFTER + timedelta(hours=1)


class TestCommand:
    def test_without_a_run_it_says_so(self, db):
        out = StringIO()
        call_command("rebuild_snapshots", stdout=out)

        assert out.getvalue() == "There is no date to rebuild: no run ended well over one.\n"

    def test_a_run_by_hand_gives_a_point_of_the_line(self, db):
        factories.run(left_trades=2, right_trades=2, matched_left=1, matched_right=1)
        out = StringIO()
        call_command("rebuild_snapshots", "--from-date", "2026-03-04", stdout=out)

        assert out.getvalue() == "Rebuilt 1 snapshots, 2026-03-04 to 2026-03-04.\n"
        assert DailySnapshot.objects.get().matched == 2

    def test_dates_in_no_order_are_refused(self, db):
        with pytest.raises(CommandError, match="swap the two"):
            call_command(
                "rebuild_snapshots", "--from-date", "2026-03-04", "--to-date", "2026-03-03"
            )
