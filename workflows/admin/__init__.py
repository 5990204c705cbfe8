from workflows.admin import routed_breaks, routing, runs, shifts

__all__ = ["routed_breaks", "routing", "runs", "shifts"]
