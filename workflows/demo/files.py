"""The demo's files: each feed in its own layout, and the truth beside them."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workflows.demo import truth
from workflows.demo.reports import CANONICAL, CUSTODIAN, Report, as_text
from workflows.demo.week import Week


@dataclass(frozen=True, slots=True)
class Files:
    """Where each file of a week was written."""

    oms: Path
    custodian: Path
    prime_broker: Path
    prime_broker_late: Path
    truth: Path

    @classmethod
    def within(cls, folder: Path) -> "Files":
        """Name the files of a folder, there or not."""
        return cls(
            oms=folder / "oms_trades.csv",
            custodian=folder / "custodian_trades.csv",
            prime_broker=folder / "prime_broker_trades.csv",
            prime_broker_late=folder / "prime_broker_trades_late.csv",
            truth=folder / "truth.jsonl",
        )


def write(week: Week, folder: Path) -> Files:
    """Write a week's files into a folder, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    files = Files.within(folder)
    write_canonical(week.oms, files.oms)
    write_custodian(week.custodian, files.custodian)
    for path, reported in (
        (files.prime_broker, week.prime_broker),
        (files.prime_broker_late, week.prime_broker_late),
    ):
        path.unlink(missing_ok=True)
        if reported:
            write_canonical(reported, path)
    truth.write(week.truth, files.truth)
    return files


def write_canonical(reports: Iterable[Report], path: Path) -> None:
    """Write reports under the canonical column names."""
    _write(path, CANONICAL, (as_text(one, CANONICAL) for one in reports))


def write_custodian(reports: Iterable[Report], path: Path) -> None:
    """Write reports in the custodian's layout, B and S for the sides."""
    names = tuple(CUSTODIAN.values())
    _write(path, tuple(CUSTODIAN), (as_text(one, names, side_words="BS") for one in reports))


def _write(path: Path, header: Sequence[str], rows: Iterable[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
