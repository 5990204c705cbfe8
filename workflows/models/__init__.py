from workflows.models.root_cause import (
    RootCauseAnalysis,
    RootCauseBreak,
    RootCauseEvent,
    RootCauseFinding,
)

__all__ = ["RootCauseAnalysis", "RootCauseBreak", "RootCauseEvent", "RootCauseFinding"]
