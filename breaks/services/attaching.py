"""Files kept with a break; the history names each by its digest."""

import hashlib
import re
from datetime import datetime

from django.contrib.auth.models import User

from breaks.choices import EventKind
from breaks.models import BreakAttachment, TradeBreak
from breaks.services.acting import work_on
from breaks.services.history import Entry
from breaks.services.lifecycle import WorkRefused

LARGEST = 10 * 1024 * 1024
LONGEST_NAME = 120
UNKNOWN_TYPE = "application/octet-stream"

# What a name may not have: folders, what no file system keeps, and what turns the text around.
_FOLDERS = re.compile(r".*[/\\]", re.DOTALL)
_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]')
_TYPE = re.compile(r"[\w.+-]{1,49}/[\w.+-]{1,50}", re.ASCII)


def attach(
    *,
    break_id: int,
    version: int | None,
    name: str,
    content: bytes,
    by: User,
    at: datetime,
    content_type: str = "",
) -> BreakAttachment:
    """
    Keep a file with a break of any status.

    :raises WorkRefused: if it has no name, is empty or larger than `LARGEST` bytes.
    :raises StaleBreak: if the break is not at `version` any more.
    """
    named = cleaned_name(name)
    check_size(len(content))
    digest = hashlib.sha256(content).hexdigest()
    kept: list[BreakAttachment] = []

    def decide(row: TradeBreak) -> Entry:
        kept[:] = [
            BreakAttachment.objects.create(
                trade_break=row,
                name=named,
                content_type=content_type if _TYPE.fullmatch(content_type) else UNKNOWN_TYPE,
                size=len(content),
                digest=digest,
                content=content,
                by=by,
                at=at,
            )
        ]
        detail = {"attachment": kept[0].pk, "name": named, "size": len(content), "digest": digest}
        return Entry(trade_break=row, kind=EventKind.ATTACHED, by=by, detail=detail)

    work_on(break_id, version, by, at, decide)
    return kept[0]


def cleaned_name(given: str) -> str:
    """
    Return a file's name without folders and without characters that could mislead.

    :raises WorkRefused: if nothing is left of it.
    """
    name = _UNFIT.sub("", _FOLDERS.sub("", given)).strip(" .")
    if not name:
        raise WorkRefused("The file has no name to keep it by; rename it and attach it again.")
    if len(name) > LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        tail = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        name = name[: LONGEST_NAME - len(tail)] + tail
    return name


def check_size(size: int) -> None:
    """:raises WorkRefused: if a file of so many bytes is not kept."""
    if size == 0:
        raise WorkRefused("The file is empty; there is nothing to keep.")
    if size > LARGEST:
        raise WorkRefused(
            f"The file has {size:,} bytes; at most {LARGEST // 1024**2} MB are kept with a break. "
            "Attach the part that matters."
        )
