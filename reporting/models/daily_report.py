from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q


class ReportSubscription(models.Model):
    """Who is mailed the daily report, and as which files; it holds what that person may see."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="report_subscription",
        help_text="Gets the figures of what they may see themselves, at their own address.",
    )
    is_enabled = models.BooleanField("enabled", default=True)
    with_pdf = models.BooleanField("PDF", default=True)
    with_xlsx = models.BooleanField("Excel", default=True)
    with_csv = models.BooleanField("CSV", default=False)
    on_weekends = models.BooleanField(
        "weekends too", default=False, help_text="Off: the dates from Monday to Friday."
    )

    class Meta:
        ordering = ("person",)
        verbose_name = "subscription of the daily report"
        verbose_name_plural = "subscriptions of the daily report"
        constraints = [
            models.CheckConstraint(
                condition=Q(with_pdf=True) | Q(with_xlsx=True) | Q(with_csv=True),
                name="subscription_has_a_file",
                violation_error_message="Choose at least one kind of file.",
            )
        ]

    def __str__(self) -> str:
        return f"Daily report for {self.person}"

    def clean(self) -> None:
        """
        Refuse a person whom no report can reach.

        :raises ValidationError: saying what they lack.
        """
        person = self.person if self.person_id else None
        if person is None:
            return
        if not person.email:
            raise ValidationError(
                {"person": f"{person} has no e-mail address; give {person} one under Users first."}
            )
        if not person.is_active:
            raise ValidationError({"person": f"{person} is not active and gets no mail."})

    @property
    def formats(self) -> list[str]:
        chosen = {"pdf": self.with_pdf, "xlsx": self.with_xlsx, "csv": self.with_csv}
        return [name for name, is_chosen in chosen.items() if is_chosen]


class DailyReport(models.Model):
    """
    The report of one business date as one person was given it: its figures, kept as they were.

    The page, the files and a second attempt to mail them are all made of `content`.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="daily_reports"
    )
    business_date = models.DateField()
    made_at = models.DateTimeField()
    formats = models.JSONField(default=list)
    content = models.JSONField()

    class Meta:
        ordering = ("-business_date", "-pk")
        verbose_name = "daily report"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "business_date"], name="daily_report_once_a_person_and_date"
            )
        ]

    def __str__(self) -> str:
        return f"Daily report {self.business_date}"
