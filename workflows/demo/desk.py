"""Put a generated week on the desk, the way a person's files come: receive, then reconcile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.conf import settings

from breaks.models import HolidayCalendar, Team
from breaks.services import sla
from connectors.choices import DeliveryStatus
from connectors.models import Delivery, Feed
from connectors.services import receive_file
from matching.choices import RunStatus
from matching.models import Reconciliation, ReconciliationRun
from trades.choices import AssetClass
from trades.models import (
    Account,
    AccountAlias,
    Counterparty,
    CounterpartyAlias,
    FxRate,
    Source,
)
from trades.names import party_key
from workflows.demo import staff
from workflows.demo.files import Files
from workflows.demo.market import USD_FOR_ONE
from workflows.demo.parties import ACCOUNTS, PARTIES
from workflows.services.starting import start_reconciliation

CUSTODIAN, PRIME_BROKER = "oms-custodian", "oms-prime"
# By code: name, exchange, time zone, and the teams that work there.
CALENDARS = {
    "new-york": ("New York", "XNYS", "America/New_York", ["head-of-trading", "trade-support"]),
    "london": ("London", "XLON", "Europe/London", ["senior-operations"]),
}
PRIME_BROKER_FEED = "prime-broker-bonds"


class DemoNotLoaded(Exception):
    """A file of the demo could not be loaded; the sentence says which and why."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What seeding brought: the deliveries in order, and a run of each reconciliation."""

    deliveries: list[Delivery]
    runs: list[ReconciliationRun]


def load(*, files: Files, days: Sequence[date], by: Any, at: datetime) -> Loaded:
    """
    Load a week's files and reconcile it; the same files again change no trade and no break.

    :raises DemoNotLoaded: if a file fails.
    """
    prepare(days=days)
    work_by_calendars(at=at)
    staff.join()
    deliveries = [
        receive(path=files.oms, source="oms", by=by, at=at),
        receive(path=files.custodian, source="custodian", by=by, at=at),
        receive(path=files.prime_broker, source="prime_broker", by=by, at=at),
    ]
    runs = [reconcile(code=code, days=days, by=by, at=at) for code in (CUSTODIAN, PRIME_BROKER)]
    return Loaded(deliveries, runs)


def prepare(*, days: Sequence[date], counterparties: bool = True) -> None:
    """
    Make the reference data a desk has before its first file, where it is not there yet.

    Without `counterparties`, every spelling in the files is met for the first time.
    """
    _accounts()
    if counterparties:
        _counterparties()
    for currency, rate in USD_FOR_ONE.items():
        FxRate.objects.get_or_create(
            currency=currency, base="USD", as_of_date=days[0], defaults={"rate": rate}
        )
    sources = {source.code: source for source in Source.objects.all()}
    Reconciliation.objects.get_or_create(
        code=CUSTODIAN,
        defaults={
            "name": "OMS against custodian",
            "left_source": sources["oms"],
            "right_source": sources["custodian"],
        },
    )
    Reconciliation.objects.get_or_create(
        code=PRIME_BROKER,
        defaults={
            "name": "OMS against prime broker, bonds",
            "left_source": sources["oms"],
            "right_source": sources["prime_broker"],
            "asset_class": AssetClass.FIXED_INCOME,
        },
    )
    _feed_due_every_evening(sources["prime_broker"])


def work_by_calendars(*, at: datetime) -> None:
    """Let two of the teams work where their markets are, on the days that those are open."""
    for code, (name, exchange, zone, teams) in CALENDARS.items():
        calendar, is_new = HolidayCalendar.objects.get_or_create(
            code=code, defaults={"name": name, "exchange": exchange}
        )
        if not is_new:
            continue
        sla.edit_calendar(calendar=calendar, by=None, at=at)
        Team.objects.filter(code__in=teams, calendar=None).update(calendar=calendar, timezone=zone)


def receive(*, path: Path, source: str, by: Any, at: datetime) -> Delivery:
    """
    Load one file as `manage.py ingest` does.

    :raises DemoNotLoaded: if the file fails or a row of it is rejected.
    """
    reporter = Source.objects.get(code=source)
    delivery = receive_file(path=path, source=reporter, by=by, at=at)
    if delivery.status != DeliveryStatus.LOADED:
        raise DemoNotLoaded(f"{path} did not load: {delivery.error}")
    for reject in delivery.rejects.all()[:1]:
        raise DemoNotLoaded(
            f"{delivery.rejected} rows of {path} were rejected, "
            f"the first on line {reject.line_number}: {reject.reason}"
        )
    return delivery


def reconcile(*, code: str, days: Sequence[date], by: Any, at: datetime) -> ReconciliationRun:
    """
    Run one of the demo's reconciliations over the week, in this process.

    :raises DemoNotLoaded: if the run fails.
    """
    run = start_reconciliation(
        reconciliation=Reconciliation.objects.get(code=code),
        from_date=days[0],
        to_date=days[-1],
        by=by,
        at=at,
        inline=True,
    )
    if run.status != RunStatus.SUCCEEDED:
        raise DemoNotLoaded(f"{run} ended {run.status}: {run.error}")
    return run


def _accounts() -> None:
    elsewhere = Source.objects.filter(code__in=("custodian", "prime_broker"))
    for book in ACCOUNTS:
        account, _ = Account.objects.get_or_create(code=book.code, defaults={"name": book.name})
        if not book.needs_alias:
            continue
        for source in elsewhere:
            AccountAlias.objects.get_or_create(
                source=source, code=book.elsewhere, defaults={"account": account}
            )


def _counterparties() -> None:
    """Know every party by its legal name and its initials; other spellings are for the rules."""
    for party in PARTIES:
        known, _ = Counterparty.objects.get_or_create(
            lei=party.lei, defaults={"name": party.name, "bic": party.bic}
        )
        for spelling in (party.name, party.initials):
            CounterpartyAlias.objects.get_or_create(
                key=party_key(spelling), defaults={"counterparty": known, "spelling": spelling}
            )


def _feed_due_every_evening(source: Source) -> None:
    """Expect the prime broker's file at six, so that the desk tells a late file from a break."""
    folder = settings.FEED_ROOT / source.code
    folder.mkdir(parents=True, exist_ok=True)
    Feed.objects.get_or_create(
        code=PRIME_BROKER_FEED,
        defaults={
            "name": "Prime broker, bonds",
            "source": source,
            "connector": "files",
            "settings": {"folder": source.code, "pattern": "*.csv"},
            "due_time": time(18, 0),
            "grace_minutes": 60,
        },
    )
