from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "workflows"
    verbose_name = "Workflows"

    def ready(self) -> None:
        """Tell `breaks`, an app below, what carries out the acts added here and who is told."""
        from breaks.choices import GuardedAct
        from breaks.guarded import carry_out, do_in_bulk
        from breaks.telling import Listener, listen

        carry_out(GuardedAct.REMEDIATE, _remedying)
        do_in_bulk("remedy", _remedy_break)
        listen(Listener(history=_history, asked=_asked, decided=_decided))


def _remedying() -> Any:
    from workflows.services.remediation.approving import EXECUTION

    return EXECUTION


def _remedy_break() -> Any:
    from workflows.services.remediation.automatic import remedy_break

    return remedy_break


def _history(entries: Sequence[Any], at: datetime) -> None:
    # Most of the history assigns nothing, and is written by the thousand.
    if any("assigned_to" in entry.detail for entry in entries):
        from workflows.services.notifications.happenings import tell_history

        tell_history(entries, at)


def _asked(request: Any, at: datetime) -> None:
    from workflows.services.notifications.happenings import tell_asked

    tell_asked(request, at)


def _decided(request: Any, at: datetime) -> None:
    from workflows.services.notifications.happenings import tell_decided

    tell_decided(request, at)
