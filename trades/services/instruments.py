"""Which instrument a report means: by its identifiers, in bulk, never merging two."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from trades.currencies import major_unit
from trades.identifiers import (
    CUSIP,
    FIGI,
    ISIN,
    PAIR,
    SEDOL,
    TICKER,
    currency_pair,
    cusip_of_isin,
    is_valid,
    normal_symbol,
)
from trades.models import Instrument, InstrumentIdentifier, Trade
from trades.reports import TradeReport
from trades.services.bulk import batches, lock_reference_data

_MIC = re.compile(r"^[A-Z0-9]{4}$")

# One instrument has one of these: another value is another instrument.
_SINGLE = (ISIN, CUSIP)
# A market's identifiers: one instrument may have several of each.
_STRONG = (*_SINGLE, FIGI, SEDOL, PAIR)


class Key(NamedTuple):
    scheme: str
    value: str
    mic: str = ""


class Identity(NamedTuple):
    """The identifiers of one report, strongest first."""

    keys: tuple[Key, ...]


@dataclass(slots=True, eq=False)
class _Known:
    """An instrument, or one still to be created (`pk` is None), with what it is known by."""

    pk: int | None
    report: TradeReport | Trade | None = None
    values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def identity(report: TradeReport | Trade) -> Identity:
    """
    Return what identifies the report's instrument.

    A US or CA ISIN also says its CUSIP. A symbol is a currency pair only where no security
    identifier stands beside it, and a ticker without a market only where nothing else does:
    alone it is too little to tie two reports of different identifiers together.
    """
    return _identity(
        report.isin, report.cusip, report.sedol, report.figi, report.symbol, report.venue
    )


@lru_cache(maxsize=65_536)
def _identity(  # noqa: PLR0917  positional, for the cache
    isin: str, cusip: str, sedol: str, figi: str, symbol: str, venue: str
) -> Identity:
    keys = [Key(ISIN, isin)] if isin else []
    inner = cusip_of_isin(isin) if isin else None
    # Where the two disagree the ISIN speaks; the trade keeps the CUSIP it was reported with.
    if inside := inner if inner and is_valid(CUSIP, inner) else cusip:
        keys.append(Key(CUSIP, inside))
    if figi:
        keys.append(Key(FIGI, figi))
    if sedol:
        keys.append(Key(SEDOL, sedol))
    if symbol:
        pair = None if isin or cusip or sedol else currency_pair(symbol)
        if pair:
            keys.append(Key(PAIR, pair))
        elif _MIC.match(venue):
            keys.append(Key(TICKER, normal_symbol(symbol), venue))
        elif not keys:
            keys.append(Key(TICKER, normal_symbol(symbol)))
    return Identity(tuple(keys))


def resolve_instruments(reports: Iterable[TradeReport | Trade]) -> dict[Identity, int]:
    """
    Return the instrument of each distinct identity, creating what is unknown.

    The strongest identifier decides. An instrument whose ISIN or CUSIP contradicts the
    report's is never taken: then the report's instrument is a new one, under the identifiers
    that no other has. Identifiers a known instrument lacked are added to it.
    """
    wanted: dict[Identity, TradeReport | Trade] = {}
    for report in reports:
        wanted.setdefault(identity(report), report)
    wanted.pop(Identity(()), None)
    directory = _Directory(wanted)
    if directory.is_complete:
        return directory.answers()
    # Somebody else may have created them meanwhile: look again with the others held off.
    lock_reference_data()
    directory = _Directory(wanted)
    directory.save()
    return directory.answers()


def known_instruments(reports: Iterable[TradeReport | Trade]) -> dict[Identity, int]:
    """Return the instrument of each identity that has one already; nothing is written."""
    wanted = {identity(report): report for report in reports}
    wanted.pop(Identity(()), None)
    return _Directory(wanted).answers()


class _Directory:
    """What is known about the wanted identities, and which instrument each of them means."""

    def __init__(self, wanted: Mapping[Identity, TradeReport | Trade]) -> None:
        self._by_key: dict[Key, _Known] = {}
        self._new: list[_Known] = []
        self._added: list[tuple[Key, _Known]] = []
        self._chosen: dict[Identity, _Known] = {}
        self._read(wanted)
        for wish in sorted(wanted, key=_strength):
            self._chosen[wish] = self._choose(wish, wanted[wish])

    @property
    def is_complete(self) -> bool:
        return not self._new and not self._added

    def answers(self) -> dict[Identity, int]:
        return {wish: known.pk for wish, known in self._chosen.items() if known.pk is not None}

    def save(self) -> None:
        rows = Instrument.objects.bulk_create([_described(known.report) for known in self._new])
        for known, row in zip(self._new, rows, strict=True):
            known.pk = row.pk
        InstrumentIdentifier.objects.bulk_create(
            [
                InstrumentIdentifier(
                    instrument_id=known.pk or 0, scheme=key.scheme, value=key.value, mic=key.mic
                )
                for key, known in sorted(self._added, key=lambda item: item[0])
            ]
        )

    def _read(self, wanted: Iterable[Identity]) -> None:
        values = sorted({key.value for wish in wanted for key in wish.keys})
        by_pk: dict[int, _Known] = {}
        identifiers = InstrumentIdentifier.objects.order_by("pk")
        fields = ("instrument_id", "scheme", "value", "mic")
        for batch in batches(values):
            for pk, *key in identifiers.filter(value__in=batch).values_list(*fields):
                self._by_key[Key(*key)] = by_pk.setdefault(pk, _Known(pk))
        for pks in batches(by_pk):
            for pk, scheme, value, _ in identifiers.filter(instrument__in=pks).values_list(*fields):
                by_pk[pk].values[scheme].add(value)

    def _choose(self, wish: Identity, report: TradeReport | Trade) -> _Known:
        for key in wish.keys:
            known = self._by_key.get(key)
            if known and not _contradicts(known, wish, key):
                break
        else:
            known = _Known(None, report)
            self._new.append(known)
        for key in wish.keys:
            if key not in self._by_key:
                self._by_key[key] = known
                known.values[key.scheme].add(key.value)
                self._added.append((key, known))
        return known


def _strength(wish: Identity) -> tuple[int, Identity]:
    """Order identities so that the same set of reports always creates the same instruments."""
    best = _STRONG.index(wish.keys[0].scheme) if wish.keys[0].scheme in _STRONG else len(_STRONG)
    return best, wish


def _contradicts(known: _Known, wish: Identity, through: Key) -> bool:
    """Tell whether an instrument found `through` one identifier is another by the rest."""
    schemes = _SINGLE if through.scheme in _STRONG else _STRONG
    for scheme in schemes:
        said = {key.value for key in wish.keys if key.scheme == scheme}
        if said and known.values[scheme] and said.isdisjoint(known.values[scheme]):
            return True
    return False


def _described(report: TradeReport | Trade | None) -> Instrument:
    if report is None:
        return Instrument()
    pair = currency_pair(report.symbol) if report.symbol else None
    currency = major_unit(report.currency)[0]
    return Instrument(
        name=report.security_name or pair or report.symbol,
        asset_class=report.asset_class,
        currency=currency if len(currency) <= 3 else "",
    )
