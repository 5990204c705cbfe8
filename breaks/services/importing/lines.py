"""What became of the rows of a file that was looked at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from enum import StrEnum

from breaks.exposure import WIDE
from breaks.models import BreakEvent, TradeBreak
from breaks.services.batches import Asked
from breaks.services.importing.asking import Change


class Outcome(StrEnum):
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    STALE = "stale"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Line:
    """
    One row of the file: what would change and by which acts, or the sentences that refuse it.

    `waits` tells that a second person decides on one of the acts for itself. `since` are the
    events of a stale row that its `version` does not know of.
    """

    number: int
    outcome: Outcome
    break_id: int | None = None
    version: int = 0
    trade_break: TradeBreak | None = None
    changes: Sequence[Change] = ()
    asked: Sequence[Asked] = ()
    refusals: Sequence[str] = ()
    since: Sequence[BreakEvent] = ()
    waits: bool = False


@dataclass(kw_only=True)
class Review:
    """What became of a file's rows; of those that change nothing only the number."""

    lines: list[Line] = field(default_factory=list)
    unchanged: int = 0

    @property
    def changed(self) -> list[Line]:
        return [line for line in self.lines if line.outcome == Outcome.CHANGED]

    @property
    def refused(self) -> list[Line]:
        return [line for line in self.lines if line.outcome != Outcome.CHANGED]

    @property
    def asked(self) -> list[Asked]:
        return [asked for line in self.changed for asked in line.asked]

    @property
    def exposure(self) -> Decimal | None:
        """The sum of the exposures of the breaks that would change; unknown with one unknown."""
        return total_exposure(line.trade_break for line in self.changed)


def total_exposure(breaks: Iterable[TradeBreak | None]) -> Decimal | None:
    """Sum exposures to the digit; None where one of them is unknown."""
    total = Decimal(0)
    with localcontext(WIDE):
        for row in breaks:
            if row is None or row.exposure is None:
                return None
            total += row.exposure
    return total
