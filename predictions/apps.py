from typing import Any

from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    name = "predictions"
    verbose_name = "Predictions"

    def ready(self) -> None:
        """Tell `breaks`, an app below, what carries out the act added here."""
        from breaks.choices import GuardedAct
        from breaks.guarded import carry_out

        carry_out(GuardedAct.ACTIVATE_MODEL, _activating)


def _activating() -> Any:
    from predictions.services.approving import EXECUTION

    return EXECUTION
