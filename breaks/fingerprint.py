"""What makes two disagreements the same one, however often and in whatever order it is found."""

import hashlib
import json
from collections.abc import Iterable

from breaks.choices import BreakType

Identity = tuple[int, str]


def fingerprint(
    *, reconciliation_id: int, break_type: BreakType, identities: Iterable[Identity], field: str
) -> str:
    """
    Return the SHA-256 (64 hex digits) of a disagreement's identity.

    An identity is a trade's (source key, source_trade_id); for a late report it is the late
    source's key and the trade date. Neither side, order nor any value takes part, so a changed
    value is still the same disagreement. Keys and not codes, so that renaming a source or a
    reconciliation opens no twins.
    """
    content = [reconciliation_id, str(break_type), sorted(set(identities)), field]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
