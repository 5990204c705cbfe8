from django.conf import settings
from django.db import models


class IdempotencyKey(models.Model):
    """
    The answer a caller's POST was given under its Idempotency-Key.

    The row is made before the work starts, so that of two requests at once only one works; it
    has no answer until `answered_at`.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    path = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64, help_text="SHA-256 of the request's JSON.")
    created_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict, blank=True)
    body = models.TextField(blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "path", "key"], name="idempotency_key_used_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} at {self.path}"


class WorkerPulse(models.Model):
    """When a worker process last said that it is alive."""

    name = models.CharField(max_length=200, unique=True, help_text="Host and process id.")
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-seen_at",)

    def __str__(self) -> str:
        return self.name
