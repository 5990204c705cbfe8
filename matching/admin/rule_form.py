"""
A rule set as a form: the thresholds, the fields with their weights and tolerances, the passes.

The JSON is the rules; the form only writes it. What nobody touched stays as it is written, to the
character, and what the form does not show is not touched at all.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from matching.engine.fields import COMPARES

Path = tuple[str | int, ...]

NUMBER, EXACT, TEXT, CHOICE, FLAG = "number", "exact", "text", "choice", "flag"
NO_NUMBER = "Write a number, such as 0.25."
BAND = ("up_to", "percent", "absolute")

_THRESHOLDS = (
    ("auto_at", "Matched by itself from", "0.95"),
    ("review_at", "Proposed from", "0.75"),
    ("tie_margin", "Near tie within", "0.02"),
    ("min_known", "Weight known at least", "0.5"),
)
_OF_A_FIELD = (
    ("weight", NUMBER, "0"),
    ("tie_weight", NUMBER, "0"),
    ("compare", CHOICE, ""),
    ("kind", CHOICE, ""),
    ("zero_at", NUMBER, "0"),
    ("agree_at", NUMBER, "1"),
)
_OF_A_PASS = (("at_home", FLAG, ""), ("min_score", NUMBER, ""), ("auto_at", NUMBER, ""))
# ``rules (Trades).fields[2] (price).tolerance.limits[0]: percent must not be negative``
_PART = re.compile(r"(fields|passes)\[(\d+)\]")
_LIMIT = re.compile(r"limits\[(\d+)\]")
_SETTING = re.compile(r"^(?: \([^)]*\))?[.:] ?(\w+)")
_WHOLE = re.compile(r"^rules")


@dataclass
class Knob:
    """One input: where in the definition it writes, what that says now, what was typed."""

    path: Path
    kind: str
    shown: str
    label: str = ""
    default: str = ""
    options: Sequence[str] = ()
    given: str = ""
    error: str = ""

    @property
    def name(self) -> str:
        return "-".join(map(str, self.path))

    @property
    def is_changed(self) -> bool:
        return self.given != self.shown

    def read(self, data: Mapping[str, str] | None) -> None:
        if data is None:
            self.given = self.shown
        elif self.kind == FLAG:
            self.given = "on" if self.name in data else ""
        else:
            self.given = data.get(self.name, self.shown).strip()
        if self.kind == NUMBER and self.is_changed and self.given and self.value() is None:
            self.error = NO_NUMBER

    def value(self) -> Any:
        """Return what was typed as JSON has it; None for a number that is none."""
        if self.kind == FLAG:
            return self.given == "on"
        if self.kind != NUMBER:
            return self.given
        try:
            found = json.loads(self.given, parse_constant=lambda _: None)
        except ValueError:
            return None
        is_number = isinstance(found, int | float) and not isinstance(found, bool)
        return found if is_number and math.isfinite(found) else None


@dataclass
class Row:
    """One field or pass: its knobs by setting, its bands of tolerance, and what is only told."""

    name: str
    knobs: dict[str, Knob]
    bands: list[dict[str, Knob]] = field(default_factory=list)
    told: str = ""
    error: str = ""

    def all(self) -> Iterator[Knob]:
        yield from self.knobs.values()
        for band in self.bands:
            yield from band.values()


class RuleEdit:
    """The form over one definition; `data` is what was posted, None for a form not yet sent."""

    def __init__(
        self,
        definition: dict[str, Any],
        data: Mapping[str, str] | None = None,
        *,
        kinds: Sequence[str] = (),
    ) -> None:
        self.before = definition
        self.thresholds = [
            _knob(definition, (name,), NUMBER, default, label=label)
            for name, label, default in _THRESHOLDS
        ]
        used = {one.get("kind", "") for one in definition.get("fields", [])}
        self.kinds = ["", *dict.fromkeys([*kinds, *sorted(used - {""})])]
        self.fields = [self._field(at, one) for at, one in enumerate(definition["fields"])]
        self.passes = [self._pass(at, one) for at, one in enumerate(definition["passes"])]
        self.error = ""
        for knob in self._all():
            knob.read(data)

    @property
    def is_valid(self) -> bool:
        return not any(knob.error for knob in self._all())

    def definition(self) -> dict[str, Any]:
        """Return the definition with what was typed written into it."""
        made = deepcopy(self.before)
        for knob in self.thresholds:
            _write(made, knob)
        for at, row in enumerate(self.fields):
            for knob in row.knobs.values():
                if knob.path[-1] != "in_base":
                    _write(made, knob)
            if any(knob.is_changed for knob in row.all() if "tolerance" in knob.path):
                _write_bands(made["fields"][at], row)
        for row in self.passes:
            for name, knob in row.knobs.items():
                if name != "place":
                    _write(made, knob)
        made["passes"] = [made["passes"][at] for at in self._order()]
        return made

    def blame(self, sentence: str) -> None:
        """Show the engine's sentence at the place it names, and at the head."""
        self.error = sentence
        part = _PART.search(sentence)
        if part is None:
            setting = _SETTING.match(_WHOLE.sub("", sentence, count=1))
            named = [one for one in self.thresholds if setting and one.path[0] == setting[1]]
            for knob in named:
                knob.error = sentence
            return
        rows = self.fields if part[1] == "fields" else self._as_ordered()
        row = rows[int(part[2])]
        rest = sentence[part.end() :]
        if limit := _LIMIT.search(rest):
            said = _SETTING.match(rest[limit.end() :])
            band = row.bands[min(int(limit[1]), len(row.bands) - 1)] if row.bands else {}
            if said and said[1] in band:
                band[said[1]].error = sentence
                return
        setting = _SETTING.match(rest)
        if setting and setting[1] in row.knobs:
            row.knobs[setting[1]].error = sentence
        else:
            row.error = sentence

    def _all(self) -> Iterator[Knob]:
        yield from self.thresholds
        for row in (*self.fields, *self.passes):
            yield from row.all()

    def _field(self, at: int, one: dict[str, Any]) -> Row:
        path: Path = ("fields", at)
        options = {"compare": COMPARES, "kind": self.kinds}
        knobs = {
            name: _knob(one, (*path, name), kind, default, options=options.get(name, ()))
            for name, kind, default in _OF_A_FIELD
        }
        row = Row(str(one.get("name", "")), knobs, told=_told_of_field(one))
        if one.get("compare") == "number":
            tolerance = one.get("tolerance") or {}
            bands = [*tolerance.get("limits", []), {}]
            where: Path = (*path, "tolerance", "limits")
            row.bands = [
                {name: _knob(band, (*where, number, name), EXACT) for name in BAND}
                for number, band in enumerate(bands)
            ]
            knobs["in_base"] = _knob(tolerance, (*path, "tolerance", "in_base"), FLAG)
        return row

    def _pass(self, at: int, one: dict[str, Any]) -> Row:
        path: Path = ("passes", at)
        knobs = {
            name: _knob(one, (*path, name), kind, default) for name, kind, default in _OF_A_PASS
        }
        place = Knob((*path, "place"), NUMBER, str(at + 1))
        return Row(
            str(one.get("name", "")),
            {"place": place, "off": _knob(one, (*path, "off"), FLAG), **knobs},
            told=_told_of_pass(one),
        )

    def _order(self) -> list[int]:
        """Return the passes by the places typed; who moves goes to where it was sent."""

        def place(at: int) -> tuple[float, int]:
            knob = self.passes[at].knobs["place"]
            wanted = knob.value()
            wanted = at + 1 if wanted is None else wanted
            return wanted, (wanted > at + 1) - (wanted < at + 1)

        return sorted(range(len(self.passes)), key=place)

    def _as_ordered(self) -> list[Row]:
        return [self.passes[at] for at in self._order()]


def _knob(part: Mapping[str, Any], path: Path, kind: str, default: str = "", **more: Any) -> Knob:
    value = part.get(str(path[-1]))
    if kind == FLAG:
        shown = "on" if value else ""
    elif value is None:
        shown = ""
    else:
        shown = json.dumps(value) if kind == NUMBER else str(value)
    return Knob(path, kind, shown, default=default, **more)


def _write(definition: dict[str, Any], knob: Knob) -> None:
    if not knob.is_changed:
        return
    part: Any = definition
    for step in knob.path[:-1]:
        part = part[step]
    if knob.given == "":
        part.pop(knob.path[-1], None)
    else:
        part[knob.path[-1]] = knob.value()


def _write_bands(one: dict[str, Any], row: Row) -> None:
    """Rebuild a field's tolerance from its bands; without any it is exact again."""
    tolerance = one.get("tolerance") or {}
    limits = [{name: knob.given for name, knob in band.items() if knob.given} for band in row.bands]
    made = {**tolerance, "limits": [limit for limit in limits if limit]}
    base = row.knobs["in_base"]
    if base.is_changed:
        made.pop("in_base", None)
        if base.value():
            made["in_base"] = True
    if made["limits"]:
        one["tolerance"] = made
    else:
        one.pop("tolerance", None)


def _told_of_field(one: Mapping[str, Any]) -> str:
    """Say what else a field has, which is edited as JSON."""
    more = [name for name in ("overrides", "only_where", "explained_by", "schemes", "moment")
            if one.get(name)]  # fmt: skip
    return ", ".join(name.replace("_", " ") for name in more)


def _told_of_pass(one: Mapping[str, Any]) -> str:
    parts = [f"{name} {share:g}" for name, share in one.get("require", {}).items()]
    if one.get("review"):
        parts.append(f"always reviewed: {str(one['review']).replace('_', ' ')}")
    return ", ".join(parts)
