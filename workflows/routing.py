"""
Which rule a break falls to: rules, what they ask of a break, and the decision; no database.

Everything that routes, and everything that only shows what routing would do, asks `decide`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from breaks.choices import CATEGORY, BreakCategory, BreakType, Severity
from trades.choices import AssetClass

# In the order in which they are asked; what each is called, and of what its values are, if known.
CONDITIONS: dict[str, str] = {
    "types": "type",
    "categories": "category",
    "severities": "severity",
    "sources": "source",
    "asset_classes": "asset class",
    "counterparties": "counterparty",
    "accounts": "account",
}
_LABELS = {
    **{kind.value: kind.label for kind in BreakType},
    **{kind.value: kind.label for kind in BreakCategory},
    **{kind.value: kind.label for kind in Severity},
    **{kind.value: kind.label for kind in AssetClass},
}
_CODED = ("types", "categories", "severities", "asset_classes")
EXPOSURE = "exposure"
ANYTHING = "Every break"

Values = frozenset[str]
NONE: Values = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What rules may ask of a break.

    A break between two reports has the counterparties, accounts and asset classes of both, and the
    two sources compared. An empty set is unknown, as an exposure of None is.
    """

    types: Values
    categories: Values
    severities: Values
    sources: Values = NONE
    asset_classes: Values = NONE
    counterparties: Values = NONE
    accounts: Values = NONE
    exposure: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule: a break fits that has one of the wanted values of each condition in `wanted`."""

    key: int
    name: str
    team_id: int
    team: str
    chosen_by: str
    wanted: Mapping[str, Values] = field(default_factory=dict)
    above: Decimal | None = None
    up_to: Decimal | None = None
    fits_unknown: bool = False

    @property
    def has_range(self) -> bool:
        return self.above is not None or self.up_to is not None

    @property
    def words(self) -> str:
        """Say which breaks fit, as ``High, exposure above 100,000``."""
        said = [_listed(name, values) for name, values in self.wanted.items()]
        if self.has_range:
            unknown = " or unknown" if self.fits_unknown else ""
            said.append(f"exposure {self.range_words}{unknown}")
        return ", ".join(said) or ANYTHING

    @property
    def range_words(self) -> str:
        above = "" if self.above is None else f"above {_amount(self.above)}"
        up_to = "" if self.up_to is None else f"up to {_amount(self.up_to)}"
        return " ".join(word for word in (above, up_to) if word)


@dataclass(frozen=True, slots=True)
class Misfit:
    """The first condition of a rule that a break does not fit, and what the break has instead."""

    rule: Rule
    condition: str
    had: Values | Decimal | None

    def __str__(self) -> str:
        if self.condition == EXPOSURE:
            asked = self.rule.range_words
            if self.had is None:
                return f"The exposure is unknown; it asks for one {asked}."
            return f"The exposure is {_amount(self.had)}, not {asked}."  # type: ignore[arg-type]
        name = CONDITIONS[self.condition]
        asked = _listed(self.condition, self.rule.wanted[self.condition])
        if not self.had:
            return f"The {name} is unknown; it asks for {asked}."
        return f"The {name} is {_listed(self.condition, self.had, last=' and ')}, not {asked}."  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Decision:
    """The first rule that fits, or None, and why each enabled one before it does not."""

    rule: Rule | None
    misfits: tuple[Misfit, ...]


def decide(rules: Iterable[Rule], facts: Facts) -> Decision:
    """Return the first of the rules, in their order, that a break fits."""
    misfits: list[Misfit] = []
    for rule in rules:
        misfit = misfit_of(rule, facts)
        if misfit is None:
            return Decision(rule, tuple(misfits))
        misfits.append(misfit)
    return Decision(None, tuple(misfits))


def misfit_of(rule: Rule, facts: Facts) -> Misfit | None:
    """Return the first condition that a break does not fit, or None: it fits."""
    for name, wanted in rule.wanted.items():
        had: Values = getattr(facts, name)
        if wanted.isdisjoint(had):
            return Misfit(rule, name, had)
    if rule.has_range and not _in_range(rule, facts.exposure):
        return Misfit(rule, EXPOSURE, facts.exposure)
    return None


def fit_words(rule: Rule, facts: Facts) -> str:
    """Say by what a break fits a rule, as ``High, exposure 120,000 above 100,000``."""
    said = [
        _listed(name, wanted & getattr(facts, name), last=" and ")
        for name, wanted in rule.wanted.items()
    ]
    if rule.has_range:
        if facts.exposure is None:
            said.append("exposure unknown")
        else:
            said.append(f"exposure {_amount(abs(facts.exposure))} {rule.range_words}")
    return ", ".join(said) or "fits every break"


def swallowed(rules: Sequence[Rule]) -> dict[int, Rule]:
    """
    Return the rules that no break ever comes to, by key, each with the earlier one that takes all.

    Only where one earlier rule alone does: several that do it together are not looked for.
    """
    found: dict[int, Rule] = {}
    for place, rule in enumerate(rules):
        for earlier in rules[:place]:
            if earlier.key not in found and _takes_all_of(earlier, rule):
                found[rule.key] = earlier
                break
    return found


def _takes_all_of(earlier: Rule, later: Rule) -> bool:
    return _range_within(later, earlier) and all(
        wanted >= values if (values := _implied(later, name)) else False
        for name, wanted in earlier.wanted.items()
    )


def _implied(rule: Rule, name: str) -> Values:
    """Return what a rule asks of a condition, the categories of its types among it."""
    if name == "categories" and name not in rule.wanted:
        kinds = rule.wanted.get("types", NONE)
        return frozenset(str(CATEGORY[BreakType(kind)]) for kind in kinds if kind in CATEGORY)
    return rule.wanted.get(name, NONE)


def _range_within(inner: Rule, outer: Rule) -> bool:
    if not outer.has_range:
        return True
    if not inner.has_range or (inner.fits_unknown and not outer.fits_unknown):
        return False
    from_there = outer.above is None or (inner.above is not None and inner.above >= outer.above)
    up_to_there = outer.up_to is None or (inner.up_to is not None and inner.up_to <= outer.up_to)
    return from_there and up_to_there


def _in_range(rule: Rule, exposure: Decimal | None) -> bool:
    if exposure is None:
        return rule.fits_unknown
    amount = abs(exposure)
    return (rule.above is None or amount > rule.above) and (
        rule.up_to is None or amount <= rule.up_to
    )


def said_of(name: str, values: Values) -> str:
    """Write the values of a condition as people call them."""
    return _listed(name, values, last=" and ")


def _listed(name: str, values: Values, last: str = " or ") -> str:
    coded = name in _CODED
    said = sorted(_LABELS.get(value, value) if coded else value for value in values)
    return last.join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else "".join(said)


def _amount(value: Decimal) -> str:
    whole, _, fraction = f"{value:,f}".partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction.ljust(2, '0')}" if fraction else whole
