from django.conf import settings
from django.db import models
from django.db.models import F, Q

from matching.models import Reconciliation
from reporting.choices import SignOffAct, SignOffStatus


class SignOff(models.Model):
    """
    Whether one reconciliation of one business date was looked at, prepared and signed.

    One person prepares it, which keeps the figures as they stand, and another signs these. Signed
    is locked: what changes in the trades afterwards is shown beside the figures and changes none
    of them, until somebody re-opens it with a reason. What was signed stays in the events.
    """

    reconciliation = models.ForeignKey(Reconciliation, models.PROTECT, related_name="sign_offs")
    business_date = models.DateField()
    status = models.CharField(max_length=8, choices=SignOffStatus, default=SignOffStatus.OPEN)

    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    prepared_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True, help_text="What the preparer says of what is not clean.")
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)

    trades = models.PositiveIntegerField(null=True, blank=True, help_text="In scope, both sources.")
    matched = models.PositiveIntegerField(null=True, blank=True)
    broken = models.PositiveIntegerField(null=True, blank=True)
    pending = models.PositiveIntegerField(null=True, blank=True)
    unresolved = models.PositiveIntegerField(
        null=True, blank=True, help_text="Live breaks when it was prepared."
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("-business_date", "reconciliation")
        verbose_name = "sign-off"
        permissions = [
            ("prepare_signoff", "Can prepare a sign-off"),
            ("sign_signoff", "Can sign what another prepared, or send it back"),
            ("reopen_signoff", "Can re-open what is signed"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reconciliation", "business_date"], name="sign_off_one_a_date"
            ),
            models.CheckConstraint(
                condition=Q(status=SignOffStatus.OPEN, prepared_by=None, prepared_at=None)
                | (
                    ~Q(status=SignOffStatus.OPEN)
                    & Q(prepared_by__isnull=False, prepared_at__isnull=False)
                ),
                name="sign_off_prepared_iff_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(
                    status=SignOffStatus.SIGNED, signed_by__isnull=False, signed_at__isnull=False
                )
                | (~Q(status=SignOffStatus.SIGNED) & Q(signed_by=None, signed_at=None)),
                name="sign_off_signed_iff_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(signed_by=None) | ~Q(signed_by=F("prepared_by")),
                name="sign_off_by_two_people",
            ),
            models.CheckConstraint(
                condition=Q(trades=None) | Q(trades=F("matched") + F("broken") + F("pending")),
                name="sign_off_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reconciliation.code}, {self.business_date}"


class SignOffEvent(models.Model):
    """
    One act on a sign-off: append-only, each with a digest that covers the one before it.

    That of preparing keeps the whole `sheet`, and that of signing names the digest of what was
    prepared by following it.
    """

    sign_off = models.ForeignKey(SignOff, models.PROTECT, related_name="events")
    sequence = models.PositiveIntegerField()
    act = models.CharField(max_length=9, choices=SignOffAct)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    note = models.TextField(blank=True)
    sheet = models.JSONField(null=True, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("sign_off", "sequence")
        verbose_name = "act of a sign-off"
        verbose_name_plural = "acts of sign-offs"
        constraints = [
            models.UniqueConstraint(
                fields=["sign_off", "sequence"], name="sign_off_event_once_a_place"
            ),
            models.CheckConstraint(
                condition=Q(act=SignOffAct.PREPARED, sheet__isnull=False)
                | (~Q(act=SignOffAct.PREPARED) & Q(sheet=None)),
                name="sign_off_prepared_with_its_sheet",
            ),
            models.CheckConstraint(
                condition=~Q(act__in=[SignOffAct.SENT_BACK, SignOffAct.REOPENED]) | ~Q(note=""),
                name="sign_off_taken_back_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} by {self.by}"
