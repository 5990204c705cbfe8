from workflows.models.contact import FeedContact
from workflows.models.pipeline import PipelineRun, PipelineStep

__all__ = ["FeedContact", "PipelineRun", "PipelineStep"]
