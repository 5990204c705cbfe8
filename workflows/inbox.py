"""What a person was told: their inbox, read and unread."""

from typing import Any

from django.db.models import QuerySet

from workflows.models import Notification


def inbox_of(person: Any) -> QuerySet[Notification]:
    """Return what stands in a person's inbox, the newest first."""
    if not person.is_authenticated:
        return Notification.objects.none()
    return Notification.objects.filter(person=person.pk, is_listed=True).order_by(
        "-created_at", "-pk"
    )


def unread_by(person: Any) -> QuerySet[Notification]:
    return inbox_of(person).filter(read_at=None)
