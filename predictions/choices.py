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


class RiskBand(TextChoices):
    """How likely a trade is to break, in a word; from which probability on is an edited setting."""

    LOW = "LOW", "Low"
    MEDIUM = "MEDIUM", "Medium"
    HIGH = "HIGH", "High"
    CRITICAL = "CRITICAL", "Critical"


class Watched(TextChoices):
    """What of a model is held against a limit."""

    CALIBRATION = "CALIBRATION", "Calibration"
    DRIFT = "DRIFT", "Drift of a feature"
