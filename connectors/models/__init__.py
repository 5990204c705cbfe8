from connectors.models.delivery import Delivery, RejectedRow
from connectors.models.feed import Feed, Layout

__all__ = ["Delivery", "Feed", "Layout", "RejectedRow"]
