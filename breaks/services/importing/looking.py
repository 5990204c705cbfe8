"""What a file would change, row by row, and why some of it cannot be: nothing is written."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.contrib.auth.models import User

from breaks.models import BreakEvent, Team, TradeBreak
from breaks.querysets import TradeBreakQuerySet
from breaks.services.batches import unknown
from breaks.services.importing.asking import Change, Known, acts_of, edits
from breaks.services.importing.foreseen import foreseen
from breaks.services.importing.lines import Line, Outcome, Review
from breaks.services.importing.reading import FileRow
from breaks.spreadsheet import EDITABLE, PASSING, Legs, legs_of, texts, with_terms
from trades.spreadsheet import NUMBER

READ_ONLY_SHOWN = 5
WORK = "breaks.work_tradebreak"
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def look_at(rows: Iterable[FileRow], *, by: User) -> Review:
    """
    Say of each row what it would change, as the breaks are now.

    A break that the person may not see is one that does not exist. A handful of queries,
    whatever the number of rows.

    :raises FileRefused: if reading the rows does.
    """
    review = Review()
    touched = []
    for row in rows:
        if row.is_untouched:
            review.unchanged += 1
        else:
            touched.append(row)
    found = _found(touched, by)
    look = _Look(by=by, found=found, legs=legs_of(found.values()), known=_known(touched))
    lines = foreseen([look.at(row) for row in touched], by=by)
    review.unchanged += sum(line.outcome == Outcome.UNCHANGED for line in lines)
    review.lines = _with_events([line for line in lines if line.outcome != Outcome.UNCHANGED])
    return review


def _found(rows: Sequence[FileRow], by: User) -> dict[int, TradeBreak]:
    keys = {key for row in rows if (key := _whole(row.texts.get("id", ""))) is not None}
    mine: TradeBreakQuerySet = TradeBreak.objects.visible_to(by).filter(pk__among=sorted(keys))
    return {row.pk: row for row in with_terms(mine).order_by("pk")}


def _known(rows: Sequence[FileRow]) -> Known:
    """Return the people the file names, those of them who may work breaks, and all teams."""
    names = sorted({row.texts.get("assigned_to", "").strip() for row in rows} - {""})
    named = User.objects.filter(username__among=names, is_active=True)
    may = User.objects.with_perm(WORK, backend=_BACKEND).filter(username__among=names)
    teams = list(Team.objects.all())
    return Known(
        people={person.username: person for person in named} if names else {},
        workers=set(may.values_list("username", flat=True)) if names else set(),
        teams={team.name: team for team in teams} | {team.code: team for team in teams},
    )


@dataclass
class _Look:
    """Looks at one row after the other."""

    by: User
    found: dict[int, TradeBreak]
    legs: Legs
    known: Known
    seen: dict[int, int] = field(default_factory=dict)

    def at(self, row: FileRow) -> Line:
        if row.problem:
            return _refused(row, None, [row.problem])
        key = _whole(row.texts["id"])
        if key is None:
            return _refused(row, None, [f"The id is {row.texts['id']!r}, and no break's number."])
        if key in self.seen:
            why = f"Line {self.seen[key]} is about break {key} already; leave one of the two."
            return _refused(row, key, [why])
        self.seen[key] = row.line
        trade_break = self.found.get(key)
        if trade_break is None:
            return _refused(row, key, [unknown(key)])
        return self._compared(row, trade_break)

    def _compared(self, row: FileRow, now: TradeBreak) -> Line:
        version = _whole(row.texts["version"])
        if version is None or not 1 <= version <= now.version:
            given = row.texts["version"]
            why = f"The version is {given!r}; break {now.pk} has had 1 to {now.version}."
            return _refused(row, now.pk, [why])
        edited = edits(row.texts, now)
        if version < now.version:
            if not edited:
                return _unchanged(row, now)
            why = f"Break {now.pk} was changed since: it was at version {version} and is at "
            why += f"{now.version}. Look at it again, then repeat what is still right."
            return Line(
                number=row.line, outcome=Outcome.STALE, break_id=now.pk,
                version=version, trade_break=now,
                changes=_as_given(edited),
                refusals=[why],
            )  # fmt: skip
        refusals = list(self._read_only(row, now))
        changes, asked, why_not = acts_of(edited, now, by=self.by, known=self.known)
        refusals += why_not
        if refusals:
            return _refused(row, now.pk, refusals, now=now, changes=_as_given(edited))
        if not asked:
            return _unchanged(row, now)
        return Line(
            number=row.line, outcome=Outcome.CHANGED, break_id=now.pk, trade_break=now,
            changes=changes, asked=asked,
        )  # fmt: skip

    def _read_only(self, row: FileRow, now: TradeBreak) -> Iterator[str]:
        """Yield a sentence for every column that only shows, and says something else than now."""
        said = texts(now, self.legs)
        differing = [
            name
            for name, text in row.texts.items()
            if name not in (*EDITABLE, *PASSING, "version") and not _same(text, said[name])
        ]
        for name in differing[:READ_ONLY_SHOWN]:
            yield (
                f"{name} is {said[name] or 'empty'} and {row.texts[name] or 'empty'} in the file: "
                "it cannot be changed here. Put it back; if it is not you who changed it, export "
                "again."
            )
        if len(differing) > READ_ONLY_SHOWN:
            more = len(differing) - READ_ONLY_SHOWN
            yield f"{more} more columns that only show were changed."


def _as_given(edited: Mapping[str, str]) -> list[Change]:
    return [Change(column, "", given) for column, given in edited.items()]


def _unchanged(row: FileRow, now: TradeBreak) -> Line:
    return Line(number=row.line, outcome=Outcome.UNCHANGED, break_id=now.pk)


def _refused(
    row: FileRow,
    key: int | None,
    refusals: Sequence[str],
    *,
    now: TradeBreak | None = None,
    changes: Sequence[Change] = (),
) -> Line:
    return Line(
        number=row.line, outcome=Outcome.REFUSED, break_id=key, trade_break=now, changes=changes,
        refusals=refusals,
    )  # fmt: skip


def _whole(text: str) -> int | None:
    """Return a key or version; spreadsheets leave blanks around them."""
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else None


def _same(given: str, said: str) -> bool:
    """Tell whether a cell says the same: 187.50 is 187.5, and a spreadsheet ends lines its way."""
    if given == said:
        return True
    if NUMBER.fullmatch(given) and NUMBER.fullmatch(said):
        return Decimal(given) == Decimal(said)
    return given.split() == said.split()


def _with_events(lines: Sequence[Line]) -> list[Line]:
    """Give each stale line what others did meanwhile; one query for all of them."""
    keys = sorted(
        line.break_id for line in lines if line.outcome == Outcome.STALE and line.break_id
    )
    if not keys:
        return list(lines)
    events = defaultdict(list)
    found = BreakEvent.objects.filter(trade_break__among=keys).select_related("by")
    for event in found.order_by("trade_break", "sequence"):
        events[event.trade_break_id].append(event)
    return [
        replace(line, since=[e for e in events[line.break_id] if e.sequence > line.version])
        if line.outcome == Outcome.STALE and line.break_id
        else line
        for line in lines
    ]
