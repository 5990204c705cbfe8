from django.db.models import TextChoices


class DeliveryStatus(TextChoices):
    QUEUED = "QUEUED", "Queued"
    RUNNING = "RUNNING", "Running"
    LOADED = "LOADED", "Loaded"
    FAILED = "FAILED", "Failed"


class RejectStatus(TextChoices):
    OPEN = "OPEN", "To be fixed"
    REPLAYED = "REPLAYED", "Fixed and replayed"
    DISCARDED = "DISCARDED", "Discarded"
