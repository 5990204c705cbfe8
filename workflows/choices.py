from django.db.models import TextChoices


class StepStatus(TextChoices):
    """How a step of a pipeline stands; all but the first two and FAILED are ends it may have."""

    QUEUED = "QUEUED", "To come"
    RUNNING = "RUNNING", "Running"
    SUCCEEDED = "SUCCEEDED", "Done"
    LATE = "LATE", "Late"
    NOT_DUE = "NOT_DUE", "Not due yet"
    SKIPPED = "SKIPPED", "Nothing due"
    FAILED = "FAILED", "Failed"
    CANCELLED = "CANCELLED", "Cancelled"


UNFINISHED_STEPS = (StepStatus.QUEUED, StepStatus.RUNNING)
# What a source still owes: another look is worth it once that has changed.
OWING_STEPS = (StepStatus.LATE, StepStatus.NOT_DUE)
