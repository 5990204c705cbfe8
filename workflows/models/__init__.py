from workflows.models.pipeline import PipelineRun, PipelineStep

__all__ = ["PipelineRun", "PipelineStep"]
