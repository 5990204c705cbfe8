import json
import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from matching.choices import RunStatus
from trades.dates import known_day
from workflows.choices import StepStatus
from workflows.models import PipelineRun, PipelineStep
from workflows.services import daily
from workflows.step_words import pipeline_summary, step_words

# How long the command waits for somebody who is at what it needs.
PATIENCE_SECONDS = 300


class Command(BaseCommand):
    help = "Run the main job of a business date: ingest, reconcile, pass on what that brought."
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--date", type=known_day, required=True, metavar="YYYY-MM-DD", help="the business date"
        )
        parser.add_argument(
            "--resume", action="store_true", help="do what the last one of this date left undone"
        )
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *, date: date, resume: bool, **options: Any) -> None:
        try:
            run = _asked(date, resume=resume)
            if not options["json"]:
                for step in run.steps.filter(status=StepStatus.SKIPPED):
                    self.stdout.write(step_words(step))
            run = self._run(run, quiet=options["json"])
        except (daily.Busy, daily.NotAskable, daily.NotClaimable) as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(pipeline_summary(run), indent=2))
        if run.status != RunStatus.SUCCEEDED:
            raise CommandError(f"{run.error} Mend it and run: run_pipeline --date {date} --resume")
        if not options["json"]:
            self.stdout.write(f"{run} has ended well.")

    def _run(self, run: PipelineRun, *, quiet: bool) -> PipelineRun:
        patient_until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return daily.run_pipeline(
                    pipeline_id=run.pk,
                    at=timezone.now(),
                    watcher=(lambda _step: None) if quiet else self._tell,
                )
            except daily.Busy as busy:
                if time.monotonic() > patient_until:
                    raise
                self.stderr.write(f"Waiting: {busy}")
                time.sleep(2)

    def _tell(self, step: PipelineStep) -> None:
        if step.status == StepStatus.RUNNING:
            if self.stderr.isatty():
                self.stderr.write(f"\r{step} ...", ending="\x1b[K")
            return
        if self.stderr.isatty():
            self.stderr.write("\r", ending="\x1b[K")
        self.stdout.write(step_words(step))


def _asked(business_date: date, *, resume: bool) -> PipelineRun:
    now = timezone.now()
    if not resume:
        return daily.request_pipeline(business_date=business_date, by=None, at=now)
    last = PipelineRun.objects.filter(business_date=business_date).order_by("-pk").first()
    if last is None:
        raise CommandError(f"There was no pipeline of {business_date} yet; leave out --resume.")
    return daily.resume_pipeline(pipeline_id=last.pk, by=None, at=now)
