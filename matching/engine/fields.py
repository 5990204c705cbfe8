"""What is compared: a field, its columns, and how likeness and disagreement are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from matching.engine.coding import RuleError
from matching.engine.normalise import FORMS
from matching.engine.tolerances import EXACT, Override, Tolerance

COMPARES = ("exact", "number", "date", "moment", "text", "identity")
GROUPED = ("common", "sum", "average", "any")
UNITS = ("", "price", "amount")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A column that yields a scheme's value, and the form it is brought into first."""

    column: str
    form: str = "code"

    def __post_init__(self) -> None:
        """Refuse a form that does not exist."""
        check_form(self.form)


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """
    One identifier scheme of an identity field; the first source with a value gives it.

    A strong scheme decides: agreement is the same thing, contradiction with no agreement on
    another strong one a different thing. A weak one that contradicts leaves it to the names.
    Values that share the part before `split` and differ after it (share classes) contradict
    whatever the names say. Agreement of a weak scheme counts `doubtful` where the `qualifier`
    columns (a symbol's venue) differ.
    """

    name: str
    sources: tuple[Source, ...]
    strong: bool = False
    split: str = ""
    qualifier: str = ""
    doubtful: float = 0.8


@dataclass(frozen=True, kw_only=True)
class Moment:
    """
    A time column whose moments, if so close, tell that two adjacent dates are one.

    They are where a midnight lies between the moments, or where both dates are right in the time
    zones that the column `zone` names: each source dates at its own place.
    """

    column: str
    within_seconds: int
    zone: str = ""


@dataclass(frozen=True, kw_only=True)
class Field:
    """
    One thing that two rows are compared on.

    `weight` is its share of the score; `tie_weight` only ranks candidates that score alike.
    `kind` is the code under which a disagreement is reported; empty, it is not reported.
    `zero_at` is where likeness ends: relative distance of numbers, days, or seconds; `half_at`
    the seconds at which a moment's likeness is one half. `agree_at` is the likeness from which
    names and identities agree. `only_where` names fields that must agree before this one is
    compared at all. `explained_by` names reported fields whose own difference may account for
    this one: each entry is a product of fields. `in_group` says how the legs of one side become
    one value: their ``sum``, their ``average`` by quantity, or the value they have in ``common``;
    a leg that differs from the other side is then a disagreement, unless ``any`` value may do.
    """

    name: str
    compare: str
    columns: tuple[str, ...] = ()
    weight: float = 0.0
    tie_weight: float = 0.0
    kind: str = ""
    form: str = "upper"
    same_as: Mapping[str, str] = field(default_factory=dict, hash=False)
    words: Mapping[str, str] = field(default_factory=dict, hash=False)
    legal_forms: bool = False
    scorer: str = "names"
    tolerance: Tolerance = EXACT
    overrides: tuple[Override, ...] = ()
    unit: str = ""
    zero_at: float = 0.0
    half_at: float = 0.0
    agree_at: float = 1.0
    unlike_at: float = 0.0
    schemes: tuple[Scheme, ...] = ()
    named_by: str = ""
    moment: Moment | None = None
    prefix: int = 0
    only_where: tuple[str, ...] = ()
    explained_by: tuple[tuple[str, ...], ...] = ()
    in_group: str = "common"

    def __post_init__(self) -> None:
        """Refuse settings that do not fit the comparison."""
        _one_of("compare", self.compare, COMPARES)
        _one_of("in_group", self.in_group, GROUPED)
        _one_of("unit", self.unit, UNITS)
        _one_of("scorer", self.scorer, ("names", "edit"))
        check_form(self.form)
        for name in ("weight", "tie_weight", "zero_at", "half_at"):
            if getattr(self, name) < 0:
                raise RuleError(f"{name} must not be negative, it is {getattr(self, name)}")
        for name in ("agree_at", "unlike_at"):
            if not 0 <= getattr(self, name) <= 1:
                raise RuleError(f"{name} must be between 0 and 1, it is {getattr(self, name)}")
        if self.compare == "identity" and not (self.schemes or self.named_by):
            raise RuleError("an identity needs schemes or named_by")
        if self.compare != "identity" and self.schemes:
            raise RuleError("only an identity has schemes")
        if self.compare != "number" and self.in_group in ("sum", "average"):
            raise RuleError(f"only a number can be a group's {self.in_group}")

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns read; a field without any named reads the column of its own name."""
        return self.columns or (self.name,)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        known = ", ".join(repr(option) for option in allowed)
        raise RuleError(f"{name} must be one of {known}, not {value!r}")


def check_form(name: str) -> None:
    """
    Refuse a form that the engine does not know.

    :raises RuleError: naming the forms there are.
    """
    _one_of("form", name, tuple(FORMS))
