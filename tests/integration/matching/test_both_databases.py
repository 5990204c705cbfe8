"""What must hold of runs on SQLite and on Postgres alike, with real commits."""

from time import sleep

from django.db import transaction

from breaks.models import TradeBreak
from breaks.selectors import positions
from matching.choices import RunStatus
from matching.engine import partitions as by_homes
from matching.frames import trades_frame
from matching.models import Match, MatchLeg, ReconciliationRun, RunPartition
from matching.rules import rules_of_run
from matching.services import claims, partitions, runs
from tests import factories
from tests.both_databases import on_both
from tests.concurrency import at_once
from tests.factories import NOW, TRADE_DATE
from trades.leases import take
from workflows.services.starting import start_reconciliation

SCOPE = {"from_date": TRADE_DATE, "to_date": TRADE_DATE, "by": None, "at": NOW}


def of_twenty_requests_for_a_scope_one_wins():
    between = factories.reconciliation()
    factories.rule_set()

    answers = at_once(
        *[lambda: runs.request_run(reconciliation=between, **SCOPE) for _ in range(20)]
    )

    assert sum(isinstance(answer, ReconciliationRun) for answer in answers) == 1
    assert sum(isinstance(answer, claims.ScopeBusy) for answer in answers) == 19


def of_twenty_workers_one_claims_a_run():
    run = runs.request_run(reconciliation=factories.reconciliation(), **SCOPE)

    answers = at_once(*[lambda: claims.claim_run(run_id=run.pk, at=NOW) for _ in range(20)])

    assert sum(isinstance(answer, ReconciliationRun) for answer in answers) == 1
    assert sum(isinstance(answer, claims.RunNotClaimable) for answer in answers) == 19
    run.refresh_from_db()
    assert run.fencing_token == 1


def of_twenty_workers_one_takes_a_partition_and_one_merges_them():
    run = runs.request_run(reconciliation=factories.reconciliation(), partitions=1, **SCOPE)
    run = claims.claim_run(run_id=run.pk, at=NOW)
    for source in ("oms", "custodian"):
        factories.trade(source=source)
    left, right = (
        trades_frame(source.trades.all())
        for source in (run.reconciliation.left_source, run.reconciliation.right_source)
    )
    homes = by_homes.locate(left, right, rules_of_run(run))
    (key,) = partitions.split(run=run, homes=homes, partitions=1)

    taken = at_once(*[lambda: partitions.execute(partition_id=key, at=NOW) for _ in range(20)])
    merged = at_once(*[lambda: partitions.claim_merge(run) for _ in range(20)])

    assert sum(isinstance(answer, RunPartition) for answer in taken) == 1
    assert sum(isinstance(answer, claims.RunNotClaimable) for answer in taken) == 19
    assert merged.count(None) == 1
    assert sum(isinstance(answer, claims.RunNotClaimable) for answer in merged) == 19
    (found,) = partitions.found_at_home(run)
    assert list(found.matches["decision"]) == ["AUTO"]


def whoever_waited_for_a_row_does_not_take_it_again():
    run = runs.request_run(reconciliation=factories.reconciliation(), **SCOPE)
    # Joined to another table, as whoever asks for a partition of a running run does.
    asked = ReconciliationRun.objects.filter(pk=run.pk, reconciliation__code__gt="")

    def take_and_stay():
        with transaction.atomic():
            mine = take(asked, at=NOW)
            sleep(0.3)
            return mine

    assert sorted(at_once(take_and_stay, take_and_stay)) == [False, True]


def the_same_trades_give_the_same_matches_and_breaks():
    between = factories.reconciliation()
    large = "123456789012345678.0123456789"
    for source, price, net in (("oms", "187.50", large), ("custodian", "189.26", large)):
        factories.trade(source=source, source_trade_id=f"{source}-1", price=price, net_amount=net)
    factories.trade(source="oms", source_trade_id="oms-2", quantity=1000, order_ref="ORD-778812")
    for number, quantity in ((2, 600), (3, 300)):
        factories.trade(
            source="custodian", source_trade_id=f"custodian-{number}", quantity=quantity,
            order_ref="ORD-778812",
        )  # fmt: skip
    factories.trade(source="oms", source_trade_id="oms-4", isin="US5949181045", symbol="MSFT")

    run = start_reconciliation(reconciliation=between, inline=True, **SCOPE)

    assert run.status == RunStatus.SUCCEEDED
    kinds = Match.objects.live().order_by("kind").values_list("kind", "decision", "status")
    assert list(kinds) == [("1:1", "AUTO", "MATCHED"), ("1:N", "AUTO", "MATCHED")]
    assert MatchLeg.objects.filter(is_live=True).count() == 5
    found = TradeBreak.objects.order_by("break_type").values_list("break_type", "exposure")
    assert list(found) == [("MISSING_RIGHT", 18750), ("PRICE", 176), ("QUANTITY", 18750)]
    assert positions(reconciliation=between, from_date=TRADE_DATE, to_date=TRADE_DATE).hold


test_on_sqlite, test_on_postgres = on_both(
    of_twenty_requests_for_a_scope_one_wins,
    of_twenty_workers_one_claims_a_run,
    of_twenty_workers_one_takes_a_partition_and_one_merges_them,
    whoever_waited_for_a_row_does_not_take_it_again,
    the_same_trades_give_the_same_matches_and_breaks,
)
