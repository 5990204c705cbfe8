"""What a run costs in statements, and what a second one reads, on both databases."""

from datetime import timedelta
from importlib import import_module
from unittest.mock import patch

from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from breaks.models import TradeBreak
from breaks.selectors import positions
from matching.frames import trades_frame
from matching.models import Match, MatchLeg
from matching.services import bulk
from tests import factories
from tests.both_databases import on_both
from tests.factories import NOW, TRADE_DATE
from trades.models import Trade
from workflows.services.starting import start_reconciliation

OTHER = {"isin": "US5949181045", "symbol": "MSFT"}


def reconcile(between):
    run = start_reconciliation(
        reconciliation=between, from_date=TRADE_DATE, to_date=TRADE_DATE, by=None, at=NOW,
        inline=True,
    )  # fmt: skip
    assert positions(reconciliation=between, from_date=TRADE_DATE, to_date=TRADE_DATE).hold
    return run


def read_by(between):
    """Return the trades that a run gives to the engine."""
    read: set[int] = set()

    def seen(trades):
        frame = trades_frame(trades)
        read.update(frame.index)
        return frame

    with patch("matching.services.pairing.trades_frame", seen):
        reconcile(between)
    return read


def pair(number, **right):
    alike = {"execution_ref": f"EX-{number:06}", "quantity": 100 + number}
    left = factories.trade(source="oms", source_trade_id=f"L{number}", **alike)
    other = factories.trade(source="custodian", source_trade_id=f"R{number}", **alike | right)
    return left, other


def the_number_of_queries_does_not_grow_with_the_trades():
    # Whether one of few matches is drawn is chance; of all of them some are.
    between = factories.reconciliation(qa_share_bps=10_000)
    counts = []
    for rows in (range(3), range(3, 6), range(6, 60)):
        for number in rows:
            pair(number)
            pair(1000 + number, price="199.99")
            factories.trade(source="oms", source_trade_id=f"alone-{number}", **OTHER)
        Match.objects.all().delete()
        with CaptureQueriesContext(connection) as captured:
            reconcile(between)
        counts.append(len(captured))

    assert Match.objects.live().count() == 120
    assert TradeBreak.objects.live().count() == 120
    assert counts[2] == counts[1]


def a_second_run_reads_what_is_unmatched_amended_or_new():
    between = factories.reconciliation()
    agreed = [pair(number) for number in range(5)]
    differing = pair(10, price="199.99")
    alone = factories.trade(source="oms", source_trade_id="alone", **OTHER)
    reconcile(between)
    kept = list(Match.objects.live().order_by("pk").values_list("pk", flat=True))

    assert read_by(between) == {alone.pk, *(trade.pk for trade in differing)}
    assert list(Match.objects.live().order_by("pk").values_list("pk", flat=True)) == kept

    amended = agreed[0][1]
    Trade.objects.filter(pk=amended.pk).update(price="188.80", version=2, state="AMENDED")
    new = factories.trade(source="custodian", source_trade_id="new", **OTHER)

    expected = {alone.pk, new.pk, *(trade.pk for trade in (*differing, *agreed[0]))}
    assert read_by(between) == expected
    legs = MatchLeg.objects.filter(is_live=True)
    assert set(legs.filter(trade=amended).values_list("trade_version", flat=True)) == {2}
    assert legs.get(trade=alone).match_id == legs.get(trade=new).match_id


def a_match_keeps_the_dates_of_its_trades():
    between = factories.reconciliation()
    _, right = pair(1, trade_date=TRADE_DATE + timedelta(days=1))
    reconcile(between)

    match = Match.objects.live().get()
    assert (match.first_trade_date, match.last_trade_date) == (TRADE_DATE, right.trade_date)


def the_migration_finds_the_dates_of_older_matches():
    match = factories.match(
        left=[factories.trade(trade_date=TRADE_DATE + timedelta(days=2))],
        right=[factories.trade(source="custodian")],
        first_trade_date=NOW.date(),
        last_trade_date=NOW.date(),
    )

    import_module("matching.migrations.0003_trade_dates_of_matches").fill_dates(apps, None)

    match.refresh_from_db()
    dates = (match.first_trade_date, match.last_trade_date)
    assert dates == (TRADE_DATE, TRADE_DATE + timedelta(days=2))


def a_trade_amended_to_another_date_takes_its_partner_along():
    """The dates compared no longer tell: both the old day's and the new day's run see the match."""
    between = factories.reconciliation()
    left, right = pair(1)
    reconcile(between)
    Match.objects.update(first_trade_date=TRADE_DATE - timedelta(days=9),
                         last_trade_date=TRADE_DATE - timedelta(days=9))  # fmt: skip
    Trade.objects.filter(pk=right.pk).update(version=2, state="AMENDED")

    assert read_by(between) == {left.pk, right.pk}


def large_writes_refresh_the_statistics():
    between = factories.reconciliation()
    pair(1)
    with patch.object(bulk, "MANY", 1), CaptureQueriesContext(connection) as captured:
        reconcile(between)

    analysed = [query for query in captured if query["sql"].startswith("ANALYZE")]
    assert len(analysed) == (connection.vendor == "postgresql")


test_on_sqlite, test_on_postgres = on_both(
    the_number_of_queries_does_not_grow_with_the_trades,
    a_second_run_reads_what_is_unmatched_amended_or_new,
    a_match_keeps_the_dates_of_its_trades,
    the_migration_finds_the_dates_of_older_matches,
    a_trade_amended_to_another_date_takes_its_partner_along,
    large_writes_refresh_the_statistics,
)
