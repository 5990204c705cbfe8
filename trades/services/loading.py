"""Reports become trades: one row per source and trade id, every earlier version kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import transaction

from trades.models import Source, Trade, TradeVersion
from trades.reports import TradeReport, as_text, value_fields
from trades.services.bulk import batches, write_rows
from trades.services.instruments import identity, resolve_instruments
from trades.services.parties import party_identity, resolve_accounts, resolve_counterparties
from trades.versions import KnownTrade, Plan, plan_versions


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """
    What became of the reports: every one is loaded, amended, a duplicate or in conflict.

    `conflicts` are pairs of the report's position and the reason it was not loaded.
    """

    loaded: int
    amended: int
    duplicates: int
    conflicts: list[tuple[int, str]] = field(default_factory=list)


_KEY = ("source_id", "source_trade_id")
_CONTENT = tuple(name for name in value_fields() if name not in {"source_trade_id", "state"})
_CONTENT_OF = attrgetter(*_CONTENT)
_CHANGING = (
    "version", "state", *_CONTENT, "instrument_id", "counterparty_id", "account_id",
    "raw", "digest", "delivery_id", "changed_at",
)  # fmt: skip
_COLUMNS = (*_KEY, *_CHANGING, "received_at")


@transaction.atomic
def load_reports(
    *,
    source: Source,
    reports: Sequence[TradeReport],
    delivery_id: int | None,
    at: datetime,
    lines: Sequence[int] | None = None,
) -> LoadOutcome:
    """
    Load one delivery's reports, all or nothing, in a number of queries that rows do not raise.

    Reports may come in any order and any number of times. `lines` tells where each was read,
    for the reasons of conflicts; without it they are numbered from 1.
    """
    # Two deliveries of one source take turns; of two sources, they do not wait for each other.
    list(Source.objects.select_for_update(no_key=True).filter(pk=source.pk))
    digests = [report.digest() for report in reports]
    known = _known_trades(source, {report.source_trade_id for report in reports})
    numbers = lines or range(1, len(reports) + 1)
    plan = plan_versions(reports, known, digests, numbers)
    if plan.steps:
        _Writing(source, reports, plan, delivery_id, at).write(known)
    loaded = sum(steps[0].version == 1 for steps in plan.steps.values())
    versions = sum(len(steps) for steps in plan.steps.values())
    return LoadOutcome(loaded, versions - loaded, plan.duplicates, plan.conflicts)


def _known_trades(source: Source, trade_ids: Iterable[str]) -> dict[str, KnownTrade]:
    known: dict[str, KnownTrade] = {}
    for batch in batches(sorted(trade_ids)):
        trades = Trade.objects.filter(source=source, source_trade_id__in=batch)
        earlier: dict[int, set[str]] = {}
        history = TradeVersion.objects.filter(
            trade__source=source, trade__source_trade_id__in=batch
        ).order_by()
        for pk, digest in history.values_list("trade_id", "digest"):
            earlier.setdefault(pk, set()).add(digest)
        fields = ("source_trade_id", "pk", "version", "state", "digest")
        for trade_id, pk, version, state, digest in trades.order_by().values_list(*fields):
            digests = frozenset({digest, *earlier.get(pk, ())})
            known[trade_id] = KnownTrade(pk, version, state, digests)
    return known


_HISTORY = ("trade_id", "version", "values", "digest", "delivery_id", "valid_from", "replaced_at")


@dataclass(frozen=True, slots=True)
class _Writing:
    """The writes of one plan: each trade as it stands after its last step, and what was before."""

    source: Source
    reports: Sequence[TradeReport]
    plan: Plan
    delivery_id: int | None
    at: datetime

    def write(self, known: Mapping[str, KnownTrade]) -> None:
        replaced = list(self._replaced(known))
        write_rows(Trade, _COLUMNS, self._current(), unique=_KEY, update=_CHANGING)
        write_rows(TradeVersion, _HISTORY, [*replaced, *self._passed_through()])

    def _current(self) -> Iterator[tuple[Any, ...]]:
        last = [steps[-1] for _, steps in sorted(self.plan.steps.items())]
        current = [self.reports[step.position] for step in last]
        instruments = resolve_instruments(current)
        parties = resolve_counterparties(current)
        accounts = resolve_accounts(source=self.source, reports=current)
        for step, report in zip(last, current, strict=True):
            yield (
                self.source.pk,
                report.source_trade_id,
                step.version,
                step.state,
                *_CONTENT_OF(report),
                instruments.get(identity(report)),
                parties.get(party_identity(report)),
                accounts.get(report.account_code),
                report.raw,
                step.digest,
                self.delivery_id,
                self.at,
                self.at,
            )

    def _replaced(self, known: Mapping[str, KnownTrade]) -> Iterator[tuple[Any, ...]]:
        """Yield the history row of each trade that is there and about to be amended."""
        amended = [known[trade_id].pk for trade_id in self.plan.steps if trade_id in known]
        for batch in batches(sorted(amended)):
            for trade in Trade.objects.filter(pk__in=batch).order_by("pk"):
                yield (
                    trade.pk,
                    trade.version,
                    reported_values(trade),
                    trade.digest,
                    trade.delivery_id,
                    trade.changed_at,
                    self.at,
                )

    def _passed_through(self) -> Iterator[tuple[Any, ...]]:
        """Yield the history row of each version that this very delivery also replaces."""
        steps = {key: found[:-1] for key, found in self.plan.steps.items() if len(found) > 1}
        for batch in batches(sorted(steps)):
            trades = Trade.objects.filter(source=self.source, source_trade_id__in=batch)
            for trade_id, pk in trades.order_by("pk").values_list("source_trade_id", "pk"):
                for step in steps[trade_id]:
                    values = reported_values(self.reports[step.position]) | {"state": step.state}
                    yield (
                        pk,
                        step.version,
                        values,
                        step.digest,
                        self.delivery_id,
                        self.at,
                        self.at,
                    )


def reported_values(trade: Trade | TradeReport) -> dict[str, Any]:
    """Return everything a source reported, as JSON can hold it: money as text."""
    values: dict[str, Any] = {name: as_text(getattr(trade, name)) for name in value_fields()}
    return values | {"raw": trade.raw}
