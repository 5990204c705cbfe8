"""Give breaks to teams and people by the rules; what only shows it asks the same decision."""

from workflows.services.routing.many import Routed, route_breaks, route_one, route_open, route_run
from workflows.services.routing.rules import rules_in_force

__all__ = ["Routed", "route_breaks", "route_one", "route_open", "route_run", "rules_in_force"]
