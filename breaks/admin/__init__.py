"""Breaks, and the pages of matches and trades with what the breaks say of them."""

from breaks.admin import approvals, matches, policy, queue, rule_sets, trades

__all__ = ["approvals", "matches", "policy", "queue", "rule_sets", "trades"]
