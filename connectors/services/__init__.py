from connectors.protocol import Unreadable
from connectors.services.deliveries import (
    NotClaimable,
    execute_delivery,
    forget_empty_looks,
    queue_deliveries,
)
from connectors.services.layouts import propose_layout
from connectors.services.quarantine import REFUSALS, discard, replay
from connectors.services.receiving import end_interrupted, receive_file

__all__ = [
    "REFUSALS",
    "NotClaimable",
    "Unreadable",
    "discard",
    "end_interrupted",
    "execute_delivery",
    "forget_empty_looks",
    "propose_layout",
    "queue_deliveries",
    "receive_file",
    "replay",
]
