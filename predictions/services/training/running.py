"""One training, from the request to the version: taken, told of as it goes on, and ended once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import Q

from predictions import registry
from predictions.choices import ModelAct, ModelStatus, TrainingStatus
from predictions.models import ModelEvent, ModelVersion, TrainingRun
from predictions.services import versions
from predictions.services.training.examples import Examples, NothingToLearn, examples
from trades.leases import free, held, take

# One step may take minutes, and tells nothing meanwhile.
LEASE = timedelta(minutes=30)
STALE_AFTER = timedelta(minutes=1)


class TrainingNotClaimable(Exception):
    """Another worker has this training, or one is at work already; the sentence says which."""


def request_training(*, by: Any, at: datetime) -> TrainingRun:
    """
    Queue a training, and send a worker the message once it is committed.

    One that waits already is the answer to whoever asks again.
    """
    waiting = TrainingRun.objects.filter(status=TrainingStatus.QUEUED)
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(requested_by=by, requested_at=at)
    except IntegrityError:
        found = waiting.first()
        if found is None:
            return request_training(by=by, at=at)
        return found
    wake(run.pk)
    return run


def wake(run_id: int) -> None:
    """Send a worker the message that a training waits; a lost one is sent again by the sweep."""
    transaction.on_commit(
        lambda: current_app.send_task("tasks.train_break_model", kwargs={"run_id": run_id}),
        robust=True,
    )


def abandoned(at: datetime) -> Q:
    """Tell the trainings whose message or worker was lost."""
    return Q(status=TrainingStatus.QUEUED, requested_at__lt=at - STALE_AFTER) | (
        free(at) & Q(status=TrainingStatus.RUNNING)
    )


def train(*, run_id: int, at: datetime) -> ModelVersion:
    """
    Carry out a training that is queued, or whose worker was lost.

    The version comes back refused if it did not beat the simpler ones. What there is to learn
    from is what was there `at`.

    :raises TrainingNotClaimable: if another worker has it.
    :raises NothingToLearn: if there is too little to learn from; the run says so too.
    """
    run = _take(run_id, at)
    clock = _Clock(run, at)
    try:
        return _learn(run, clock, at)
    except Exception as problem:
        said = str(problem) or type(problem).__name__
        held(run).update(
            status=TrainingStatus.FAILED, error=said[:2000], step="", finished_at=clock.now,
            timings=clock.timings,
        )  # fmt: skip
        raise


def _take(run_id: int, at: datetime) -> TrainingRun:
    one = TrainingRun.objects.filter(pk=run_id)
    try:
        with transaction.atomic():
            taken = take(one, at=at, lease_expires_at=at + LEASE, step="", progress_pct=0)
    except IntegrityError as busy:
        other = TrainingRun.objects.filter(status=TrainingStatus.RUNNING).first()
        raise TrainingNotClaimable(
            f"{other or 'Another training'} is at work; this one waits until it has ended."
        ) from busy
    if not taken:
        run = one.first()
        word = f"is {run.get_status_display().lower()}" if run else "does not exist"
        raise TrainingNotClaimable(f"Training {run_id} {word}, so there is nothing to do.")
    return one.get()


def _learn(run: TrainingRun, clock: "_Clock", at: datetime) -> ModelVersion:
    # The scientific packages take seconds to load, which a page or command need not wait for.
    from predictions.learning import learn, typical_values

    with clock.step("read", "Reading trades and their ends", 5):
        found = examples(at=at)
    with clock.step("learn", "Learning", 30):
        learnt = learn(**found.parts, tell=clock.tell)
    clock.tell("Keeping the model", 95)
    # Written before the row: a file without a row is never loaded, a row without one is no use.
    digest = registry.write(learnt.estimator) if learnt.is_good else ""
    train_part = found.parts["train"]
    with transaction.atomic():
        ended = held(run).update(
            status=TrainingStatus.SUCCEEDED if learnt.is_good else TrainingStatus.FAILED,
            error="" if learnt.is_good else learnt.verdict,
            step="", progress_pct=100, rows=found.rows, finished_at=clock.now,
            timings=clock.timings,
        )  # fmt: skip
        if not ended:
            raise TrainingNotClaimable(f"{run} was taken over by another worker meanwhile.")
        version = ModelVersion.objects.create(
            status=ModelStatus.CANDIDATE if learnt.is_good else ModelStatus.REFUSED,
            digest=digest,
            training=run,
            features=typical_values(train_part.frame),
            trained_from=found.trade_dates[0],
            trained_to=found.trade_dates[1],
            rows=train_part.rows,
            broken=train_part.broken,
            base_rate=train_part.broken / train_part.rows,
            split=_split(found),
            metrics=learnt.metrics,
            compared=learnt.compared,
            curves=learnt.curves,
            verdict=learnt.verdict,
            made_at=clock.now,
        )
        act = ModelAct.TRAINED if learnt.is_good else ModelAct.REFUSED
        ModelEvent.objects.create(version=version, act=act, by=run.requested_by, at=clock.now)
        if learnt.is_good:
            versions.offer(version=version, by=run.requested_by, at=clock.now)
    version.refresh_from_db()
    return version


def _split(found: Examples) -> dict[str, Any]:
    return {
        name: {
            "rows": part.rows,
            "broken": part.broken,
            "from": found.spans[name][0].isoformat(),
            "to": found.spans[name][1].isoformat(),
        }
        for name, part in found.parts.items()
    }


class _Clock:
    """Seconds by step, and the step a training is at, told on its row while it is ours."""

    def __init__(self, run: TrainingRun, at: datetime) -> None:
        self.run, self.at = run, at
        self.timings: dict[str, float] = {}
        self._began = time.perf_counter()

    @property
    def now(self) -> datetime:
        return self.at + timedelta(seconds=time.perf_counter() - self._began)

    def tell(self, step: str, progress_pct: int) -> None:
        told = held(self.run).update(
            step=step, progress_pct=progress_pct, lease_expires_at=self.now + LEASE
        )
        if not told:
            raise TrainingNotClaimable(f"{self.run} was taken over by another worker meanwhile.")

    @contextmanager
    def step(self, name: str, words: str, progress_pct: int) -> Iterator[None]:
        self.tell(words, progress_pct)
        began = time.perf_counter()
        yield
        self.timings[name] = round(time.perf_counter() - began, 3)


__all__ = ["NothingToLearn", "TrainingNotClaimable", "request_training", "train", "wake"]
