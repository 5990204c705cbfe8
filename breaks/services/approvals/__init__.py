"""
Four eyes: what the policy guards is asked for by one person and let happen by another.

The front doors (`accept`, `pair_by_hand`, `unmatch`, `activate_rules`) do at once what the policy
lets pass and else record a request. `approve` does what was asked for, as the act of whoever
asked. `execution` says of each guarded act how it is done later and what overtakes it.
"""

from breaks.services.approvals.asking import ask, guards, is_needed, why_not_accept
from breaks.services.approvals.deciding import approve, no_second, turn_down, withdraw
from breaks.services.approvals.doors import accept, activate_rules, pair_by_hand, unmatch
from breaks.services.approvals.execution import overtaken_by
from breaks.services.approvals.refusals import REFUSALS, ApprovalRefused

__all__ = [
    "REFUSALS",
    "ApprovalRefused",
    "accept",
    "activate_rules",
    "approve",
    "ask",
    "guards",
    "is_needed",
    "no_second",
    "overtaken_by",
    "pair_by_hand",
    "turn_down",
    "unmatch",
    "why_not_accept",
    "withdraw",
]
