"""What a generated week truly holds: which reports belong together, and what was planted."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Pairing:
    """Reports of one business, by trade ids: one or several a side; `late` in a late file."""

    left: list[str]
    right: list[str]
    reconciliation: str = "oms-custodian"
    late: bool = False


@dataclass(slots=True)
class Planted:
    """A break put into the week: its type, the field, and the trade ids it shows on."""

    break_type: str
    field: str
    left: list[str]
    right: list[str]
    trade_date: str
    left_value: str = ""
    right_value: str = ""
    reconciliation: str = "oms-custodian"


@dataclass(slots=True)
class Truth:
    """
    All pairings and planted breaks.

    `twins` maps a trade id to the one it repeats: either may stand for both. `ambiguous` are
    the ids of near ties, of which only a person can tell the counterpart.
    """

    pairings: list[Pairing] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    twins: dict[str, str] = field(default_factory=dict)
    ambiguous: list[str] = field(default_factory=list)

    def pairs(self, reconciliation: str = "oms-custodian") -> set[tuple[str, str]]:
        """Return the pairs of trade ids reported in time; a group of 1:N counts as N."""
        return {
            (left, right)
            for one in self.pairings
            if one.reconciliation == reconciliation and not one.late
            for left in one.left
            for right in one.right
        }


def write(truth: Truth, path: Path) -> None:
    """Write the truth as JSON lines, one pairing or planted break a line."""
    with path.open("w", encoding="utf-8") as file:
        for record in _records(truth):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def read(path: Path) -> Truth:
    """Read what `write` wrote."""
    truth = Truth()
    with path.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            kind = record.pop("kind")
            if kind == "pair":
                truth.pairings.append(Pairing(**record))
            elif kind == "break":
                truth.planted.append(Planted(**record))
            elif kind == "twin":
                truth.twins[record["trade_id"]] = record["of"]
            else:
                truth.ambiguous.append(record["trade_id"])
    return truth


def _records(truth: Truth) -> Iterator[Mapping[str, object]]:
    yield from ({"kind": "pair", **asdict(one)} for one in truth.pairings)
    yield from ({"kind": "break", **asdict(one)} for one in truth.planted)
    yield from ({"kind": "twin", "trade_id": one, "of": of} for one, of in truth.twins.items())
    yield from ({"kind": "ambiguous", "trade_id": one} for one in truth.ambiguous)
