from workflows.models.routing import Routing, RoutingRule
from workflows.models.shifts import Absence, WorkPattern

__all__ = [
    "Absence",
    "Routing",
    "RoutingRule",
    "WorkPattern",
]
