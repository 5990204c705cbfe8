"""
Learn a reconciliation's rules from what people decided, or from its trades: a draft, no more.

`request` queues the work, `calibrate` does it, `calibrate_now` both. The draft is tried and
activated like any other, by people.
"""

from matching.services.calibrating.asking import (
    CalibrationBusy,
    CalibrationNotClaimable,
    abandoned,
    cancel,
    request,
    wake,
)
from matching.services.calibrating.calibrating import (
    CalibrationRefused,
    calibrate,
    calibrate_now,
)

__all__ = [
    "CalibrationBusy",
    "CalibrationNotClaimable",
    "CalibrationRefused",
    "abandoned",
    "calibrate",
    "calibrate_now",
    "cancel",
    "request",
    "wake",
]
