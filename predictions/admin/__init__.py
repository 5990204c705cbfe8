from predictions.admin import trainings, versions

__all__ = ["trainings", "versions"]
