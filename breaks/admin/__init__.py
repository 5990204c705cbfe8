"""Breaks, and the pages of matches, rules and trades with what the breaks say of them."""

from breaks.admin import back_tests, matches, policy, queue, rule_sets, trades

__all__ = ["back_tests", "matches", "policy", "queue", "rule_sets", "trades"]
