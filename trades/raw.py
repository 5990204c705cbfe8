"""Reports as their sources sent them: who may see one, and the trace that reading it leaves."""

import logging
from typing import Any

VIEW_RAW = "trades.view_raw_trade"

logger = logging.getLogger("trades.access")


def may_see_raw(user: Any) -> bool:
    return bool(user.has_perm(VIEW_RAW))


def leave_trace(user: Any, what: str) -> None:
    """Log that `user` read `what`, such as ``the raw report of trade 7``."""
    logger.info("%s read %s", user, what)
