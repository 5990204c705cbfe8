from typing import Any

from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "workflows"
    verbose_name = "Workflows"

    def ready(self) -> None:
        """Tell `breaks`, an app below, what carries out the acts that are added here."""
        from breaks.choices import GuardedAct
        from breaks.guarded import carry_out, do_in_bulk

        carry_out(GuardedAct.REMEDIATE, _remedying)
        do_in_bulk("remedy", _remedy_break)


def _remedying() -> Any:
    from workflows.services.remediation.approving import EXECUTION

    return EXECUTION


def _remedy_break() -> Any:
    from workflows.services.remediation.automatic import remedy_break

    return remedy_break
