from trades.services.loading import LoadOutcome, load_reports, reported_values

__all__ = ["LoadOutcome", "load_reports", "reported_values"]
