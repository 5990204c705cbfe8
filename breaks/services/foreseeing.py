"""What an act would make of a break as it is now: the same checks as the act, nothing written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User

from breaks.choices import BreakStatus, GuardedAct
from breaks.models import ApprovalPolicy, TradeBreak
from breaks.services.approvals import guards, why_not_accept
from breaks.services.lifecycle import WorkRefused, check_arrow, check_ended, check_free, check_live

_LEADS_TO = {
    "claim": BreakStatus.IN_PROGRESS,
    "await_counterparty": BreakStatus.AWAITING_COUNTERPARTY,
    "escalate": BreakStatus.ESCALATED,
    "resolve": BreakStatus.RESOLVED,
    "accept": BreakStatus.ACCEPTED,
    "reopen": BreakStatus.OPEN,
}
_OF_LIVE_ONES = {"assign": "assigned", "route": "routed"}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The status an act leads to, or `why` it cannot be done, or that a second person decides."""

    becomes: BreakStatus
    why: str = ""
    waits: bool = False

    @property
    def can(self) -> bool:
        return not self.why


def foresee(rows: Iterable[TradeBreak], act: str, *, by: User) -> list[Foreseen]:
    """
    Tell what the service `act` would do to each row; the rows have assignee and team joined.

    Whatever the act is given besides (a reason, a person) is taken to be right. Three queries for
    a guarded act, none for others.
    """
    if act != "accept":
        return [_foresee(row, act, by) for row in rows]
    listed = list(rows)
    policy = ApprovalPolicy.objects.filter(act=GuardedAct.ACCEPT).first()
    asked = why_not_accept([row.pk for row in listed])
    return [
        _waiting(row, _foresee(row, act, by), asked)
        if guards(policy, row.exposure)
        else _foresee(row, act, by)
        for row in listed
    ]


def _waiting(row: TradeBreak, done: Foreseen, asked: Mapping[int, str]) -> Foreseen:
    """Return what becomes of an act that a second person decides on."""
    if not done.can:
        return done
    return Foreseen(BreakStatus(row.status), asked.get(row.pk, ""), waits=row.pk not in asked)


def _foresee(row: TradeBreak, act: str, by: User) -> Foreseen:
    try:
        return Foreseen(_after(row, act, by))
    except WorkRefused as refusal:
        return Foreseen(BreakStatus(row.status), str(refusal))


def _after(row: TradeBreak, act: str, by: User) -> BreakStatus:
    now = BreakStatus(row.status)
    if act in _OF_LIVE_ONES:
        check_live(row, _OF_LIVE_ONES[act])
        return now
    if act not in _LEADS_TO:
        return now
    to = _LEADS_TO[act]
    if act == "claim" and now == to:
        if row.assigned_to_id == by.pk:
            raise WorkRefused(f"Break {row.pk} is yours already; nothing is left to do.")
        check_free(row)
        return to
    if act == "reopen":
        check_ended(row)
    check_arrow(row, to)
    return to
