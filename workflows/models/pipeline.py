from django.conf import settings
from django.db import models
from django.db.models import Q

from connectors.models import Delivery, Feed
from matching.choices import RunStatus
from matching.models import Reconciliation, ReconciliationRun
from workflows.choices import StepStatus


class PipelineRun(models.Model):
    """
    The main job for one business date, from the feeds to the people.

    The row is the queue: whoever turns QUEUED into RUNNING by a conditional UPDATE owns it while
    `lease_expires_at` lies ahead and `fencing_token` is the one it was given. `attempt` counts
    the workers it has had since it was asked for.
    """

    business_date = models.DateField()
    status = models.CharField(max_length=9, choices=RunStatus, default=RunStatus.QUEUED)

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    resumed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    resumed_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    fencing_token = models.PositiveIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, help_text="Why it failed, or what it waits for.")

    class Meta:
        ordering = ("-business_date", "-pk")
        verbose_name = "pipeline"
        permissions = [("start_pipelinerun", "Can start, resume and cancel a pipeline")]
        constraints = [
            models.UniqueConstraint(
                fields=["business_date"],
                condition=Q(status__in=[RunStatus.QUEUED, RunStatus.RUNNING]),
                name="pipeline_one_live_a_date",
            ),
            models.CheckConstraint(
                condition=~Q(status=RunStatus.FAILED) | ~Q(error=""),
                name="pipeline_failed_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"Pipeline {self.pk} of {self.business_date}"


class PipelineStep(models.Model):
    """
    One step of a pipeline: a kind of work on a subject, such as a feed or a reconciliation.

    What there is of kinds, and their order, stands in `workflows.pipeline`; `figures` are
    what it counted by name, `says` why it failed, since when its file is late, why nothing was due.
    """

    run = models.ForeignKey(PipelineRun, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16)
    subject = models.CharField(max_length=48, blank=True)
    status = models.CharField(max_length=9, choices=StepStatus, default=StepStatus.QUEUED)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(
        default=list, blank=True, help_text="Pairs of a name and a count, in order."
    )
    says = models.TextField(blank=True)

    feed = models.ForeignKey(Feed, models.SET_NULL, null=True, blank=True, related_name="+")
    delivery = models.ForeignKey(Delivery, models.SET_NULL, null=True, blank=True, related_name="+")
    reconciliation = models.ForeignKey(
        Reconciliation, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reconciliation_run = models.ForeignKey(
        ReconciliationRun, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("run", "position")
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="step_position_once_a_run"),
            models.UniqueConstraint(fields=["run", "kind", "subject"], name="step_once_a_run"),
            models.CheckConstraint(
                condition=~Q(status=StepStatus.FAILED) | ~Q(says=""), name="step_failed_says_why"
            ),
        ]

    def __str__(self) -> str:
        return " ".join(word for word in (self.kind, self.subject) if word)

    @property
    def figures(self) -> dict[str, int]:
        """The counts by name, in order; kept as pairs, as Postgres sorts the keys of an object."""
        return dict(self.counts)
