"""The rule set: everything the engine knows about its rows, as frozen, validated data."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from matching.engine.coding import RuleError, decode, encode
from matching.engine.fields import Field
from matching.engine.quotes import FORMS

KINDS = ("pairs", "reference", "shared", "subset", "net")


@dataclass(frozen=True, kw_only=True)
class Block:
    """
    Rows are candidates where the fields `equal` agree, nearest first by the fields `order`.

    `order` only matters in a block too busy to compare all with all.
    """

    equal: tuple[str, ...]
    order: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a block of everything."""
        if not self.equal:
            raise RuleError("a block needs at least one field under 'equal'")


@dataclass(frozen=True, kw_only=True)
class Pass:
    """
    One step of pairing; it sees what the passes before it left.

    Kinds: ``pairs`` finds candidates in blocks; ``reference`` by a shared reference in the `form`
    given, of at least `shortest` characters; ``shared`` gathers one against many by a shared
    reference; ``subset`` finds the rows that add up to one; ``net`` nets many against many, by
    blocks or else by a shared reference.

    A reference found only in the columns `not_alone` does not count: two systems' own numbers may
    coincide, and one order has many executions.

    `window` bounds the candidates of a row in a busy block, to each side of it. `require` gives
    the least similarity a field must have where it is known; of each list in `any_of` at least
    one field must agree, unless all of them are unknown. A pair below `min_score` is dropped, one
    at `auto_at` or above is AUTO, unless `review` gives a reason why a person must look; both are
    the rule set's where the pass has none.

    With `at_home` the pass also runs before all others among rows of one home alone, see the rule
    set's `home`; blocks then name all of its fields.

    A pass that is `off` keeps its place and does nothing.

    `max_legs` and `max_rows` bound a group and the rows looked at for it, `budget` and `most` the
    steps of a search, a row and a pass; `residual` is the share of the one that the many may fail
    to add up to.
    """

    name: str
    kind: str = "pairs"
    blocks: tuple[Block, ...] = ()
    window: int = 10
    form: str = "code"
    shortest: int = 1
    not_alone: tuple[str, ...] = ()
    require: Mapping[str, float] = field(default_factory=dict, hash=False)
    any_of: tuple[tuple[str, ...], ...] = ()
    min_score: float | None = None
    auto_at: float | None = None
    review: str = ""
    max_legs: int = 10
    max_rows: int = 40
    budget: int = 5_000
    most: int = 500_000
    residual: Decimal = Decimal(0)
    at_home: bool = False
    off: bool = False

    def __post_init__(self) -> None:
        """Refuse a pass that could not run or would never end."""
        if self.kind not in KINDS:
            raise RuleError(f"kind must be one of {', '.join(KINDS)}, not {self.kind!r}")
        if self.form not in FORMS:
            raise RuleError(f"form must be one of {', '.join(FORMS)}, not {self.form!r}")
        if not self.blocks and self.kind in ("pairs", "subset"):
            raise RuleError(f"a pass of kind {self.kind!r} needs blocks")
        for name in ("window", "shortest", "max_legs", "max_rows", "budget", "most"):
            if getattr(self, name) < 1:
                raise RuleError(f"{name} must be at least 1, it is {getattr(self, name)}")
        for name in ("min_score", "auto_at"):
            _share(name, getattr(self, name))
        if not 0 <= self.residual < 1:
            raise RuleError(f"residual must be from 0 up to but not 1, it is {self.residual}")


@dataclass(frozen=True, kw_only=True)
class MinorUnit:
    """A hundredth (or other power of ten) of a currency that prices may be quoted in."""

    of: str
    factor: Decimal

    def __post_init__(self) -> None:
        """Refuse a factor that is no power of ten: the scaling must be exact."""
        digits = self.factor.normalize().as_tuple()
        if digits.sign or digits.digits != (1,) or self.factor > 1:
            raise RuleError(f"factor must be a power of ten of at most 1, not {self.factor}")


@dataclass(frozen=True, kw_only=True)
class Currency:
    """
    Where a row's currency is found, its minor units, and rates to the base for tolerances.

    `told_by` are the amounts that show, against quantity times price, whether the amounts of a row
    quoted in a minor unit are in that unit too.
    """

    column: str = "currency"
    base: str = "USD"
    minor: Mapping[str, MinorUnit] = field(default_factory=dict, hash=False)
    fx: Mapping[str, Decimal] = field(default_factory=dict, hash=False)
    told_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a rate that is not above zero."""
        for code, rate in self.fx.items():
            if rate <= 0:
                raise RuleError(f"fx.{code} must be above zero, it is {rate}")


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """The fields a group adds up (`quantity`), averages (`price`), and nets by (`side`)."""

    quantity: str
    price: str
    side: str
    signs: Mapping[str, int] = field(hash=False)
    agree: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """
    Fields, passes and thresholds. Scores and thresholds are shares from 0 to 1.

    `references` are the columns whose values may quote the other side's. Two candidates whose
    ranks lie within `tie_margin` are a near tie; a pair of which less than `min_known` of the
    weight is known is never AUTO. `home` are the fields that make a row's home, the unit by which
    rows can be parted without parting partners.
    """

    name: str
    fields: tuple[Field, ...]
    passes: tuple[Pass, ...]
    references: tuple[str, ...] = ()
    identity: str = ""
    currency: Currency | None = None
    grouping: Grouping | None = None
    auto_at: float = 0.95
    review_at: float = 0.75
    tie_margin: float = 0.02
    min_known: float = 0.5
    home: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse names that point nowhere and thresholds out of order."""
        _unique("field", (item.name for item in self.fields))
        _unique("pass", (item.name for item in self.passes))
        for name in ("auto_at", "review_at", "tie_margin", "min_known"):
            _share(name, getattr(self, name))
        if self.review_at > self.auto_at:
            raise RuleError(f"review_at {self.review_at} must not be above auto_at {self.auto_at}")
        if not math.fsum(item.weight for item in self.fields) > 0:
            raise RuleError("the weights of the fields add up to nothing")
        if not self.running:
            raise RuleError("no pass is on, so nothing would ever be paired")
        self._check_names()

    def _check_names(self) -> None:
        known = {item.name for item in self.fields}
        for at, one in enumerate(self.fields):
            inner = [name for product in one.explained_by for name in product]
            _known(known, (*one.only_where, *inner), f"fields[{at}] ({one.name})")
        for at, step in enumerate(self.passes):
            blocked = [name for block in step.blocks for name in (*block.equal, *block.order)]
            where = f"passes[{at}] ({step.name})"
            inner = [name for names in step.any_of for name in names]
            _known(known, (*blocked, *step.require, *inner), where)
            if step.kind in ("shared", "subset", "net") and self.grouping is None:
                raise RuleError(f"{where} gathers groups, so the rule set needs 'grouping'")
            by_reference = step.kind in ("reference", "shared") or not step.blocks
            _columns(self.references, step.not_alone, where)
            if by_reference and not self.references:
                raise RuleError(f"{where} pairs by reference, so the rule set needs 'references'")
            if step.at_home:
                self._check_at_home(step, where)
        _known(known, self.home, "home")
        if self.identity:
            _known(known, (self.identity,), "identity")
        if self.grouping is not None:
            group = self.grouping
            _known(known, (group.quantity, group.price, group.side, *group.agree), "grouping")

    def _check_at_home(self, step: Pass, where: str) -> None:
        if not self.home:
            raise RuleError(f"{where} runs at home, so the rule set needs 'home'")
        if step.kind in ("net", "subset"):
            raise RuleError(f"{where} is of a kind that cannot run at home: {step.kind}")
        for block in step.blocks:
            if lacking := [name for name in self.home if name not in block.equal]:
                raise RuleError(f"{where} runs at home, so its blocks need {', '.join(lacking)}")
            for name in block.equal:
                # What links two identities may be in another home.
                if name not in self.home and self.field(name).compare == "identity":
                    raise RuleError(f"{where} runs at home, so no block may need {name!r}")

    @property
    def running(self) -> tuple[Pass, ...]:
        """The passes that are on."""
        return tuple(step for step in self.passes if not step.off)

    @property
    def at_home(self) -> tuple[Pass, ...]:
        """The passes that run among rows of one home first; without any there are no homes."""
        return tuple(step for step in self.running if step.at_home)

    def field(self, name: str) -> Field:
        """
        Return the field of that name.

        :raises KeyError: if there is none.
        """
        return {item.name: item for item in self.fields}[name]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "RuleSet":
        """
        Build a rule set from plain JSON data.

        :raises RuleError: with a sentence that says what is wrong and where.
        """
        return decode(cls, data, "rules")

    def to_dict(self) -> dict[str, Any]:
        """Return the rule set as JSON data that `from_dict` reads back to an equal one."""
        data: dict[str, Any] = encode(self)
        return data


def _share(name: str, value: float | None) -> None:
    if value is not None and not 0 <= value <= 1:
        raise RuleError(f"{name} must be between 0 and 1, it is {value}")


def _unique(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise RuleError(f"there are two of the {what} {name!r}")
        seen.add(name)


def _columns(references: tuple[str, ...], names: Iterable[str], where: str) -> None:
    for name in names:
        if name not in references:
            raise RuleError(f"{where} names {name!r} under 'not_alone', which 'references' lacks")


def _known(known: set[str], names: Iterable[str], where: str) -> None:
    for name in names:
        if name not in known:
            raise RuleError(f"{where} names the field {name!r}, which the rules do not have")
