"""Doing what a file asks for: as one batch, or once a second person has said yes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from breaks.choices import GuardedAct
from breaks.models import ActBatch, ApprovalRequest, Team, TradeBreak
from breaks.services import batches
from breaks.services.batches import Asked
from breaks.services.importing.asking import ACCEPT
from breaks.services.importing.lines import total_exposure
from breaks.services.importing.reading import FileRefused
from breaks.services.lifecycle import WorkRefused

BATCH = "import"
MAX_ACTS = 5_000
_KINDS: dict[str, type[User] | type[Team]] = {"user": User, "team": Team}


def apply(
    *, asked: Sequence[Asked], file_name: str, by: User, at: datetime, reason: str = ""
) -> ActBatch | ApprovalRequest:
    """
    Do what a file asks for, each act through its own service; or ask for it, where policy says so.

    Each act names the version that was exported, so one that was overtaken since is refused for
    its row, and the batch says so.

    :raises FileRefused: if it asks for nothing, or for more than one request can do.
    :raises WorkRefused: if the actor may not act, or a second person is needed and no reason given.
    """
    from breaks.services import approvals

    check_amount(asked)
    keys = sorted({one.break_id for one in asked})
    mine = TradeBreak.objects.visible_to(by).filter(pk__among=keys)
    exposure = total_exposure(mine.only("exposure").order_by())
    if not approvals.is_needed(GuardedAct.IMPORT, exposure):
        return batches.do(asked=asked, act=BATCH, by=by, at=at, file_name=file_name)
    return approvals.ask(
        act=GuardedAct.IMPORT,
        summary=f"Import {len(asked):,} acts on {len(keys):,} breaks from {file_name}",
        reason=reason,
        given={"file_name": file_name, "asked": packed(asked)},
        exposure=exposure,
        by=by,
        at=at,
    )


def check_amount(asked: Sequence[Asked]) -> None:
    """:raises FileRefused: if there is nothing to do, or more than is done in one go."""
    if not asked:
        raise FileRefused("Nothing in the file is to be done.")
    if len(asked) > MAX_ACTS:
        raise FileRefused(
            f"The file asks for {len(asked):,} acts and at most {MAX_ACTS:,} are done in one go. "
            "Split it."
        )


def carry_out(
    *, given: Mapping[str, Any], by: User, at: datetime, checked: Mapping[str, Any]
) -> ActBatch:
    """
    Do what was asked for with `apply` and approved; `given` is the request's.

    Its write-offs ask nobody again: whoever approved the file was shown each with its exposure.

    :raises WorkRefused: if there are some, and `by` may not write off any more.
    """
    asked = unpacked(given["asked"])
    if any(one.act == "accept" for one in asked) and not by.has_perm(ACCEPT):
        raise WorkRefused(f"{by} may not accept breaks any more, and the file does.")
    return batches.do(
        asked=asked, act=BATCH, by=by, at=at, file_name=given["file_name"], checked=checked
    )


def packed(asked: Sequence[Asked]) -> list[list[Any]]:
    """Return acts as JSON; people and teams by their keys."""
    return [
        [one.break_id, one.version, one.act, {name: _pack(v) for name, v in one.given.items()}]
        for one in asked
    ]


def unpacked(rows: Sequence[Sequence[Any]]) -> list[Asked]:
    """
    Return the acts that `packed` made JSON of; two queries.

    :raises WorkRefused: if a person or a team among them is no more.
    """
    named = [value for *_, given in rows for value in given.values() if isinstance(value, dict)]
    known: dict[tuple[str, int], Any] = {}
    for kind, model in _KINDS.items():
        keys = {value[kind] for value in named if kind in value}
        known |= {(kind, pk): found for pk, found in model.objects.in_bulk(keys).items()}

    def unpack(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        [(kind, pk)] = value.items()
        if (kind, pk) not in known:
            raise WorkRefused(f"The {kind} {pk} of the file is no more.")
        return known[kind, pk]

    return [
        Asked(break_id, version, act, {name: unpack(v) for name, v in given.items()})
        for break_id, version, act, given in rows
    ]


def _pack(value: Any) -> Any:
    for kind, model in _KINDS.items():
        if isinstance(value, model):
            return {kind: value.pk}
    return value
