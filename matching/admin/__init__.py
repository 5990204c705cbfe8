"""
Reconciliations and calibrations in the admin.

Matches and rule sets are registered by `breaks.admin`, whose services decide on them and try them,
and runs by `workflows.admin`, which starts them: an admin page belongs to the highest app it needs.
"""

from matching.admin import calibrations, reconciliations

__all__ = ["calibrations", "reconciliations"]
