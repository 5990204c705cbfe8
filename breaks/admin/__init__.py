"""Breaks, and the pages of matches and trades with what the breaks say of them."""

from breaks.admin import matches, policy, queue, teams, trades

__all__ = ["matches", "policy", "queue", "teams", "trades"]
