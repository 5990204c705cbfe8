from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DataError, connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from trades.models import Account, Counterparty, Instrument, Trade, TradeVersion
from trades.reports import TradeReport
from trades.services import load_reports

pytestmark = pytest.mark.django_db

NOW = factories.NOW
LATER = NOW + timedelta(hours=1)
REPORT = TradeReport(
    source_trade_id="T1",
    trade_date=date(2026, 3, 4),
    side="BUY",
    quantity=Decimal(100),
    price=Decimal("187.50"),
    currency="USD",
    symbol="AAPL",
    isin="US0378331005",
    counterparty_name="Goldman Sachs International",
    account_code="FUND1",
    executed_at=datetime(2026, 3, 4, 15, tzinfo=UTC),
    raw={"Id": "T1"},
)


def load(*reports, source="oms", at=NOW, delivery_id=None, **more):
    found = factories.source(source)
    return load_reports(source=found, reports=reports, delivery_id=delivery_id, at=at, **more)


def counts(outcome):
    return outcome.loaded, outcome.amended, outcome.duplicates, len(outcome.conflicts)


def state_of_trades():
    """Return everything that was loaded, as it would be dumped, without keys."""
    fields = (
        "source_trade_id", "version", "state", "digest", "price", "quantity", "instrument_id",
        "counterparty_id", "account_id",
    )  # fmt: skip
    trades = Trade.objects.order_by("source_trade_id").values(*fields)
    history = TradeVersion.objects.order_by("trade", "version")
    history = history.values("version", "digest", "values")
    return list(trades), list(history)


class TestOneTrade:
    def test_is_stored_as_reported_with_what_it_means_beside_it(self):
        assert counts(load(REPORT, delivery_id=7)) == (1, 0, 0, 0)

        trade = Trade.objects.select_related("instrument", "counterparty", "account").get()
        assert (trade.version, trade.state, trade.delivery_id) == (1, "NEW", 7)
        assert (trade.price, trade.quantity) == (Decimal("187.50"), Decimal(100))
        assert trade.raw == {"Id": "T1"}
        assert trade.digest == REPORT.digest()
        assert trade.counterparty.name == "Goldman Sachs International"
        assert trade.account.code == "FUND1"
        assert trade.executed_at == REPORT.executed_at
        assert (trade.received_at, trade.changed_at) == (NOW, NOW)

    def test_case_13_a_corrected_price_in_a_re_sent_row_is_version_2_and_keeps_version_1(self):
        load(REPORT, delivery_id=1)

        outcome = load(replace(REPORT, price=Decimal("187.55")), at=LATER, delivery_id=2)

        assert counts(outcome) == (0, 1, 0, 0)
        trade = Trade.objects.get()
        assert (trade.version, trade.state, trade.price) == (2, "AMENDED", Decimal("187.55"))
        assert (trade.received_at, trade.changed_at, trade.delivery_id) == (NOW, LATER, 2)
        before = trade.versions.get()
        assert (before.version, before.delivery_id, before.digest) == (1, 1, REPORT.digest())
        assert (before.valid_from, before.replaced_at) == (NOW, LATER)
        assert before.values["price"] == "187.5"
        assert before.values["state"] == "NEW"
        assert before.values["executed_at"] == "2026-03-04T15:00:00+00:00"
        assert before.values["raw"] == {"Id": "T1"}

    def test_a_cancellation_raises_the_version_too(self):
        load(REPORT)

        assert counts(load(replace(REPORT, state="CANCELLED"))) == (0, 1, 0, 0)

        trade = Trade.objects.get()
        assert (trade.version, trade.state) == (2, "CANCELLED")

    def test_new_amended_and_cancelled_in_one_delivery_leave_two_versions_behind(self):
        amended = replace(REPORT, price=Decimal(190), state="AMENDED")
        cancelled = replace(amended, state="CANCELLED")

        assert counts(load(cancelled, REPORT, amended)) == (1, 2, 0, 0)

        trade = Trade.objects.get()
        assert (trade.version, trade.state) == (3, "CANCELLED")
        kept = trade.versions.order_by("version")
        assert [(one.version, one.values["price"]) for one in kept] == [(1, "187.5"), (2, "190")]
        assert counts(load(REPORT, amended, cancelled)) == (0, 0, 3, 0)

    def test_rows_that_contradict_each_other_are_not_loaded_and_name_their_lines(self):
        outcome = load(REPORT, replace(REPORT, price=Decimal(1)), lines=[12, 40])

        assert counts(outcome) == (0, 0, 0, 2)
        assert "lines 12 and 40" in outcome.conflicts[0][1]
        assert not Trade.objects.exists()

    def test_one_id_at_two_sources_is_two_trades(self):
        load(REPORT)
        load(REPORT, source="custodian")

        assert Trade.objects.count() == 2
        assert (
            Instrument.objects.count()
            == Counterparty.objects.count()
            == Account.objects.count()
            == 1
        )


class TestAgain:
    """Invariant 1, below the files."""

    def test_case_12_the_same_reports_twice_reordered_or_split_change_nothing(self):
        reports = [
            replace(REPORT, source_trade_id=f"T{n}", price=Decimal(n), symbol=symbol, isin="")
            for n in range(1, 30)
            for symbol in [("AAPL", "MSFT", "BRK.A", "BRK.B")[n % 4]]
        ]
        load(*reports)
        before = state_of_trades()

        again = [load(*reports), load(*reversed(reports)), load(*reports[:7]), load(*reports[7:])]

        assert [counts(one) for one in again] == [
            (0, 0, 29, 0),
            (0, 0, 29, 0),
            (0, 0, 7, 0),
            (0, 0, 22, 0),
        ]
        assert state_of_trades() == before

    def test_an_old_file_does_not_undo_a_correction(self):
        load(REPORT)
        load(replace(REPORT, price=Decimal(190)))

        assert counts(load(REPORT)) == (0, 0, 1, 0)
        assert Trade.objects.get().price == Decimal(190)


class TestExactness:
    def test_case_17_amounts_of_24_digits_survive_to_the_digit(self):
        amount = Decimal("12345678901234.0123456789")
        load(replace(REPORT, price=amount, net_amount=-amount))
        load(replace(REPORT, price=amount, net_amount=-amount + Decimal("1E-10")))

        trade = Trade.objects.get()
        assert trade.price == amount
        assert str(trade.net_amount) == "-12345678901234.0123456788"
        assert trade.versions.get().values["net_amount"] == "-12345678901234.0123456789"


def test_a_failure_half_way_leaves_nothing():
    """Invariant 13: the second write fails, and the first is undone with it."""
    too_long = replace(REPORT, source_trade_id="T2", quantity=Decimal("1E+20"))

    with pytest.raises(DataError, match="quantity"):
        load(REPORT, too_long)

    assert not Trade.objects.exists()
    assert not Instrument.objects.exists()


@pytest.mark.parametrize("known", [False, True])
def test_the_number_of_queries_does_not_follow_the_number_of_rows(known):
    def queries(count, prefix):
        reports = [
            replace(
                REPORT,
                source_trade_id=f"{prefix}{n}",
                symbol="",
                isin="",
                cusip=("037833100", "594918104")[n % 2],
                counterparty_name=f"{prefix} party {n}",
                account_code=f"{prefix}{n}",
            )
            for n in range(count)
        ]
        if known:
            load(*reports)
            reports = [replace(report, price=Decimal(1)) for report in reports]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            load(*reports)
        # The driver runs one prepared statement for all rows of a write.
        return len([q for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    few, many = queries(20, "few"), queries(900, "many")

    assert many <= few + 12, (
        "Django's own inserts of reference rows are batched, nothing else grows"
    )
    assert many < 60
