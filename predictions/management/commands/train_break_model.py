from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone


class Command(BaseCommand):
    help = (
        "Train a model that foresees which trades will break, and keep it if it is better than "
        "the simpler ones. The first one is put in force; a later one is activated in the desk."
    )
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        from predictions.choices import ModelStatus
        from predictions.registry import ModelNotKept
        from predictions.services import training

        now = timezone.now()
        run = training.request_training(by=None, at=now)
        try:
            version = training.train(run_id=run.pk, at=now)
        except (training.NothingToLearn, training.TrainingNotClaimable, ModelNotKept) as said:
            raise CommandError(str(said)) from said
        if version.status == ModelStatus.REFUSED:
            raise CommandError(f"No model was kept. {version.verdict}")
        learnt = f"{version.rows:,} trades, of which {version.broken:,} broke"
        self.stdout.write(f"{version}: learnt from {learnt}. {version.verdict}")
        for name, value in version.metrics.items():
            self.stdout.write(f"  {name.replace('_', ' '):<24} {value:.4f}")
        if version.status == ModelStatus.ACTIVE:
            self.stdout.write(f"{version} is in force.")
        else:
            self.stdout.write(
                f"{version} may be activated: open it under Prediction models in the desk."
            )
