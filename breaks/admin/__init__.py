"""Breaks, and the pages of matches and trades with what the breaks say of them."""

from breaks.admin import batches, matches, policy, queue, roots, trades

__all__ = ["batches", "matches", "policy", "queue", "roots", "trades"]
