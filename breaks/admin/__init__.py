"""Breaks, and the pages of matches and trades with what the breaks say of them."""

from breaks.admin import approvals, batches, matches, policy, queue, roots, rule_sets, trades

__all__ = ["approvals", "batches", "matches", "policy", "queue", "roots", "rule_sets", "trades"]
