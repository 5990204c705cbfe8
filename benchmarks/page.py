"""Write the figures as a page of Markdown with its chart; nothing on it is typed by hand."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.chart import Line, draw
from benchmarks.goals import Results, judged

_CHART = "performance.svg"
_EXPLAINED = Path(__file__).with_name("explained.md")
_SECTIONS = {
    "engine": "The engine and a bare hash join",
    "splink": "Splink 5 on DuckDB",
    "ingest": "A CSV file to Postgres",
    "database": "Reconciling from and to Postgres",
    "sqlite": "SQLite, files to breaks",
}
_SHAPES = {"many": "many instruments", "one": "one instrument"}


def write(results: Results, folder: Path) -> None:
    """Write performance.md and performance.svg into a folder."""
    if lines := drawn(results):
        (folder / _CHART).write_text(chart(lines), encoding="utf-8")
    (folder / "performance.md").write_text(markdown(results), encoding="utf-8")


def markdown(results: Results) -> str:
    """Return the page: goals, what was seen section by section, the machine, how it is measured."""
    parts = [
        "# Performance",
        "Written by `make bench` from `performance.json`; not edited by hand.",
        *[f"![Seconds over rows: the engine, a hash join, Splink]({_CHART})"]
        * bool(drawn(results)),
        "## Goals",
        goals_table(results),
        *(part for section in _SECTIONS for part in _section(section, results.get(section))),
        *_machine(results.get("machine", {})),
        _EXPLAINED.read_text(encoding="utf-8").strip(),
    ]
    return "\n\n".join(parts) + "\n"


def goals_table(results: Results) -> str:
    """Return every goal with what was seen and the verdict."""
    return table(("figure", "goal", "seen", "verdict"), judged(results))


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; numbers are shown in three digits or whole."""
    lines = [header, ["---"] * len(header), *([shown(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def shown(value: object) -> str:
    """Return a number with three digits that count, or whole with thousands set apart."""
    if isinstance(value, int) or (isinstance(value, float) and abs(value) >= 1_000):
        return f"{value:,.0f}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _machine(found: dict[str, str]) -> list[str]:
    return ["## Machine and versions", table(("what", "here"), found.items())] if found else []


def _section(name: str, section: dict[str, Any] | None) -> list[str]:
    if section is None:
        return []
    heading = f"## {_SECTIONS[name]}"
    if section.get("skipped"):
        return [heading, section["skipped"]]
    stamp = f"Measured on {section['date']} at revision `{section['revision']}`."
    tables = {"engine": _engine, "splink": _splink}.get(name, _plain)
    return [heading, stamp, tables(section["measured"])]


def _engine(measured: list[dict[str, Any]]) -> str:
    header = ("rows a side", "shape", "read, s", "engine, s", "join, s", "engine / join",
              "with files", "engine, MiB", "join, MiB", "F1", "planted found")  # fmt: skip
    return table(
        header,
        (
            (one["rows"], _SHAPES[one["shape"]], engine["read_seconds"], engine["seconds"],
             join["seconds"], one["times_join"], one["times_join_with_files"], engine["peak_mib"],
             join["peak_mib"], f"{engine['f1']:.6f}", f"{engine['planted_found']:.2%}")
            for one in measured
            for engine, join in [(one["engine"], one["join"])]
        ),
    )  # fmt: skip


def _splink(measured: list[dict[str, Any]]) -> str:
    header = ("rows a side", "blocks", "runs", "read, s", "training, s", "prediction, s",
              "all in memory, s", "engine, s", "Splink / engine", "with files", "Splink, MiB",
              "Splink's F1", "engine's F1")  # fmt: skip
    return table(
        header,
        (
            (one["rows"], one["blocking"], one["runs"], splink["read_seconds"],
             splink["training_seconds"], splink["prediction_seconds"], splink["seconds"],
             engine["seconds"], one["times_engine"], one["times_engine_with_files"],
             splink["peak_mib"], f"{splink['f1']:.6f}", f"{engine['f1']:.6f}")
            for one in measured
            for splink, engine in [(one["splink"], one["engine"])]
        ),
    )  # fmt: skip


def _plain(measured: list[dict[str, Any]]) -> str:
    """Return every figure of a section under its own name, a nested one's behind its parent's."""
    return "\n\n".join(table(("figure", "seen"), _flat(one)) for one in measured)


def _flat(figures: dict[str, Any], above: str = "") -> Iterable[tuple[str, object]]:
    for name, value in figures.items():
        words = f"{above}{name.strip().replace('_', ' ')}"
        if isinstance(value, dict):
            yield from _flat(value, f"{words}: ")
        else:
            yield words, value


def drawn(results: Results) -> list[Line]:
    """Return the chart's lines that have something to show."""
    engine = results.get("engine", {}).get("measured", [])
    splink = results.get("splink", {}).get("measured", [])
    wide, narrow = (
        [one for one in splink if one["blocking"] == blocking] for blocking in ("wide", "narrow")
    )
    many, single = ([one for one in engine if one["shape"] == shape] for shape in ("many", "one"))
    lines = [
        _line(0, "Splink 5, wide blocks", wide, "splink"),
        _line(1, "Splink 5, narrow blocks", narrow, "splink"),
        _line(2, "Engine, many instruments", many, "engine"),
        _line(3, "Engine, one instrument", single, "engine"),
        _line(4, "Bare hash join", many, "join"),
    ]  # fmt: skip
    return [line for line in lines if line.points]


def chart(lines: Sequence[Line]) -> str:
    """Return the chart of seconds in memory over rows, as SVG."""
    return draw(
        "Seconds to pair two feeds, both in memory",
        lines,
        x_title="trades a side",
        y_title="seconds; both axes are logarithmic",
    )


def _line(colour: int, name: str, measured: list[dict[str, Any]], whose: str) -> Line:
    return Line(colour, name, [(one["rows"], one[whose]["seconds"]) for one in measured])
