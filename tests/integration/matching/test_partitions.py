"""A run in partitions ends as one without: the rows of its partitions say how it got there."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from breaks.models import TradeBreak
from breaks.selectors import positions
from matching.choices import RunStatus
from matching.engine import partitions as by_homes
from matching.frames import trades_frame
from matching.models import Match, MatchDifference, MatchLeg, ReconciliationRun, RunPartition
from matching.rules import rules_of_run
from matching.services import claims, partitions, runs
from matching.services.refused import refused_pairs
from tests import factories
from tests.factories import NOW, TRADE_DATE
from workflows.services.starting import start_reconciliation

pytestmark = pytest.mark.django_db

IDENTIFIERS = [("US0378331005", "AAPL"), ("US5949181045", "MSFT"), ("US0231351067", "AMZN")]


@pytest.fixture
def between(db):
    """Return a reconciliation of trades over three instruments and days, some of them broken."""
    for number in range(36):
        isin, symbol = IDENTIFIERS[number % 3]
        same = {
            "isin": isin, "symbol": symbol, "trade_date": TRADE_DATE + timedelta(days=number // 12),
            "quantity": 100 + number, "order_ref": f"ORD-{7000 + number}",
        }  # fmt: skip
        factories.trade(source="oms", source_trade_id=f"O{number}", **same)
        if number % 11 == 5:
            continue
        if number % 7 == 3:
            same["price"] = Decimal("199.75")
        if number % 9 == 4:
            same["trade_date"] += timedelta(days=1)
        factories.trade(source="custodian", source_trade_id=f"C{number}", **same)
    gone = factories.trade(source="oms", source_trade_id="GONE", quantity=7, state="CANCELLED")
    factories.trade(source="custodian", quantity=7, trade_date=gone.trade_date)
    return factories.reconciliation()


def run_over(between, count):
    return start_reconciliation(
        reconciliation=between, from_date=TRADE_DATE, to_date=TRADE_DATE + timedelta(days=3),
        by=None, at=NOW, inline=True, partitions=count,
    )  # fmt: skip


def written():
    """Return what the database says of the matches and breaks, without keys."""
    legs = {}
    for match, trade in MatchLeg.objects.filter(is_live=True).values_list(
        "match_id", "trade__source_trade_id"
    ):
        legs.setdefault(match, []).append(trade)
    differences = MatchDifference.objects.values_list(
        "match_id", "field", "left_value", "right_value", "difference", "tolerance"
    )
    return (
        sorted(
            (*map(str, rest), *sorted(legs[key]))
            for key, *rest in Match.objects.live().values_list(
                "pk", "kind", "decision", "status", "pass_name", "score", "reason"
            )
        ),
        sorted(str((*rest, *sorted(legs[key]))) for key, *rest in differences),
        sorted(map(str, TradeBreak.objects.values_list("break_type", "left_value", "exposure"))),
    )


@pytest.fixture
def unpartitioned(between):
    """Return what a run without partitions writes; it is undone again."""
    from django.db import transaction

    with transaction.atomic():
        run_over(between, 1)
        found = written()
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("count", [1, 4, 16])
def test_a_run_in_partitions_writes_what_one_without_does(count, between, unpartitioned):
    run = run_over(between, count)

    assert run.status == RunStatus.SUCCEEDED
    assert written() == unpartitioned
    assert positions(reconciliation=between, from_date=run.from_date, to_date=run.to_date).hold
    assert len(unpartitioned[0]) >= 32
    assert len(unpartitioned[1]) >= 5


def test_the_rows_of_the_partitions_say_what_each_did_and_keep_nothing_more(between):
    run = run_over(between, 4)

    rows = list(run.partitions.all())
    assert run.partition_count == len(rows) == 4
    assert {row.status for row in rows} == {RunStatus.SUCCEEDED}
    assert all(row.trades for row in rows)
    assert 0 < sum(row.matched for row in rows) <= run.auto_matched + run.manual_review
    assert {bytes(row.homes) + bytes(row.outcome) for row in rows} == {b""}


def test_the_size_of_a_run_decides_where_nobody_does(between, monkeypatch):
    with transaction.atomic():
        assert run_over(between, 0).partition_count == 1
        transaction.set_rollback(True)

    monkeypatch.setattr(partitions, "USUAL_TRADES", 20)
    assert run_over(between, 0).partition_count == 4


@pytest.fixture
def split_run(between):
    """Return a claimed run with two partitions nobody has taken yet."""
    run = runs.request_run(
        reconciliation=between, from_date=TRADE_DATE, to_date=TRADE_DATE, by=None, at=NOW,
        partitions=2,
    )  # fmt: skip
    run = claims.claim_run(run_id=run.pk, at=NOW)
    left, right = (
        trades_frame(source.trades.all()) for source in (between.left_source, between.right_source)
    )
    homes = by_homes.locate(left, right, rules_of_run(run))
    partitions.split(run=run, homes=homes, partitions=2)
    return run


def test_a_worker_elsewhere_reads_the_trades_of_its_partition_itself(split_run):
    first, second = split_run.partitions.all()

    done = partitions.execute(partition_id=first.pk, at=NOW)

    assert (done.status, done.fencing_token) == (RunStatus.SUCCEEDED, 1)
    assert done.matched > 0
    legs = partitions.found_at_home(split_run)[0].legs if second.delete() else None
    assert len(legs) == 2 * done.matched


def test_partitions_are_merged_only_when_all_have_ended_and_once(split_run):
    first, second = split_run.partitions.all()
    partitions.execute(partition_id=first.pk, at=NOW)
    with pytest.raises(claims.RunNotClaimable, match="not ready to be merged"):
        partitions.claim_merge(split_run)

    partitions.execute(partition_id=second.pk, at=NOW)
    partitions.claim_merge(split_run)

    with pytest.raises(claims.RunNotClaimable, match="or it is being merged"):
        partitions.claim_merge(split_run)


def test_a_partition_is_taken_once_and_taken_over_after_its_lease(split_run):
    first = split_run.partitions.first()
    RunPartition.objects.filter(pk=first.pk).update(
        status=RunStatus.RUNNING, lease_expires_at=NOW + claims.LEASE, fencing_token=1
    )

    with pytest.raises(claims.RunNotClaimable):
        partitions.execute(partition_id=first.pk, at=NOW)
    later = NOW + claims.LEASE + timedelta(seconds=1)

    assert partitions.execute(partition_id=first.pk, at=later).fencing_token == 2


def test_no_partition_of_a_run_that_has_ended_is_taken(split_run):
    ReconciliationRun.objects.filter(pk=split_run.pk).update(status=RunStatus.FAILED)

    with pytest.raises(claims.RunNotClaimable):
        partitions.execute(partition_id=split_run.partitions.first().pk, at=NOW)


def test_a_worker_whose_partition_was_taken_over_keeps_nothing(split_run, monkeypatch):
    first = split_run.partitions.first()
    settle = by_homes.settle

    def taken_over_meanwhile(*frames, **more):
        RunPartition.objects.filter(pk=first.pk).update(fencing_token=2)
        return settle(*frames, **(more | {"on_pass": None}))

    monkeypatch.setattr(by_homes, "settle", taken_over_meanwhile)

    with pytest.raises(claims.LeaseLost):
        partitions.execute(partition_id=first.pk, at=NOW)
    first.refresh_from_db()
    assert (first.status, bytes(first.outcome)) == (RunStatus.RUNNING, b"")


def test_a_run_taken_over_splits_again_and_does_not_merge_what_was_left(split_run, between):
    later = NOW + claims.LEASE + timedelta(seconds=1)
    old = set(split_run.partitions.values_list("pk", flat=True))

    run = runs.execute_run(run_id=split_run.pk, at=later)

    assert run.status == RunStatus.SUCCEEDED
    again = set(run.partitions.values_list("pk", flat=True))
    assert len(again) == 2
    assert not old & again
    with pytest.raises(claims.RunNotClaimable):
        partitions.claim_merge(split_run)


def test_a_worker_that_lost_the_run_writes_no_partitions_for_its_successor(split_run, between):
    later = NOW + claims.LEASE + timedelta(seconds=1)
    frames = [trades_frame(source.trades.all()) for source in (between.left_source,) * 2]
    homes = by_homes.locate(*frames, rules_of_run(split_run))

    claims.claim_run(run_id=split_run.pk, at=later)

    with pytest.raises(claims.LeaseLost):
        partitions.split(run=split_run, homes=homes, partitions=2)
    assert not split_run.partitions.exists()


def test_every_pass_of_a_run_in_partitions_renews_its_lease(split_run, between):
    split_run.partitions.all().delete()
    left, right = (
        trades_frame(source.trades.all()) for source in (between.left_source, between.right_source)
    )
    told = []

    partitions.pair(
        run=split_run, left=left, right=right, rules=rules_of_run(split_run),
        refused=refused_pairs(split_run), on_pass=lambda _: None,
        on_progress=lambda step, done: told.append((done, step)),
    )  # fmt: skip

    passes = rules_of_run(split_run).passes
    steps = Counter(step for _, step in told)
    assert told == sorted(told)
    assert steps["Pairing partition 2 of 2"] == 1 + sum(step.at_home for step in passes)
    assert steps["Pairing what is left over"] == 1 + len(passes)


def test_a_run_that_fails_keeps_nothing_of_its_partitions(between, monkeypatch):
    def fails(*_frames, **_more):
        raise MemoryError("too large")

    monkeypatch.setattr(partitions.engine, "reconcile", fails)
    with pytest.raises(MemoryError):
        run_over(between, 2)

    assert {bytes(one.homes) + bytes(one.outcome) for one in RunPartition.objects.all()} == {b""}


def test_the_command_takes_the_number_of_partitions(between, capsys):
    dates = ["--from-date", str(TRADE_DATE), "--to-date", str(TRADE_DATE + timedelta(days=3))]
    named = ["--source1", "oms", "--source2", "custodian", *dates]

    call_command("reconcile", *named, "--partitions", "3", "--json")

    assert '"partitions": 3' in capsys.readouterr().out
    with pytest.raises(CommandError, match="'0' is no number from 1 to 1000"):
        call_command("reconcile", *named, "--partitions", "0")
