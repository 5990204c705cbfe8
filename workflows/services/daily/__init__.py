from workflows.services.daily.asking import (
    NotAskable,
    cancel_pipeline,
    request_pipeline,
    resume_pipeline,
)
from workflows.services.daily.running import NotClaimable, run_pipeline
from workflows.services.daily.scheduling import queue_due_pipelines
from workflows.services.steps.kinds import Busy

__all__ = [
    "Busy",
    "NotAskable",
    "NotClaimable",
    "cancel_pipeline",
    "queue_due_pipelines",
    "request_pipeline",
    "resume_pipeline",
    "run_pipeline",
]
