"""A cause with its evidence."""

from dataclasses import dataclass, field, replace
from typing import Any

from workflows.causes.places import Term
from workflows.causes.units import Bools, Ints


@dataclass(frozen=True)
class Finding:
    """
    A mechanism, where it holds and the breaks it explains, by place in the desk's breaks.

    `key` tells it from every other of its mechanism and stays the same from day to day. `figures`
    is its evidence, JSON; `p_value` is corrected. `consequences` are further breaks of the same
    units that follow from it.
    """

    mechanism: str
    key: tuple[object, ...]
    terms: tuple[Term, ...]
    breaks: Ints
    units: Bools
    lift: float
    p_value: float
    figures: dict[str, Any]
    fix: dict[str, Any] = field(default_factory=dict)
    beneath: int | None = None

    def under(self, place: int) -> "Finding":
        """Return it folded beneath the finding at a place."""
        return replace(self, beneath=place)
