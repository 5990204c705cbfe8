from trades.services.loading import LoadOutcome, load_reports

__all__ = ["LoadOutcome", "load_reports"]
