"""What one version of the rules has changed against another, setting by setting, in words."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from matching import engine
from matching.engine.rules import Block
from matching.engine.tolerances import Override, Tolerance

ADDED, REMOVED, CHANGED, MOVED = KINDS = ("added", "removed", "changed", "moved")
EVERYWHERE = "The whole rule set"

# What a setting is called where its name says too little; others are their names with spaces.
WORDS = {
    "auto_at": "matched by itself from",
    "review_at": "proposed from",
    "tie_margin": "near tie within",
    "min_known": "weight known at least",
    "kind": "reported as",
    "zero_at": "likeness ends at",
    "half_at": "half alike at",
    "agree_at": "agrees from",
    "unlike_at": "contradicts below",
    "min_score": "score at least",
    "require": "likeness at least",
    "any_of": "one must agree of each",
    "off": "runs",
    "at_home": "runs at home first",
    "in_group": "in a group",
    "compare": "compared as",
}
_NOTHING = object()
_OF_THE_RULE_SET = "as the rule set"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One setting of one part that is not what it was; `before` or `after` may be empty."""

    part: str
    setting: str
    before: str
    after: str
    kind: str = CHANGED


def changes(before: engine.RuleSet, after: engine.RuleSet) -> list[Change]:
    """
    Return everything that differs, in the order of the rules; nothing if they are equal.

    How a definition is written does not count: a default spelled out, or the order of its keys.
    """
    found = _settings("", _rest(before), _rest(after))
    for what, ours, theirs in (
        ("Field", before.fields, after.fields),
        ("Pass", before.passes, after.passes),
    ):
        found += _named(what, {one.name: one for one in ours}, {one.name: one for one in theirs})
        found += _moved(what, [one.name for one in ours], [one.name for one in theirs])
    return found


def setting_words(name: str) -> str:
    return WORDS.get(name, name.replace("_", " "))


def tolerance_words(tolerance: Tolerance) -> str:
    """Write a tolerance as ``0.01%, at most 0.01`` or ``2.00 up to 100000, then 25.00 (base)``."""
    words = []
    for limit in tolerance.limits:
        said = _limit(limit.percent, limit.absolute)
        words.append(said if limit.up_to is None else f"{said} up to {_number(limit.up_to)}")
    base = " in the base currency" if tolerance.in_base else ""
    return ", then ".join(words) + base


def _limit(percent: Decimal | None, absolute: Decimal | None) -> str:
    if percent is None:
        return "exact" if absolute == 0 else _number(absolute)
    if absolute is None:
        return f"{_number(percent)}%"
    return f"{_number(percent)}%, at most {_number(absolute)}"


def _rest(rules: engine.RuleSet) -> dict[str, Any]:
    """Return what is neither a field nor a pass."""
    own = {one.name: getattr(rules, one.name) for one in dataclasses.fields(rules)}
    return {name: value for name, value in own.items() if name not in ("fields", "passes")}


def _named(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    found = []
    for name in dict.fromkeys([*after, *before]):
        part = f"{what} {name}"
        if name not in before:
            found.append(_whole(part, "", "there", ADDED))
        elif name not in after:
            found.append(_whole(part, "there", "", REMOVED))
        else:
            found += _settings(part, _own(before[name]), _own(after[name]))
    return found


def _whole(part: str, before: str, after: str, kind: str) -> Change:
    return Change(part=part, setting="", before=before, after=after, kind=kind)


def _own(value: Any) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}


def _settings(part: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    flat, then = dict(_flat(before)), dict(_flat(after))
    return [
        Change(
            part=part or EVERYWHERE,
            setting=" ".join(setting_words(name) for name in path),
            before=_words(path, flat.get(path, _NOTHING)),
            after=_words(path, then.get(path, _NOTHING)),
        )
        for path in dict.fromkeys([*then, *flat])
        if flat.get(path, _NOTHING) != then.get(path, _NOTHING)
    ]


def _flat(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every setting with its path, as deep as there are names to tell them by."""
    if isinstance(value, Tolerance | Block | Override):
        yield path, value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from _flat(_own(value), path)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, (*path, str(name)))
    elif isinstance(value, tuple) and value and all(hasattr(one, "name") for one in value):
        for one in value:
            yield from _flat(one, (*path, one.name))
        yield (*path, "order"), tuple(one.name for one in value)
    else:
        yield path, value


def _words(path: tuple[str, ...], value: Any) -> str:
    if value is _NOTHING or value in ((), ""):
        return ""
    if path == ("off",):
        return "off" if value else "on"
    if value is None:
        return _OF_THE_RULE_SET if path[-1] in ("auto_at", "min_score") else ""
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal | int | float):
        return _number(value)
    if isinstance(value, tuple):
        inner = any(isinstance(one, tuple | Block | Override) for one in value)
        return ("; " if inner else ", ").join(map(_plain, value))
    return _WRITTEN.get(type(value), str)(value)


def _override(one: Override) -> str:
    rows = ", ".join(f"{name} {wanted}" for name, wanted in one.when.items())
    return f"{rows}: {tolerance_words(one.tolerance)}"


def _block(one: Block) -> str:
    near = f", nearest by {', '.join(one.order)}" if one.order else ""
    return f"same {', '.join(one.equal)}{near}"


_WRITTEN: dict[type, Callable[[Any], str]] = {
    Tolerance: tolerance_words,
    Override: _override,
    Block: _block,
}


def _number(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else f"{value:g}"


def _moved(what: str, before: list[str], after: list[str]) -> list[Change]:
    """Return the fewest moves that bring what both have into the new order."""
    was = [name for name in before if name in set(after)]
    becomes = [name for name in after if name in set(before)]
    stay = _longest_rising([was.index(name) for name in becomes])
    return [
        Change(
            part=f"{what} {name}",
            setting="place",
            before=str(before.index(name) + 1),
            after=str(after.index(name) + 1),
            kind=MOVED,
        )
        for name in becomes
        if was.index(name) not in stay
    ]


def _longest_rising(numbers: list[int]) -> set[int]:
    best: list[list[int]] = []
    for number in numbers:
        before = _longest([one for one in best if one[-1] < number])
        best.append([*before, number])
    return set(_longest(best))


def _longest(lists: list[list[int]]) -> list[int]:
    return max(lists, key=_length, default=[])


def _length(one: list[int]) -> int:
    return len(one)
