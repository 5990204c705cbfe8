"""Reference data in the admin; trades are shown by the app that knows their breaks."""

from trades.admin import parties, reference

__all__ = ["parties", "reference"]
