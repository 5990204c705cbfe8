from workflows.admin import runs

__all__ = ["runs"]
