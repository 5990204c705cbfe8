"""Train a model: the work is a row, taken by one worker, and its outcome is a version or a word."""

from predictions.services.training.examples import NothingToLearn
from predictions.services.training.running import (
    TrainingNotClaimable,
    abandoned,
    request_training,
    train,
    wake,
)

__all__ = [
    "NothingToLearn",
    "TrainingNotClaimable",
    "abandoned",
    "request_training",
    "train",
    "wake",
]
