from workflows.admin import channels, escalations, notifications, runs

__all__ = ["channels", "escalations", "notifications", "runs"]
