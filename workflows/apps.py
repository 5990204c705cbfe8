from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "workflows"
    verbose_name = "Workflows"

    def ready(self) -> None:
        """Say who tells people of what happens in the apps below; loaded when it first does."""
        from breaks.telling import Listener, listen

        listen(Listener(history=_history, asked=_asked, decided=_decided))


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
