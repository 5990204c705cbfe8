"""
Sending what the outbox holds: claimed, delivered, marked.

A worker owns a row while it is SENDING under its attempt number and the lease lies ahead. One
that dies after the delivery and before the mark leaves a row that is sent again when the lease
has run out: at least once, under the same id.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import F, Q
from django.utils import timezone

from breaks.services.acting import check_actor
from workflows.choices import NoticeStatus
from workflows.models import Channel, Notification
from workflows.outward.delivering import deliver
from workflows.outward.outcomes import NotDelivered, Refused, TryLater
from workflows.outward.retrying import MOST_ATTEMPTS, wait_before
from workflows.services.notifications.digests import close_digests
from workflows.services.notifications.outbox import wake

logger = logging.getLogger(__name__)

# Longer than the slowest delivery may take.
LEASE = timedelta(minutes=2)
MOST_AT_ONCE = 500
TIRED_AFTER = 3
GIVEN_UP = "Whoever was to send it never said how it went, {} times; given up."


@dataclass(frozen=True)
class Sent:
    """What became of the notices one worker took up."""

    delivered: int = 0
    put_off: int = 0
    dead: int = 0


def send_due(*, now: Callable[[], datetime] = timezone.now, most: int = MOST_AT_ONCE) -> Sent:
    """
    Close the digests that are due and send what is, the longest waiting first.

    A channel that puts several off in a row is left alone until the next call: waiting for it
    takes seconds each time, and other work waits behind.
    """
    close_digests(at=now())
    sent = Counter({NoticeStatus.DEAD: _bury(now())})
    in_a_row: Counter[int | None] = Counter()
    for _ in range(most):
        tired = [channel for channel, times in in_a_row.items() if times >= TIRED_AFTER]
        notice = _take_next(now(), tired)
        if notice is None:
            break
        status = send(notice, now=now)
        sent[status] += 1
        put_off = status == NoticeStatus.QUEUED
        in_a_row[notice.channel_id] = in_a_row[notice.channel_id] + 1 if put_off else 0
    return Sent(sent[NoticeStatus.SENT], sent[NoticeStatus.QUEUED], sent[NoticeStatus.DEAD])


def _take_next(at: datetime, tired: Sequence[int | None]) -> Notification | None:
    """Take up the notice that has waited longest, but for those of some channels."""
    ready = Notification.objects.filter(_ready(at)).exclude(channel__in=tired)
    keys = ready.order_by("send_after", "pk").values_list("pk", flat=True)
    while (pk := keys.first()) is not None:
        if notice := claim(pk=pk, at=at):
            return notice
    return None


def claim(*, pk: int, at: datetime) -> Notification | None:
    """Take a notice up if it is due and nobody has it; None if not."""
    mine = Notification.objects.filter(_ready(at), pk=pk).update(
        status=NoticeStatus.SENDING, lease_expires_at=at + LEASE, attempts=F("attempts") + 1
    )
    if not mine:
        return None
    found: Notification = Notification.objects.select_related("channel", "person").get(pk=pk)
    return found


def send(notice: Notification, *, now: Callable[[], datetime] = timezone.now) -> NoticeStatus:
    """Try to deliver a notice just claimed, and mark what came of it."""
    try:
        deliver(notice, at=now())
    except Refused as refusal:
        return _mark(notice, NoticeStatus.DEAD, now(), str(refusal))
    except TryLater as problem:
        return _put_off(notice, now(), str(problem), problem.after)
    except Exception as problem:
        # One that breaks the sender may not hold up those behind it.
        logger.exception("%s could not be sent", notice)
        return _put_off(notice, now(), f"Sending failed: {type(problem).__name__}: {problem}")
    return _mark(notice, NoticeStatus.SENT, now())


def _put_off(
    notice: Notification, at: datetime, sentence: str, asked: timedelta | None = None
) -> NoticeStatus:
    if notice.attempts >= MOST_ATTEMPTS:
        return _mark(notice, NoticeStatus.DEAD, at, sentence)
    wait = wait_before(uid=notice.uid, attempt=notice.attempts, asked=asked)
    return _mark(notice, NoticeStatus.QUEUED, at, sentence, wait)


def resend(*, pks: list[int], by: User, at: datetime) -> int:
    """
    Queue again what was not delivered, each under its own id; return how many were.

    :raises WorkRefused: if the actor may not act.
    """
    check_actor(by)
    dead = Notification.objects.filter(pk__among=pks, status=NoticeStatus.DEAD)
    count = dead.update(status=NoticeStatus.QUEUED, attempts=0, send_after=at)
    if count:
        wake()
    return count


def send_test(*, channel: Channel, by: User, at: datetime) -> str:
    """
    Send a test by a channel, beside the outbox; return what the receiver answered.

    :raises NotDelivered: saying what stands in the way.
    :raises WorkRefused: if the actor may not act.
    """
    check_actor(by)
    test = Notification(
        kind="TEST",
        channel=channel,
        person=by if channel.is_personal else None,
        subject=f"Test of the channel {channel.name}",
        text=f"{by.get_username()} asked for this test. Nothing has to be done.",
        created_at=at,
    )
    return deliver(test, at=at)


def _ready(at: datetime) -> Q:
    """Tell what may be taken up: due, or held by a worker that is gone."""
    due = Q(status=NoticeStatus.QUEUED, send_after__lte=at)
    left = Q(status=NoticeStatus.SENDING, lease_expires_at__lte=at)
    return (due | left) & Q(channel__in=Channel.objects.filter(is_enabled=True).values("pk"))


def _bury(at: datetime) -> int:
    """Give up what kills or outlives every worker that takes it up."""
    left = Notification.objects.filter(
        status=NoticeStatus.SENDING, lease_expires_at__lte=at, attempts__gte=MOST_ATTEMPTS
    )
    return left.update(
        status=NoticeStatus.DEAD,
        lease_expires_at=None,
        last_error=GIVEN_UP.format(MOST_ATTEMPTS),
    )


def _mark(
    notice: Notification,
    status: NoticeStatus,
    at: datetime,
    error: str = "",
    wait: timedelta | None = None,
) -> NoticeStatus:
    """Write how it went, unless the lease ran out and somebody else has it by now."""
    mine = Notification.objects.filter(
        pk=notice.pk, status=NoticeStatus.SENDING, attempts=notice.attempts
    )
    mine.update(
        status=status,
        lease_expires_at=None,
        send_after=None if wait is None else at + wait,
        sent_at=at if status == NoticeStatus.SENT else None,
        last_error=error,
    )
    return status


__all__ = ["NotDelivered", "Sent", "claim", "resend", "send", "send_due", "send_test"]
