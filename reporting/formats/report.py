"""What a report holds, whatever it is shown as: sections of cells, each a text written once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

TEXT, COUNT, MONEY = "text", "count", "money"


@dataclass(frozen=True)
class Section:
    """
    A table: its columns as ``(name, kind)``, and rows of texts.

    A count is digits alone and an amount is digits with a point, both without separators, so that
    a program reads what a person does; empty is unknown.
    """

    title: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[str]]
    none: str = "Nothing."

    @property
    def kinds(self) -> list[str]:
        return [kind for _, kind in self.columns]

    @property
    def head(self) -> list[str]:
        return [name for name, _ in self.columns]

    @property
    def shown(self) -> list[list[tuple[str, bool]]]:
        """Return the cells as a person reads them, and whether each is a number."""
        return [
            [(shown(cell, kind), kind != TEXT) for cell, kind in zip(row, self.kinds, strict=True)]
            for row in self.rows
        ]

    @property
    def heads(self) -> list[tuple[str, bool]]:
        return [(name, kind != TEXT) for name, kind in self.columns]


@dataclass(frozen=True)
class Report:
    """A title, what it is about, and sections."""

    title: str
    subtitle: str
    name: str
    sections: Sequence[Section] = field(default_factory=tuple)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Report":
        sections = [
            Section(
                one["title"],
                [(name, kind) for name, kind in one["columns"]],
                one["rows"],
                one["none"],
            )
            for one in kept["sections"]
        ]
        return cls(kept["title"], kept["subtitle"], kept["name"], sections)


def cell(value: Any) -> str:
    """Write a value as the text of a cell: exact, and without separators."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def shown(text: str, kind: str) -> str:
    """Write a cell as a person reads it; nothing is rounded but an amount, to the cent."""
    if kind == COUNT and text:
        return f"{int(text):,}"
    if kind == MONEY and text:
        return f"{Decimal(text):,.2f}"
    return text
