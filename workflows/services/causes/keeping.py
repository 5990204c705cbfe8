"""Findings as rows: an old one is refreshed, a new one written, and one that is gone is fixed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from breaks.choices import LIVE
from trades.services.columns import table_of, write_table
from workflows.causes import Finding
from workflows.causes.forms import Evidence
from workflows.causes.pictures import pictures
from workflows.causes.units import Bools
from workflows.causes.words import fix_words, headline, named_terms
from workflows.choices import FindingAct, FindingStatus, Mechanism
from workflows.models import (
    RootCauseAnalysis,
    RootCauseBreak,
    RootCauseEvent,
    RootCauseFinding,
)

# Of the same mechanism, one that has half of its breaks in common is the same under another name.
SAME = 0.5


@dataclass(frozen=True)
class Kept:
    """A finding with what is kept of it: the keys of its breaks, and in words."""

    finding: Finding
    values: dict[str, Any]
    breaks: list[int]
    gone: list[bool | None]

    @classmethod
    def of(cls, finding: Finding, evidence: Evidence, gone: Bools | None) -> "Kept":
        """Gather what is kept of a finding; `gone` tells which breaks its fix would clear."""
        desk = evidence.desk
        rows = desk.breaks.iloc[finding.breaks]
        worth = [value for value in rows["exposure"].tolist() if value is not None]
        unit = evidence.units.of_break[finding.breaks]
        days = evidence.units.frame["trade_date"].iloc[unit]
        cleared = [None] * len(rows) if gone is None else gone.tolist()
        values = {
            "mechanism": finding.mechanism,
            "headline": headline(finding, desk)[:300],
            "evidence": {
                **finding.figures,
                "where": named_terms(finding, desk),
                "unknown_exposure": len(rows) - len(worth),
                **pictures(finding, evidence),
            },
            "from_date": days.min().date(),
            "to_date": days.max().date(),
            "break_count": len(rows),
            "exposure": sum(worth, Decimal(0)) if worth else None,
            "lift": finding.lift,
            "p_value": finding.p_value,
            "proposed_fix": finding.fix,
            "fix_in_words": fix_words(finding, desk),
            "would_clear": None if gone is None else int(gone.sum()),
            "would_clear_exposure": None if gone is None else _cleared_worth(rows, cleared),
        }
        return cls(finding, values, [int(key) for key in rows.index], cleared)


def _cleared_worth(rows: Any, cleared: Sequence[bool | None]) -> Decimal:
    pairs = zip(rows["exposure"].tolist(), cleared, strict=True)
    return sum((value for value, gone in pairs if gone and value is not None), Decimal(0))


def fingerprint(reconciliation_id: int, finding: Finding) -> str:
    """Return what tells a finding from every other, the same from day to day."""
    key = json.dumps([reconciliation_id, finding.mechanism, finding.key], default=str)
    return sha256(key.encode()).hexdigest()


def keep(*, analysis: RootCauseAnalysis, found: Sequence[Kept], at: datetime) -> None:
    """Write the findings of an analysis within the caller's transaction."""
    old = _Standing(analysis.reconciliation_id)
    rows: list[RootCauseFinding] = []
    for place, one in enumerate(found, 1):
        mark = fingerprint(analysis.reconciliation_id, one.finding)
        row = old.take(mark, one)
        is_new = row is None
        row = row or RootCauseFinding(
            reconciliation_id=analysis.reconciliation_id, made_at=at, fingerprint=mark
        )
        for name, value in one.values.items():
            setattr(row, name, value)
        row.analysis, row.seen_at, row.place = analysis, at, place
        row.currency = analysis.reconciliation.base_currency
        row.version += 0 if is_new else 1
        row.beneath = None if one.finding.beneath is None else rows[one.finding.beneath]
        said = FindingAct.FOUND if is_new else _found_again(row, one.breaks)
        row.save()
        rows.append(row)
        if said:
            RootCauseEvent.objects.create(finding=row, act=said, at=at)
    _link(rows, found)
    _fix_the_rest(analysis, old, [row.pk for row in rows], at)


def _found_again(row: RootCauseFinding, breaks: Iterable[int]) -> FindingAct | None:
    """Open again what was fixed, and what was dismissed and now rests on more than it did."""
    if row.status == FindingStatus.FIXED:
        row.status = FindingStatus.OPEN
        return FindingAct.FOUND_AGAIN
    if row.status == FindingStatus.DISMISSED and set(breaks) - set(row.dismissed_breaks):
        row.status = FindingStatus.OPEN
        row.decided_by = row.decided_at = None
        return FindingAct.REOPENED
    return None


class _Standing:
    """The findings there are, each to be taken once."""

    def __init__(self, reconciliation_id: int) -> None:
        rows = RootCauseFinding.objects.filter(reconciliation=reconciliation_id)
        # Held until the commit: what somebody says of one meanwhile is not written over.
        self.rows = {row.fingerprint: row for row in rows.select_for_update(no_key=True)}
        self.breaks: dict[int, set[int]] = {row.pk: set() for row in self.rows.values()}
        links = RootCauseBreak.objects.filter(finding__in=rows.exclude(status=FindingStatus.FIXED))
        for finding, key in links.values_list("finding", "trade_break"):
            self.breaks[finding].add(key)

    def take(self, mark: str, one: Kept) -> RootCauseFinding | None:
        """Return the row that a finding refreshes, by fingerprint or by the breaks it shares."""
        if mark in self.rows:
            return self.rows.pop(mark)
        mine = set(one.breaks)
        for other, row in self.rows.items():
            shared = len(mine & self.breaks[row.pk])
            least = SAME * max(min(len(mine), len(self.breaks[row.pk])), 1)
            # Of a concentration the place is all there is to it: elsewhere it is another.
            alike = row.mechanism == one.finding.mechanism != Mechanism.CONCENTRATION
            if alike and shared >= least:
                return self.rows.pop(other)
        return None


def _link(rows: Sequence[RootCauseFinding], found: Sequence[Kept]) -> None:
    RootCauseBreak.objects.filter(finding__in=[row.pk for row in rows]).delete()
    finding, trade_break, would_clear = [], [], []
    for row, one in zip(rows, found, strict=True):
        finding += [row.pk] * len(one.breaks)
        trade_break += one.breaks
        would_clear += one.gone
    if finding:
        table = table_of(
            RootCauseBreak,
            len(finding),
            finding_id=finding,
            trade_break_id=trade_break,
            would_clear=would_clear,
        )
        write_table(RootCauseBreak, table)


def _fix_the_rest(
    analysis: RootCauseAnalysis, old: _Standing, seen: Sequence[int], at: datetime
) -> None:
    """Call fixed what was not found again and has no live break left."""
    unseen = [
        row
        for row in old.rows.values()
        if row.pk not in seen
        and row.status in (FindingStatus.OPEN, FindingStatus.ACCEPTED)
        and _overlaps(row, analysis.from_date, analysis.to_date)
    ]
    alive = set(
        RootCauseBreak.objects.filter(
            finding__in=[row.pk for row in unseen], trade_break__status__in=LIVE
        ).values_list("finding", flat=True)
    )
    for row in unseen:
        if row.pk in alive:
            continue
        row.status = FindingStatus.FIXED
        row.version += 1
        row.save()
        RootCauseEvent.objects.create(
            finding=row, act=FindingAct.FIXED, at=at, note="None of its breaks is live any more."
        )


def _overlaps(row: RootCauseFinding, from_date: date, to_date: date) -> bool:
    return row.from_date <= to_date and row.to_date >= from_date
