"""Find the causes of breaks, keep them, and decide on them."""

from workflows.services.causes.analysing import (
    AnalysisBusy,
    analyse,
    analyse_due,
    left_waiting,
    request_analysis,
    run_analysis,
)
from workflows.services.causes.deciding import (
    accept,
    ask_for_fix,
    can_be_applied,
    dismiss,
    reopen,
)
from workflows.services.causes.refusing import CauseRefused

__all__ = [
    "AnalysisBusy",
    "CauseRefused",
    "accept",
    "analyse",
    "analyse_due",
    "ask_for_fix",
    "can_be_applied",
    "dismiss",
    "left_waiting",
    "reopen",
    "request_analysis",
    "run_analysis",
]
