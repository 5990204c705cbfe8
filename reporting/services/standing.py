"""How the live breaks stand at a moment: counted from the rows now, or from their histories."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from django.db.models import Count, Q

from breaks.choices import LIVE, EventKind
from breaks.models import BreakEvent, TradeBreak
from breaks.models.trade_break import ENDED
from trades.fields import ExactSum
from trades.reports import plain

A_DAY = timedelta(days=1)
# Kinds whose detail tells of values; of all others only the status matters.
_VALUED = (EventKind.OPENED, EventKind.VALUES_CHANGED, EventKind.REOPENED)
_BATCH = 5_000
# Sums of many values of 28 digits have more digits than Python's own context keeps.
_DIGITS = 60


@dataclass
class Standing:
    """The live breaks of one reconciliation at a moment, and what came and went in the day."""

    live: Counter[tuple[str, str]] = field(default_factory=Counter)
    exposure: dict[str, Decimal] = field(default_factory=dict)
    known: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    ended: int = 0

    def figures(self) -> dict[str, Any]:
        """Return these as the columns of a `DailySnapshot`."""
        live: dict[str, dict[str, int]] = {}
        for (severity, status), count in sorted(self.live.items()):
            if count:
                live.setdefault(severity, {})[status] = count
        return {
            "live": live,
            "exposure": {
                currency: plain(self.exposure[currency])
                for currency in sorted(self.exposure)
                if self.known[currency]
            },
            "unknown_exposures": self.live.total() - self.known.total(),
            "opened": self.opened,
            "ended": self.ended,
        }


def standing_now(*, at: datetime) -> dict[int, Standing]:
    """Return how the breaks of each reconciliation stand, from their rows; three queries."""
    found: dict[int, Standing] = {}
    day = {"at__gt": at - A_DAY, "at__lte": at}
    rows = (
        TradeBreak.objects.live()
        .filter(opened_at__lte=at)
        .order_by()
        .values_list("reconciliation", "severity", "status", "currency")
        .annotate(count=Count("pk"), known=Count("exposure"), total=ExactSum("exposure"))
    )
    for key, severity, status, currency, count, known, total in rows:
        one = found.setdefault(key, Standing())
        one.live[severity, status] += count
        one.known[currency] += known
        if total is not None:
            _add(one, currency, total)
    events = BreakEvent.objects.filter(**day).order_by()
    for name, where in (
        ("opened", Q(kind=EventKind.OPENED)),
        ("ended", Q(to_status__in=ENDED) & ~Q(from_status__in=ENDED)),
    ):
        counts = events.filter(where).values_list("trade_break__reconciliation")
        for key, count in counts.annotate(Count("pk")):
            setattr(found.setdefault(key, Standing()), name, count)
    return found


class _State(NamedTuple):
    """What counts of one break, by the events told so far."""

    severity: str
    status: str
    currency: str
    exposure: Decimal | None


def standings_at(moments: Sequence[datetime]) -> Iterator[tuple[datetime, dict[int, Standing]]]:
    """
    Yield how the breaks stood at each of some moments, from the earliest on, by their histories.

    One stream of the events, whatever the number of moments; memory grows with the breaks. What
    is yielded changes with the next step.
    """
    replay = _Replay()
    events = _events()
    event = next(events, None)
    for moment in sorted(set(moments)):
        while event is not None and event.at <= moment:
            replay.take(event)
            event = next(events, None)
        yield moment, replay.standing(moment)


class _Event(NamedTuple):
    """What of an event is told: of which break and reconciliation, and what it changed."""

    key: int
    of: int
    kind: str
    before: str
    to: str
    detail: dict[str, Any]
    at: datetime


def _events() -> Iterator[_Event]:
    told = BreakEvent.objects.filter(Q(kind__in=_VALUED) | ~Q(to_status=""))
    rows = told.order_by("at", "pk").values_list(
        "trade_break", "trade_break__reconciliation", "kind", "from_status", "to_status",
        "detail", "at",
    )  # fmt: skip
    for row in rows.iterator(chunk_size=_BATCH):
        yield _Event(*row)


class _Replay:
    """The breaks as the events told so far left them."""

    def __init__(self) -> None:
        self.states: dict[int, _State] = {}
        self.found: dict[int, Standing] = {}
        self.opened: list[tuple[datetime, int]] = []
        self.ended: list[tuple[datetime, int]] = []

    def take(self, event: _Event) -> None:
        one = self.found.setdefault(event.of, Standing())
        old = self.states.get(event.key, _State("", "", "", None))
        new = old._replace(status=event.to or old.status)
        if event.kind in _VALUED:
            is_first = event.kind == EventKind.OPENED
            new = new._replace(**_values(event.detail, is_first=is_first))
        _count(one, old, -1)
        _count(one, new, 1)
        self.states[event.key] = new
        if event.kind == EventKind.OPENED:
            self.opened.append((event.at, event.of))
        if event.to in ENDED and event.before not in ENDED:
            self.ended.append((event.at, event.of))

    def standing(self, moment: datetime) -> dict[int, Standing]:
        """Return how it stands, with what came and went in the day before."""
        for name in ("opened", "ended"):
            lately = [one for one in getattr(self, name) if one[0] > moment - A_DAY]
            setattr(self, name, lately)
            counts = Counter(of for _, of in lately)
            for of, one in self.found.items():
                setattr(one, name, counts[of])
        return self.found


def _values(detail: dict[str, Any], *, is_first: bool) -> dict[str, Any]:
    """Return what an event says of a break's values: as found, or each as it was and is."""
    said: dict[str, Any] = {}
    for name in ("severity", "currency", "exposure"):
        if name in detail:
            value = detail[name] if is_first else detail[name][1]
            said[name] = value or "" if name != "exposure" else value and Decimal(value)
    return said


def _count(one: Standing, state: _State, by: int) -> None:
    if state.status not in LIVE:
        return
    one.live[state.severity, state.status] += by
    if state.exposure is not None:
        one.known[state.currency] += by
        _add(one, state.currency, state.exposure if by > 0 else -state.exposure)


def _add(one: Standing, currency: str, amount: Decimal) -> None:
    with localcontext(prec=_DIGITS):
        one.exposure[currency] = one.exposure.get(currency, Decimal(0)) + amount


def of_each(found: dict[int, Standing], keys: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return the figures of each of these reconciliations; one without a break has none live."""
    return {key: found.get(key, Standing()).figures() for key in keys}
