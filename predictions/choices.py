from django.db.models import TextChoices


class ModelStatus(TextChoices):
    """What a trained model is to the desk; there is one in force or none."""

    CANDIDATE = "CANDIDATE", "May be activated"
    ACTIVE = "ACTIVE", "In force"
    RETIRED = "RETIRED", "Was in force"
    REFUSED = "REFUSED", "Not good enough"


class TrainingStatus(TextChoices):
    QUEUED = "QUEUED", "Queued"
    RUNNING = "RUNNING", "Running"
    SUCCEEDED = "SUCCEEDED", "Succeeded"
    FAILED = "FAILED", "Failed"


class ModelAct(TextChoices):
    """What happened to a model."""

    TRAINED = "TRAINED", "Trained"
    REFUSED = "REFUSED", "Refused"
    ACTIVATED = "ACTIVATED", "Activated"
    ROLLED_BACK = "ROLLED_BACK", "Rolled back to"
    RETIRED = "RETIRED", "Replaced"
    RESTORED = "RESTORED", "File put back"
