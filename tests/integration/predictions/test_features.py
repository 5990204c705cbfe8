"""The row a model learns from is the row it is asked with, and later data changes neither."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from breaks.choices import BreakType
from predictions.features import NAMES, features_of, features_of_sightings
from predictions.sightings import every_version
from tests import factories
from trades.models import Trade
from trades.reports import TradeReport
from trades.services.loading import load_reports

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def report(trade_id: str, chance: random.Random, at: datetime, **over) -> TradeReport:
    values = {
        "source_trade_id": trade_id,
        "trade_date": at.date(),
        "settlement_date": chance.choice([None, at.date() + 2 * DAY]),
        "executed_at": chance.choice([None, at - HOUR]),
        "side": chance.choice(["BUY", "SELL"]),
        "quantity": Decimal(chance.randint(1, 900)),
        "price": chance.choice([None, *[Decimal(chance.randint(90, 110))] * 5]),
        "currency": "USD",
        "isin": chance.choice(["US0378331005", "US5949181045"]),
        "counterparty_name": chance.choice(["", "Alpha Bank", "Beta Securities"]),
        "account_code": chance.choice(["F1", "F2"]),
    }
    return TradeReport(**values | over)


class Desk:
    """A desk that lives some days: each step is one thing that happens, and may be looked at."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.at = START
        self.sources = [factories.source("oms"), factories.source("kraken")]
        self.ids: list[tuple] = []

    def step(self) -> list[int]:
        """Let something happen; return the keys of the trades of which a version came by it."""
        self.at += self.chance.choice([HOUR, 5 * HOUR, 20 * HOUR])
        what = self.chance.random()
        if what < 0.25 and self.ids:
            self.opens_a_break()
            return []
        source = self.chance.choice(self.sources)
        ids = [trade_id for home, trade_id in self.ids if home == source]
        if what < 0.45 and ids:
            trade_id = self.chance.choice(ids)
            reports = [report(trade_id, self.chance, self.at, state="AMENDED")]
        else:
            reports = [report(f"{len(self.ids)}-{n}", self.chance, self.at) for n in range(3)]
            self.ids += [(source, one.source_trade_id) for one in reports]
        load_reports(source=source, reports=reports, delivery_id=None, at=self.at)
        named = [one.source_trade_id for one in reports]
        came = Trade.objects.filter(source=source, source_trade_id__in=named, changed_at=self.at)
        return list(came.values_list("pk", flat=True))

    def opens_a_break(self) -> None:
        trade = self.chance.choice(list(Trade.objects.all()))
        kind = self.chance.choice([BreakType.MISSING_RIGHT, BreakType.TIMING])
        found = {"opened_at": self.at, "last_seen_at": self.at, "right_trade": None}
        factories.trade_break(kind, left_trade=trade, **found)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.thorough)])
def test_a_row_learnt_from_later_is_the_row_that_was_served(seed):
    desk = Desk(seed)
    served = {}
    for _ in range(50):
        came = Trade.objects.filter(pk__in=desk.step())
        rows = features_of(came, known_at=desk.at)
        served |= {
            (key, number): rows.loc[key] for key, number in came.values_list("pk", "version")
        }

    sights = every_version(Trade.objects.all())
    learnt = features_of_sightings(sights)

    assert len(learnt) == len(served) > 60
    assert (sights["version"] > 1).sum() > 5
    for place, (key, version) in enumerate(
        zip(sights["trade"].tolist(), sights["version"].tolist(), strict=True)
    ):
        pd.testing.assert_series_equal(
            learnt.iloc[place], served[key, version], check_names=False, check_exact=True
        )
    assert learnt["counterparty_rate"].nunique() > 10
    assert learnt["price_off_range_pct"].notna().any()
    assert (learnt["counterparty_last_break_days"] > 0).any()


def test_what_comes_later_changes_nothing():
    desk = Desk(3)
    for _ in range(25):
        desk.step()
    moment, trades = desk.at, list(Trade.objects.values_list("pk", flat=True))
    before = features_of(Trade.objects.filter(pk__in=trades), known_at=moment)

    for _ in range(40):
        desk.step()

    after = features_of(Trade.objects.filter(pk__in=trades), known_at=moment)
    assert Trade.objects.filter(pk__in=trades, changed_at__gt=moment).exists()
    pd.testing.assert_frame_equal(after, before, check_exact=True)


def test_a_break_counts_from_when_it_was_opened_and_not_from_its_trade_s_date():
    old = factories.trade(received_at=START - 9 * DAY, changed_at=START - 9 * DAY)
    trade = factories.trade(received_at=START, changed_at=START)
    factories.trade_break(
        BreakType.MISSING_RIGHT, left_trade=old, opened_at=START + HOUR, last_seen_at=START + HOUR
    )
    only = Trade.objects.filter(pk=trade.pk)

    known = features_of(only, known_at=START + HOUR - timedelta(microseconds=1)).iloc[0]
    then = features_of(only, known_at=START + HOUR).iloc[0]

    assert np.isnan(known["counterparty_last_break_days"])
    assert then["counterparty_last_break_days"] == 0
    for name in ("source_rate", "counterparty_rate", "account_rate", "instrument_rate"):
        assert then[name] > known[name]


def test_a_late_file_and_the_trade_s_own_break_count_for_nothing():
    trade = factories.trade(received_at=START, changed_at=START)
    other = factories.trade(received_at=START - DAY, changed_at=START - DAY)
    only = Trade.objects.filter(pk=trade.pk)
    before = features_of(only, known_at=START + DAY)
    for kind, of in ((BreakType.TIMING, other), (BreakType.MISSING_RIGHT, trade)):
        found = {"opened_at": START, "last_seen_at": START, "right_trade": None}
        factories.trade_break(kind, left_trade=of, **found)

    after = features_of(only, known_at=START + DAY)

    rates = [name for name in NAMES if name.endswith("_rate")]
    pd.testing.assert_frame_equal(after[rates], before[rates])


def test_rates_are_drawn_towards_that_of_all():
    for number in range(40):
        at = START - DAY * 5
        one = factories.trade(counterparty_name=f"Bank {number % 2}", received_at=at, changed_at=at)
        if number % 4 == 0:
            factories.trade_break(
                BreakType.MISSING_RIGHT, left_trade=one, opened_at=START - DAY, last_seen_at=START
            )
    bad = factories.trade(counterparty_name="Bank 0", received_at=START, changed_at=START)
    new = factories.trade(counterparty_name="Newcomer", received_at=START, changed_at=START)

    rows = features_of(Trade.objects.filter(pk__in=[bad.pk, new.pk]), known_at=START)

    usual = (10 + 1) / (40 + 50)
    assert rows.loc[bad.pk, "counterparty_rate"] == pytest.approx((10 + 50 * usual) / (20 + 50))
    assert rows.loc[new.pk, "counterparty_rate"] == pytest.approx(usual)


def test_a_price_is_held_against_the_last_ones_of_its_instrument():
    for number in range(20):
        at = START - DAY * 2 + timedelta(minutes=number)
        factories.trade(price=str(100 + number % 3), received_at=at, changed_at=at)
    inside, above = (
        factories.trade(price=price, received_at=START, changed_at=START)
        for price in ("101", "112.2")
    )
    other_money = factories.trade(price="9999", currency="EUR", received_at=START, changed_at=START)

    off = features_of(Trade.objects.filter(pk__gte=inside.pk))["price_off_range_pct"]

    assert off[inside.pk] == 0
    assert off[above.pk] == pytest.approx(10)
    assert np.isnan(off[other_money.pk])


def test_a_trade_that_is_not_saved_is_described_as_one_that_is():
    saved = factories.trade(received_at=START, changed_at=START)
    copy = Trade.objects.get(pk=saved.pk)
    copy.pk = None

    rows = features_of([copy, copy], known_at=START)

    assert rows.index.tolist() == [-1, -2]
    expected = features_of(Trade.objects.filter(pk=saved.pk), known_at=START)
    pd.testing.assert_series_equal(rows.iloc[0], expected.iloc[0], check_names=False)


def test_no_trades_are_no_rows():
    rows = features_of(Trade.objects.none(), known_at=START)

    assert rows.empty
    assert tuple(rows.columns) == NAMES


def test_the_number_of_queries_does_not_follow_the_number_of_trades():
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            features_of(Trade.objects.all(), known_at=START + DAY)
        return len(caught)

    for number in range(2):
        factories.trade(received_at=START, changed_at=START, account_code=f"A{number}")
    few = queries()
    for number in range(30):
        factories.trade(received_at=START, changed_at=START, account_code=f"B{number}")

    assert queries() == few


def test_what_is_kept_of_ended_days_is_read_again_when_trades_came(settings):
    settings.PREDICTION_HISTORY_SECONDS = 600
    now = timezone.now()
    factories.trade(received_at=now - 3 * DAY, changed_at=now - 3 * DAY)
    trade = factories.trade(received_at=now, changed_at=now)
    only = Trade.objects.filter(pk=trade.pk)
    first = features_of(only, known_at=now)
    with CaptureQueriesContext(connection) as again:
        second = features_of(only, known_at=now)
    with CaptureQueriesContext(connection) as later:
        features_of(only, known_at=now + 2 * DAY)

    pd.testing.assert_frame_equal(first, second)
    assert len(again) <= len(later)
