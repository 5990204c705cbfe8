from typing import Any

from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "workflows"
    verbose_name = "Workflows"

    def ready(self) -> None:
        """Tell the approvals, of an app below, how what is asked for here is carried out."""
        from breaks.choices import GuardedAct
        from breaks.guarded import carry_out

        carry_out(GuardedAct.REMEDIATE, _remedying)


def _remedying() -> Any:
    from workflows.services.remediation.approving import EXECUTION

    return EXECUTION
