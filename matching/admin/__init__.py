"""
Rules and reconciliations in the admin.

Matches are registered by `breaks.admin`, whose services decide on them, and runs by
`workflows.admin`, which starts them: an admin page belongs to the highest app it needs.
"""

from matching.admin import reconciliations, rule_sets

__all__ = ["reconciliations", "rule_sets"]
