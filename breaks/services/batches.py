"""
One act done to many breaks: each through its own service, in its own transaction.

What is refused is refused for its row alone, with the sentence of the service; what a second person
decides on becomes a request of that row. A batch is kept as one row with what became of each
break, and can be taken back as a whole, once: requests are withdrawn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model, Q

from breaks.guarded import IN_BULK
from breaks.models import ActBatch, ApprovalRequest, BreakEvent, TradeBreak
from breaks.services import approvals, pairing, work
from breaks.services.lifecycle import WorkRefused
from breaks.services.undoing import UNDO_OF_OTHERS, undo
from matching.models import Match

# The functions of `breaks.services.work` that are done in bulk.
SERVICES = (
    "claim", "assign", "route", "comment", "await_counterparty", "escalate", "resolve", "accept",
    "reopen",
)  # fmt: skip
DECISIONS: Mapping[str, Callable[..., Match | ApprovalRequest]] = {
    "confirm": pairing.confirm_match,
    "reject": pairing.reject_match,
    "unmatch": approvals.unmatch,
}
# Of these, the one that may wait for a second person.
GUARDED = "accept"
# As often a long batch is written down: a process that is killed loses no more of the record.
KEEP_EVERY = 100
# One that has not ended by then was killed, and is taken back as far as it came.
ENDS_WITHIN = timedelta(hours=1)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What is asked of one break: the service that does it and what else that takes.

    `version` is the one the person saw; None is whatever it is by then.
    """

    break_id: int
    version: int | None
    act: str
    given: Mapping[str, Any] = field(default_factory=dict)


class BatchRefused(WorkRefused):
    """A batch that cannot be done or taken back as a whole; nothing was changed."""


def do(
    *,
    asked: Sequence[Asked],
    act: str,
    by: User,
    at: datetime,
    file_name: str = "",
    checked: Mapping[str, Any] | None = None,
) -> ActBatch:
    """
    Do what is asked of each break, and keep what became of it; `act` names the batch.

    A break the person may not see is refused as one that does not exist. Of several acts on one
    break each goes by the version that the one before it led to.

    `checked` names the request by which a second person let all of it happen: what the policy
    guards is done then, and the history says by whom it was approved.

    :raises WorkRefused: if the actor may not act.
    """
    work.check_actor(by)
    visible = _visible([one.break_id for one in asked], by)
    common = asked[0].given if asked and all(one.given == asked[0].given for one in asked) else {}
    batch = ActBatch.objects.create(
        act=act, given=_plain(common), by=by, at=at, file_name=file_name[:200], has_ended=False
    )
    led_to: dict[int, tuple[int | None, int]] = {}
    with _Keeping(batch) as keep:
        for one in asked:
            keep(_done(_let(_following(one, led_to), checked), visible, by, at, led_to))
        _mark_unchanged(batch.rows, by, at)
    return batch


def decide_matches(
    *, match_ids: Sequence[int], act: str, reason: str, by: User, at: datetime
) -> ActBatch:
    """
    Confirm, reject or take apart each of the matches; rows name a ``match`` and not a break.

    They are not undone as a batch: a match that was confirmed is taken apart instead.

    :raises WorkRefused: if the actor may not act.
    :raises ValueError: if no such decision is made in bulk.
    """
    work.check_actor(by)
    if act not in DECISIONS:
        raise ValueError(f"{act} is none of {', '.join(DECISIONS)}")
    decide = DECISIONS[act]
    batch = ActBatch.objects.create(
        act=act, given={"reason": reason}, by=by, at=at, has_ended=False
    )
    with _Keeping(batch) as keep:
        for pk in match_ids:
            row: Row = {"match": pk, "act": act, "version": None, "said": ""}
            try:
                made = decide(match_id=pk, reason=reason, by=by, at=at)
            except approvals.REFUSALS as refusal:
                row["said"] = str(refusal)
            else:
                if isinstance(made, ApprovalRequest):
                    row["request"] = made.pk
            keep(row)
    return batch


def undo_batch(*, batch_id: int, by: User, at: datetime) -> ActBatch:
    """
    Take back every act of a batch that still can be; each row says what became of it.

    Row by row ``undone`` is the version that led to, or null, and then ``undo_said`` says why.

    :raises BatchRefused: if it is still running, was taken back before, or is somebody else's.
    :raises ActBatch.DoesNotExist: if there is no such batch.
    """
    work.check_actor(by)
    batch = ActBatch.objects.select_related("by", "undone_by").get(pk=batch_id)
    if batch.by_id != by.pk and not by.has_perm(UNDO_OF_OTHERS):
        raise BatchRefused(f"{batch} is {batch.by}'s: ask {batch.by} or a supervisor to undo it.")
    over = Q(has_ended=True) | Q(at__lt=at - ENDS_WITHIN)
    first = ActBatch.objects.filter(over, pk=batch_id, undone_at=None)
    if not first.update(undone_at=at, undone_by=by):
        batch.refresh_from_db()
        if batch.undone_at is None:
            raise BatchRefused(f"{batch} is still running: undo it once it has ended.")
        raise BatchRefused(
            f"{batch} was undone by {batch.undone_by} on {batch.undone_at:%Y-%m-%d %H:%M} UTC."
        )
    # What it did between being read and being claimed is to be taken back too.
    batch.refresh_from_db()
    visible = _visible([row["break"] for row in batch.rows if "break" in row], by)
    with _Keeping(batch) as keep:
        # The last first: an act on a break that was acted on twice can be undone only so.
        for row in reversed(batch.rows):
            if can_undo(row):
                row.update(_undone(row, visible, by, at))
            keep()
    return batch


def can_undo(row: Mapping[str, Any]) -> bool:
    """Tell whether a row of a batch is of an act that was done or asked for, and may be undone."""
    done = row.get("version") is not None and not row.get("unchanged")
    return (done or "request" in row) and "break" in row and "undone" not in row


def unknown(break_id: int) -> str:
    return f"There is no break {break_id}."


class _Keeping:
    """Writes a batch down now and then, and at the end, however that comes."""

    def __init__(self, batch: ActBatch) -> None:
        self.batch, self.since = batch, 0

    def __enter__(self) -> Callable[..., None]:
        return self.keep

    def keep(self, row: Row | None = None) -> None:
        if row is not None:
            self.batch.rows.append(row)
        self.since += 1
        if self.since >= KEEP_EVERY:
            self.save()

    def save(self) -> None:
        self.batch.save(update_fields=["rows"])
        self.since = 0

    def __exit__(self, *_: object) -> None:
        self.batch.has_ended = True
        self.batch.save(update_fields=["rows", "has_ended"])


def _visible(break_ids: Sequence[int], by: User) -> set[int]:
    """Return those of the breaks that a person may see; one query."""
    found = TradeBreak.objects.visible_to(by).filter(pk__among=sorted(set(break_ids)))
    return set(found.order_by().values_list("pk", flat=True))


def _following(one: Asked, led_to: Mapping[int, tuple[int | None, int]]) -> Asked:
    """Let an act go by the version that an earlier one of the batch led to."""
    seen, now = led_to.get(one.break_id, (None, 0))
    follows = one.version is not None and one.version == seen
    return Asked(one.break_id, now, one.act, one.given) if follows else one


def _let(one: Asked, checked: Mapping[str, Any] | None) -> Asked:
    """Let a guarded act happen that a second person has seen already."""
    if checked is None or one.act != GUARDED:
        return one
    return replace(one, given={**one.given, "checked": checked})


def _done(
    one: Asked,
    visible: set[int],
    by: User,
    at: datetime,
    led_to: dict[int, tuple[int | None, int]],
) -> Row:
    row: Row = {"break": one.break_id, "act": one.act, "version": None, "said": ""}
    if one.break_id not in visible:
        return row | {"said": unknown(one.break_id)}
    act = work.accept if "checked" in one.given else service(one.act)
    try:
        made = act(break_id=one.break_id, version=one.version, by=by, at=at, **one.given)
    except WorkRefused as refusal:
        return row | {"said": str(refusal)}
    except TradeBreak.DoesNotExist:
        return row | {"said": unknown(one.break_id)}
    if isinstance(made, ApprovalRequest):
        return row | {"request": made.pk}
    seen, _ = led_to.get(one.break_id, (one.version, 0))
    led_to[one.break_id] = (seen, made.version)
    return row | {"version": made.version}


def service(act: str) -> Callable[..., TradeBreak | ApprovalRequest]:
    """
    Return the function that does an act to one break, or asks for it.

    :raises ValueError: if there is no such act.
    """
    if act in IN_BULK:
        added: Callable[..., TradeBreak | ApprovalRequest] = IN_BULK[act]()
        return added
    if act not in SERVICES:
        raise ValueError(f"{act} is none of {', '.join(SERVICES)}")
    return approvals.accept if act == GUARDED else getattr(work, act)


def _mark_unchanged(rows: Sequence[Row], by: User, at: datetime) -> None:
    """Mark the breaks on which there was nothing to do: no event of ours led to their version."""
    done = [row for row in rows if row["version"] is not None]
    events = BreakEvent.objects.filter(
        trade_break__among=sorted({row["break"] for row in done}), by=by, at=at
    )
    ours = set(events.order_by().values_list("trade_break", "sequence"))
    for row in done:
        if (row["break"], row["version"]) not in ours:
            row["unchanged"] = True


def _undone(row: Mapping[str, Any], visible: set[int], by: User, at: datetime) -> Row:
    pk, nothing = row["break"], {"undone": None}
    if pk not in visible:
        return nothing | {"undo_said": unknown(pk)}
    try:
        if "request" in row:
            approvals.withdraw(request_id=row["request"], by=by, at=at)
            now = TradeBreak.objects.get(pk=pk)
        else:
            now = undo(break_id=pk, version=None, by=by, at=at, sequence=row["version"])
    except WorkRefused as refusal:
        return nothing | {"undo_said": str(refusal)}
    return {"undone": now.version, "undo_said": ""}


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given as JSON: people and teams by what they are called."""
    return {name: _as_json(value) for name, value in given.items()}


def _as_json(value: Any) -> Any:
    if isinstance(value, Model):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value
