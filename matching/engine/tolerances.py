"""How far two numbers may lie apart before they differ, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from matching.engine.coding import RuleError


@dataclass(frozen=True, kw_only=True)
class Limit:
    """
    One limit: absolute, in percent, or in percent capped by the absolute amount.

    `percent` is of the smaller of the two magnitudes, so that swapping the sides changes nothing.
    `up_to` bounds the larger magnitude for which a banded limit holds; None has no bound.
    """

    absolute: Decimal | None = None
    percent: Decimal | None = None
    up_to: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse a limit that allows nothing sensible."""
        if self.absolute is None and self.percent is None:
            raise RuleError("a limit needs absolute, percent or both")
        for name in ("absolute", "percent", "up_to"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise RuleError(f"{name} must not be negative, it is {value}")


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """
    Limits by size: the first whose `up_to` holds the larger magnitude applies.

    With `in_base`, absolute amounts and bounds are in the base currency and are converted at the
    rule set's fx rates; a currency without a rate counts one to one.
    """

    limits: tuple[Limit, ...]
    in_base: bool = False

    def __post_init__(self) -> None:
        """Refuse bands that are empty, out of order or leave large numbers without a limit."""
        if not self.limits:
            raise RuleError("a tolerance needs at least one limit")
        bounds = [limit.up_to for limit in self.limits]
        if bounds[-1] is not None:
            raise RuleError("the last limit must have no up_to")
        inner = [bound for bound in bounds[:-1] if bound is not None]
        if len(inner) != len(bounds) - 1 or inner != sorted(set(inner)):
            raise RuleError("every limit but the last needs an up_to, in rising order")


@dataclass(frozen=True, kw_only=True)
class Override:
    """A tolerance for rows of which either side has these values, compared without case."""

    when: Mapping[str, str] = field(hash=False)
    tolerance: Tolerance

    def __post_init__(self) -> None:
        """Refuse an override of everything."""
        if not self.when:
            raise RuleError("an override needs at least one column under 'when'")


EXACT = Tolerance(limits=(Limit(absolute=Decimal(0)),))
