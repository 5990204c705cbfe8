"""Whether the acts that a file asks for can be done: the services' own checks, nothing written."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from functools import cache

from django.contrib.auth.models import User

from breaks.choices import BreakStatus
from breaks.models import Team, TradeBreak
from breaks.services.foreseeing import foresee
from breaks.services.importing.asking import Change
from breaks.services.importing.lines import Line, Outcome
from breaks.services.lifecycle import WorkRefused, check_sees, is_of


def foreseen(lines: Sequence[Line], *, by: User) -> list[Line]:
    """
    Return the lines with those refused whose acts cannot be done, and with the status they lead to.

    The acts of a break are tried one after the other on a copy of it, those of all breaks
    together: a query an act at most, whatever the number of rows.
    """
    copies = {
        at: copy(line.trade_break)
        for at, line in enumerate(lines)
        if line.asked and line.trade_break is not None
    }
    why: dict[int, str] = {}
    waiting: set[int] = set()
    of_team = cache(is_of)
    for step in range(max((len(line.asked) for line in lines), default=0)):
        together = defaultdict(list)
        for at, line in enumerate(lines):
            if step < len(line.asked) and at not in why:
                together[line.asked[step].act].append(at)
        for act, places in together.items():
            rows = [copies[at] for at in places]
            for at, row, seen in zip(places, rows, foresee(rows, act, by=by), strict=True):
                if seen.why:
                    why[at] = seen.why
                    continue
                row.status = seen.becomes
                if seen.waits:
                    waiting.add(at)
                given = lines[at].asked[step].given
                if act == "route":
                    row.team = given["team"]
                if act == "assign":
                    why |= _not_of(row, given["to"], at, of_team)
                    row.assigned_to = given["to"]
    return [
        _with(line, copies.get(at), why.get(at, ""), waits=at in waiting)
        for at, line in enumerate(lines)
    ]


def _not_of(
    row: TradeBreak, to: User | None, at: int, of_team: Callable[[Team | None, User], bool]
) -> dict[int, str]:
    """Return why a row is not given to somebody, by its place; nothing if it is."""
    try:
        if to is not None:
            check_sees(row, to, is_of=of_team)
    except WorkRefused as refusal:
        return {at: str(refusal)}
    return {}


def _with(line: Line, after: TradeBreak | None, why: str, *, waits: bool) -> Line:
    if why:
        return replace(line, outcome=Outcome.REFUSED, refusals=[*line.refusals, why], asked=())
    now = line.trade_break
    if after is None or now is None:
        return line
    changes = list(line.changes)
    if after.status != now.status:
        labels = [BreakStatus(row.status).label for row in (now, after)]
        changes.insert(0, Change("status", *labels))
    return replace(line, changes=changes, waits=waits)
