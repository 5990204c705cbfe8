"""Breaks, and the pages of matches, rules and trades with what the breaks say of them."""

from breaks.admin import (
    approvals,
    back_tests,
    batches,
    calendars,
    clock_changes,
    matches,
    policy,
    qa,
    queue,
    roots,
    rule_sets,
    sla_policies,
    teams,
    trades,
)

__all__ = [
    "approvals",
    "back_tests",
    "batches",
    "calendars",
    "clock_changes",
    "matches",
    "policy",
    "qa",
    "queue",
    "roots",
    "rule_sets",
    "sla_policies",
    "teams",
    "trades",
]
