from predictions.models.model_version import ModelEvent, ModelVersion
from predictions.models.training_run import TrainingRun

__all__ = [
    "ModelEvent",
    "ModelVersion",
    "TrainingRun",
]
