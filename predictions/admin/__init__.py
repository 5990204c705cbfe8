from predictions.admin import likely, scored, settings, watch

__all__ = ["likely", "scored", "settings", "watch"]
