from workflows.admin import feeds, pipelines, runs

__all__ = ["feeds", "pipelines", "runs"]
