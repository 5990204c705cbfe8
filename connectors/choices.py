from django.db.models import TextChoices


class DeliveryStatus(TextChoices):
    QUEUED = "QUEUED", "Queued"
    RUNNING = "RUNNING", "Running"
    LOADED = "LOADED", "Loaded"
    FAILED = "FAILED", "Failed"


class DeliveryStep(TextChoices):
    """What a running delivery is at."""

    READING = "READING", "Reading"
    MERGING = "MERGING", "Merging"


class RejectStatus(TextChoices):
    OPEN = "OPEN", "To be fixed"
    REPLAYED = "REPLAYED", "Fixed and replayed"
    DISCARDED = "DISCARDED", "Discarded"
