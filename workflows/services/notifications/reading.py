"""What a person does to their own inbox."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from workflows.choices import HowTold, NoticeKind
from workflows.inbox import inbox_of
from workflows.models import NoticePreference


def mark_read(
    *, by: User, at: datetime, pks: Sequence[int] | None = None, up_to: int | None = None
) -> int:
    """
    Mark one's own notices read, or with None all of them; return how many were unread.

    `up_to` is the newest that was seen.
    """
    mine = inbox_of(by).filter(read_at=None)
    if up_to is not None:
        mine = mine.filter(pk__lte=up_to)
    return (mine if pks is None else mine.filter(pk__among=list(pks))).update(read_at=at)


def mark_unread(*, by: User, pks: Sequence[int]) -> int:
    """Mark one's own notices unread again; return how many were read."""
    return inbox_of(by).filter(pk__among=list(pks), read_at__isnull=False).update(read_at=None)


@transaction.atomic
def prefer(*, by: User, how: Mapping[NoticeKind, HowTold]) -> None:
    """Keep how one wants to hear of each kind; what is as usual keeps no row."""
    for kind, chosen in how.items():
        if chosen == NoticePreference.DEFAULTS[kind]:
            NoticePreference.objects.filter(person=by, kind=kind).delete()
        else:
            NoticePreference.objects.update_or_create(
                person=by, kind=kind, defaults={"how": chosen}
            )
