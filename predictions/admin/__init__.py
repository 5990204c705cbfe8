from predictions.admin import likely, scored, settings, trainings, versions, watch

__all__ = ["likely", "scored", "settings", "trainings", "versions", "watch"]
