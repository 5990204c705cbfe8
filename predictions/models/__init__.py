from predictions.models.model_version import ModelEvent, ModelVersion
from predictions.models.scoring_settings import ScoringSettings
from predictions.models.trade_score import TradeScore
from predictions.models.training_run import TrainingRun
from predictions.models.watch import Crossing, FeatureDrift, FeatureReference, WatchedWeek

__all__ = [
    "Crossing",
    "FeatureDrift",
    "FeatureReference",
    "ModelEvent",
    "ModelVersion",
    "ScoringSettings",
    "TradeScore",
    "TrainingRun",
    "WatchedWeek",
]
