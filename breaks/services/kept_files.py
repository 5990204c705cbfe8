"""That the files kept with breaks are those their histories tell of."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from breaks.choices import EventKind
from breaks.models import BreakAttachment, BreakEvent


class ChangedFile(NamedTuple):
    """A file that is not what the event of a break says was attached."""

    break_id: int
    sequence: int
    why: str


def changed_files(break_ids: Sequence[int] | None = None) -> Iterator[ChangedFile]:
    """
    Yield the files that are gone or not what was attached, of all breaks or of those named.

    Every file is read, one after the other.
    """
    events = BreakEvent.objects.filter(kind=EventKind.ATTACHED)
    files = BreakAttachment.objects.all()
    if break_ids is not None:
        events = events.filter(trade_break__in=break_ids)
        files = files.filter(trade_break__in=break_ids)
    # The events first: a file that is attached meanwhile is there before they tell of it.
    told = {
        detail.get("attachment"): (break_id, sequence, detail)
        for break_id, sequence, detail in events.order_by("trade_break", "sequence").values_list(
            "trade_break", "sequence", "detail"
        )
    }
    read = files.order_by("pk").values_list("pk", "trade_break", "content")
    for pk, kept_with, content in read.iterator(chunk_size=1):
        if pk not in told:
            continue
        break_id, sequence, detail = told.pop(pk)
        same = hashlib.sha256(bytes(content)).hexdigest() == detail.get("digest")
        if not same or kept_with != break_id:
            yield ChangedFile(break_id, sequence, f"{_named(detail)} is not what was attached.")
    for break_id, sequence, detail in told.values():
        yield ChangedFile(break_id, sequence, f"{_named(detail)}, which was attached, is gone.")


def _named(detail: dict[str, object]) -> str:
    return f"the file {detail.get('name', '')!r}"
