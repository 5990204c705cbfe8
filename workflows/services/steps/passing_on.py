"""What a day does with its breaks: puts right, gives to people, and tells what is late."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime

from django.contrib.auth.models import User

from workflows.choices import StepStatus
from workflows.models import PipelineStep
from workflows.services.escalation import check_sla
from workflows.services.notifications import tell_late_file
from workflows.services.remediation import auto_remediate_open
from workflows.services.routing import route_open
from workflows.services.steps.kinds import Outcome, Work


def remediate(_step: PipelineStep, work: Work) -> Outcome:
    """Suggest what would put open breaks right, and do what a policy lets do itself."""
    swept = auto_remediate_open(at=work.now(), watcher=work.keep)
    return Outcome(StepStatus.SUCCEEDED, asdict(swept))


def route(_step: PipelineStep, work: Work) -> Outcome:
    """Route what is open; most of it was routed as its run ended."""
    routed = route_open(at=work.now(), watcher=work.keep)
    return Outcome(StepStatus.SUCCEEDED, routed.figures())


def escalate(_step: PipelineStep, work: Work) -> Outcome:
    """Fire the levels that have come due."""
    fired = check_sla(at=work.now(), watcher=work.keep)
    levels = {f"to level {level}": count for level, count in sorted(fired.levels.items())}
    return Outcome(StepStatus.SUCCEEDED, {"escalated": len(fired.breaks)} | levels)


def tell_late(step: PipelineStep, business_date: date, at: datetime) -> list[str]:
    """
    Tell that a step's feed is late, once a date, in the transaction that says so.

    Return the names of those who are told: the members of its contact team, or without one the
    administrators.
    """
    feed = step.feed
    if feed is None:
        return []
    contact = getattr(feed, "late_contact", None)
    people: Iterable[User] = contact.team.members.filter(is_active=True) if contact else ()
    asked = f" Ask {contact.ask}." if contact and contact.ask else ""
    return tell_late_file(
        feed=feed,
        business_date=business_date,
        sentence=f"{step.says}{asked} What should be in it is pending, not missing.",
        at=at,
        people=list(people),
    )
