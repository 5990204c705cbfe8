"""Who is told of breaks that are late, level by level, each once a break and policy version."""

from workflows.services.escalation.ticking import Fired, check_sla

__all__ = ["Fired", "check_sla"]
