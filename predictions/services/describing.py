"""A trade that is not in the desk, as JSON, read as a row of a file would be."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.habits import Habits
from connectors.rows import CANONICAL, READERS, Problems, said
from trades.models import Source, Trade
from trades.reports import TradeReport, value_fields
from trades.services.instruments import identity, known_instruments
from trades.services.parties import known_accounts, known_counterparties, party_identity

SOURCE = "source"
TAKES = (SOURCE, *CANONICAL)


class TradeRefused(Exception):
    """A trade cannot be read; `problems` has for each column what is wrong with it."""

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(one for each in self.problems.values() for one in each))


def trade_described(values: Mapping[str, Any], *, at: datetime) -> Trade:
    """
    Return the trade that canonical columns describe, unsaved, as if it had been loaded `at`.

    The instrument, counterparty and account are those it would be given; unknown ones stay
    empty, for nothing is written.

    :raises TradeRefused: with everything that is wrong, column by column.
    """
    problems: dict[str, list[str]] = defaultdict(list)
    texts = _texts(values, problems)
    source = _source(texts.pop(SOURCE, ""), problems)
    report = _report(texts, source, problems)
    if report is None or source is None:
        raise TradeRefused(problems)
    trade = Trade(
        **{name: getattr(report, name) for name in value_fields()},
        source=source,
        digest=report.digest(),
        received_at=at,
        changed_at=at,
    )
    trade.instrument_id = known_instruments([report]).get(identity(report))
    trade.counterparty_id = known_counterparties([report]).get(party_identity(report))
    if code := report.account_code:
        trade.account_id = known_accounts(source, [code]).get(code)
    return trade


def _texts(values: Mapping[str, Any], problems: dict[str, list[str]]) -> dict[str, str]:
    texts = {}
    for name, value in values.items():
        if name not in TAKES:
            problems[str(name)].append(f"Unknown key; a trade takes {', '.join(TAKES)}.")
        elif isinstance(value, str):
            texts[name] = said(value)
        elif value is not None:
            problems[name].append('Give it as text, as in "187.50": a JSON number is not exact.')
    return texts


def _source(code: str, problems: dict[str, list[str]]) -> Source | None:
    found = Source.objects.filter(code=code).first()
    if found is None and SOURCE not in problems:
        known = ", ".join(Source.objects.values_list("code", flat=True))
        wrong = f"There is no source {code!r}" if code else "Say which source reports it"
        problems[SOURCE].append(f"{wrong}; there is: {known}.")
    return found


def _report(
    texts: Mapping[str, str], source: Source | None, problems: dict[str, list[str]]
) -> TradeReport | None:
    """Read every column, each problem kept under the column that it names."""
    habits = Habits(timezone=ZoneInfo(source.timezone if source else "UTC"))
    given_wrong = set(problems)
    values: dict[str, Any] = {}
    for reader in READERS:
        found_wrong = Problems()
        row = [texts.get(column, "") for column in reader.columns]
        found = reader.read(found_wrong, habits, *row)
        values |= zip(reader.fields, found if len(reader.fields) > 1 else [found], strict=True)
        for problem in found_wrong:
            column = _column(problem, reader.columns)
            if column not in given_wrong:
                problems[column].append(f"{problem}.")
    return None if problems else TradeReport(**values)


def _column(problem: str, columns: tuple[str, ...]) -> str:
    """Return the column that a problem names first."""
    named = [name for name in columns if name in problem]
    return min(named, key=problem.index) if named else columns[0]
