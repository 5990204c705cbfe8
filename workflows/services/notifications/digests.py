"""What becomes of a digest whose time is up."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from workflows.choices import NoticeKind, NoticeStatus
from workflows.models import Notification
from workflows.outward.delivering import address_of

SHOWN = 50


def close_digests(*, at: datetime) -> int:
    """Word and queue every digest whose time is up; return how many. Two who do so take turns."""
    due = Notification.objects.filter(status=NoticeStatus.COLLECTING, send_after__lte=at)
    return sum(_close(pk, at) for pk in list(due.order_by("pk").values_list("pk", flat=True)))


@transaction.atomic
def _close(pk: int, at: datetime) -> bool:
    collecting = Notification.objects.filter(pk=pk, status=NoticeStatus.COLLECTING)
    # From here on nothing more is folded into it, and nobody sends it before the commit.
    if not collecting.update(status=NoticeStatus.QUEUED, send_after=at):
        return False
    digest = Notification.objects.get(pk=pk)
    members = digest.members.order_by("created_at", "pk")
    count = members.count()
    if not count:
        digest.delete()
        return False
    kind = NoticeKind(digest.digest_of).label.lower()
    digest.folded = count
    digest.subject = f"{count} notices: {kind}" if count > 1 else members[0].subject
    digest.text = _listed(members, count)
    digest.link = members[0].link if count == 1 else reverse("admin:workflows_notification_inbox")
    if digest.channel_id is None:
        digest.status, digest.send_after = NoticeStatus.INBOX, None
    digest.save(update_fields=["folded", "subject", "text", "link", "status", "send_after"])
    return True


def _listed(members: QuerySet[Notification], count: int) -> str:
    if count == 1:
        return members[0].text
    lines = []
    for one in members[:SHOWN]:
        address = address_of(one.link)
        lines.append(f"- {one.subject}{f' {address}' if address else ''}")
    if count > SHOWN:
        lines.append(f"and {count - SHOWN} more.")
    return "\n".join(lines)
