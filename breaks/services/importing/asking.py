"""From the cells a person edited to the acts they ask for: a changed cell is one act."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

from breaks.choices import FOR_RESOLVING, ReasonCode
from breaks.models import Team, TradeBreak
from breaks.services.batches import Asked
from breaks.spreadsheet import EDITABLE

ACTS = ("claim", "assign", "route", "comment", "resolve", "accept", "reopen", "escalate")
LONGEST_COMMENT = 10_000
ACCEPT = "breaks.accept_tradebreak"

_NEED_A_COMMENT = {
    "comment": "what you want to say",
    "accept": "why the loss is accepted",
    "reopen": "why it is re-opened",
    "escalate": "why it is escalated",
}
# What each act calls the comment that goes with it.
_SAID_AS = {"assign": "reason", "route": "reason", "comment": "text", "resolve": "comment",
            "accept": "comment", "reopen": "reason", "escalate": "reason"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One thing a row would change, in words."""

    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Known:
    """People by name, the names of those who may work breaks, and teams by code and by name."""

    people: Mapping[str, User]
    workers: set[str]
    teams: Mapping[str, Team]


def edits(given: Mapping[str, str], now: TradeBreak) -> dict[str, str]:
    """Return the cells that ask for something: other than what the break has now."""
    team = now.team
    has = {
        "assigned_to": {now.assigned_to.get_username() if now.assigned_to else ""},
        "team": {team.code, team.name} if team else {""},
        "reason_code": {now.reason_code},
        "act": {""},
        "comment": {""},
    }
    cells = {name: given[name] for name in EDITABLE if name in given}
    return {
        name: cell.strip()
        for name, cell in cells.items()
        if cell not in has[name] and _tidy(name, cell) not in has[name]
    }


def acts_of(
    edited: Mapping[str, str], now: TradeBreak, *, by: User, known: Known
) -> tuple[list[Change], list[Asked], list[str]]:
    """
    Return what the edits of a row change, the acts that do it in order, and what refuses them.

    The comment goes with the act of its row; without one it is a comment.
    """
    asking = _Asking(dict(edited), now, by, known)
    asking.read()
    return asking.changes, asking.asked, asking.refusals


@dataclass
class _Asking:
    edited: dict[str, str]
    now: TradeBreak
    by: User
    known: Known
    asked: list[Asked] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def read(self) -> None:
        main = self._main_act()
        comment = self._comment()
        given = dict(self._moves())
        self._check(main, comment, given)
        if self.refusals:
            return
        order = [*given, main] if main and main != "reopen" else [*([main] if main else []), *given]
        said_with = main if main and main != "claim" else next(iter(given), "")
        for act in order:
            more = dict(given.get(act, {}))
            if act == "resolve":
                more["reason_code"] = self._code()
            if act in _SAID_AS and (act == said_with or act not in ("assign", "route")):
                more[_SAID_AS[act]] = comment if act == said_with else ""
            self._ask(act, more)
        if comment and not said_with:
            self._ask("comment", {"text": comment})
        if comment:
            self.changes.append(Change("comment", "", comment))

    def _main_act(self) -> str:
        act = self.edited.get("act", "").lower()
        code = self.edited.get("reason_code", "")
        if act and act not in ACTS:
            self.refusals.append(f"{act!r} is no act; write one of {', '.join(ACTS)}, or nothing.")
            return ""
        if not act and code:
            return "resolve"
        if act in ("assign", "route"):
            column = "assigned_to" if act == "assign" else "team"
            if column not in self.edited:
                self.refusals.append(f"The act is {act}, but {column} is what it was: change it.")
            return ""
        return act

    def _comment(self) -> str:
        comment = self.edited.get("comment", "")
        if len(comment) > LONGEST_COMMENT:
            self.refusals.append(f"The comment is longer than {LONGEST_COMMENT:,} characters.")
        return comment

    def _code(self) -> str:
        return self.edited.get("reason_code", self.now.reason_code).upper()

    def _moves(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the acts that team and assignee ask for, the team's first."""
        if "team" in self.edited:
            to = self._moved("team", self._team, str(self.now.team or ""))
            yield "route", {"team": to}
        if "assigned_to" in self.edited:
            to = self._moved("assigned_to", self._person, str(self.now.assigned_to or ""))
            yield "assign", {"to": to}

    def _moved(self, column: str, find: Callable[[str], Any], before: str) -> Any:
        to = find(self.edited[column])
        self.changes.append(Change(column, before, str(to or "")))
        return to

    def _person(self, name: str) -> User | None:
        if not name:
            return None
        found = self.known.people.get(name)
        if found is None:
            self.refusals.append(f"There is no active user {name!r} to assign it to.")
        elif name not in self.known.workers:
            self.refusals.append(f"{name} may not work breaks; assign it to somebody who may.")
        return found

    def _team(self, name: str) -> Team | None:
        if not name:
            return None
        found = self.known.teams.get(name)
        if found is None:
            codes = ", ".join(sorted({team.code for team in self.known.teams.values()}))
            self.refusals.append(f"There is no team {name!r}; write one of {codes or 'none yet'}.")
        return found

    def _check(self, main: str, comment: str, given: Mapping[str, Any]) -> None:
        code_edited = "reason_code" in self.edited
        if main == "accept" and not self.by.has_perm(ACCEPT):
            self.refusals.append("You may not accept breaks; ask a supervisor.")
        if main in _NEED_A_COMMENT and not comment:
            self.refusals.append(f"{main} needs a comment: {_NEED_A_COMMENT[main]}.")
        if main == "claim" and "assign" in given:
            self.refusals.append("A claim makes it yours: leave assigned_to as it was.")
        if main == "resolve":
            self._check_code(comment)
        elif code_edited and not (main == "reopen" and not self.edited["reason_code"]):
            self.refusals.append(
                "reason_code goes with the act resolve alone; put it back, or write that act."
            )

    def _check_code(self, comment: str) -> None:
        code = self._code()
        if code == ReasonCode.WRITE_OFF:
            self.refusals.append("A write-off is the act accept, not resolve.")
        elif code not in FOR_RESOLVING:
            self.refusals.append(
                f"{code or 'Nothing'} is no reason to resolve: write one of "
                f"{', '.join(FOR_RESOLVING)}."
            )
        elif code == ReasonCode.NOT_A_BREAK and not comment:
            self.refusals.append("NOT_A_BREAK needs a comment: why it is not a break.")
        else:
            label = ReasonCode(code).label
            self.changes.append(Change("reason_code", self.now.get_reason_code_display(), label))

    def _ask(self, act: str, given: Mapping[str, Any]) -> None:
        self.asked.append(Asked(self.now.pk, self.now.version, act, given))


def _tidy(name: str, cell: str) -> str:
    return cell.strip().upper() if name == "reason_code" else cell.strip()
