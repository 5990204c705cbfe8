"""Invariant 1, twice at once: threads with connections of their own, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from connectors.models import Delivery
from connectors.services import receive_file
from tests import factories
from trades.models import (
    Account,
    Counterparty,
    Instrument,
    InstrumentIdentifier,
    Trade,
    TradeVersion,
)

HEADER = "trade_id,trade_date,isin,cusip,side,quantity,counterparty,account\n"
ISINS = ("US0378331005", "US5949181045", "GB0002634946", "DE0007164600")


def rows(count, by_cusip):
    for n in range(count):
        isin = ISINS[n % len(ISINS)]
        cusip = isin[2:11] if by_cusip and isin.startswith("US") else ""
        identifiers = f",{cusip}" if cusip else f"{isin},"
        yield f"T{n},2026-03-04,{identifiers},BUY,{n + 1},Party {n % 7} Ltd,A{n % 5}\n"


def run_together(tmp_path, sources):
    files = []
    for turn, (code, by_cusip) in enumerate(sources):
        path = tmp_path / f"{turn}.csv"
        path.write_text(HEADER + "".join(rows(200, by_cusip)))
        files.append((path, factories.source(code)))

    def receive(job):
        try:
            return receive_file(path=job[0], source=job[1], by=None, at=factories.NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(files)) as pool:
        return list(pool.map(receive, files))


def assert_one_of_each(deliveries, sources):
    assert [one.error for one in deliveries] == [""] * len(deliveries)
    assert Trade.objects.count() == 200 * len(sources)
    assert sum(one.loaded for one in deliveries) == 200 * len(sources)
    assert sum(one.amended + one.rejected for one in deliveries) == 0
    assert not TradeVersion.objects.exists()
    assert Instrument.objects.count() == len(ISINS)
    assert InstrumentIdentifier.objects.values("instrument").distinct().count() == len(ISINS)
    assert (Counterparty.objects.count(), Account.objects.count()) == (7, 5)
    assert Delivery.objects.count() == len(deliveries)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_one_file_four_times_at_once_is_loaded_once(tmp_path):
    assert_one_of_each(run_together(tmp_path, [("oms", False)] * 4), {"oms"})


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_sources_at_once_make_each_instrument_once(tmp_path):
    both = [("oms", False), ("custodian", True)]

    assert_one_of_each(run_together(tmp_path, both), {"oms", "custodian"})


@pytest.mark.postgres
def test_one_file_and_another_source_at_once_on_postgres(on_postgres, tmp_path):
    several = [("oms", False), ("custodian", True), ("oms", False), ("prime_broker", True)]

    assert_one_of_each(run_together(tmp_path, several), {"oms", "custodian", "prime_broker"})
