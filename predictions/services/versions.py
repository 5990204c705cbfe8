"""
Which model is in force: activated, rolled back to, and its file put back.

An activation waits for a second person as `ApprovalPolicy` says. The very first model is put in
force by its training, for it takes the place of none; whatever replaces a model is activated.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from breaks.choices import GuardedAct
from breaks.models import ApprovalRequest
from breaks.services.acting import check_actor
from breaks.services.approvals import ask, is_needed
from breaks.services.lifecycle import WorkRefused
from predictions import registry
from predictions.choices import ModelAct, ModelStatus
from predictions.models import ModelEvent, ModelVersion

MAY_BE_ACTIVATED = (ModelStatus.CANDIDATE, ModelStatus.RETIRED)


class ModelRefused(WorkRefused):
    """A model cannot be activated so; the sentence says why and what to do."""


@transaction.atomic
def activate(
    *, version_id: int, reason: str, by: User, at: datetime
) -> ModelVersion | ApprovalRequest:
    """
    Put a model in force instead of the one that is, or roll back to it, or ask for that.

    :raises ModelRefused: if it may not be used, is in force already, or its file was altered.
    :raises WorkRefused: if the actor may not act, gives no reason, or it is asked for already.
    """
    check_actor(by)
    version = _get(version_id)
    _check(version)
    if not is_needed(GuardedAct.ACTIVATE_MODEL, None):
        return put_in_force(version=version, by=by, at=at, note=reason)
    now = in_force()
    instead = f" instead of {now}" if now else ""
    verb = "Roll back to" if version.status == ModelStatus.RETIRED else "Activate"
    return ask(
        act=GuardedAct.ACTIVATE_MODEL,
        summary=f"{verb} prediction {str(version).lower()}{instead}",
        reason=reason,
        given={
            "version": version.pk,
            "digest": version.digest,
            "active": now.pk if now else None,
        },
        exposure=None,
        by=by,
        at=at,
    )


def offer(*, version: ModelVersion, by: User | None, at: datetime) -> None:
    """Put a freshly trained model in force if there was never one, or if no second one is asked."""
    alone = not ModelVersion.objects.filter(
        status__in=[ModelStatus.ACTIVE, ModelStatus.RETIRED]
    ).exists()
    if alone or not is_needed(GuardedAct.ACTIVATE_MODEL, None):
        note = (
            "The first model there is." if alone else "Trained, and better than the simpler ones."
        )
        put_in_force(version=version, by=by, at=at, note=note)


@transaction.atomic
def put_in_force(
    *, version: ModelVersion, by: User | None, at: datetime, note: str = ""
) -> ModelVersion:
    """
    Make a version the one in force, with its history; its file follows once this is committed.

    :raises ModelRefused: if somebody changed it meanwhile, or its file is not as it was.
    """
    _check(version)
    replaced = in_force()
    if replaced is not None:
        leaving = ModelVersion.objects.filter(pk=replaced.pk, status=ModelStatus.ACTIVE)
        if not leaving.update(status=ModelStatus.RETIRED):
            raise ModelRefused(f"{replaced} was replaced meanwhile; look again.")
        _event(replaced, ModelAct.RETIRED, by, at, f"{version} took its place.")
    taken = ModelVersion.objects.filter(pk=version.pk, status=version.status).update(
        status=ModelStatus.ACTIVE, activated_at=at, activated_by=by
    )
    if not taken:
        raise ModelRefused(f"{version} was changed meanwhile; look again.")
    was_there = version.status == ModelStatus.RETIRED
    _event(version, ModelAct.ROLLED_BACK if was_there else ModelAct.ACTIVATED, by, at, note)
    transaction.on_commit(lambda: registry.put_in_force(version))
    version.refresh_from_db()
    return version


@transaction.atomic
def restore(*, version_id: int, by: User, at: datetime) -> ModelVersion:
    """
    Put the file of the model in force back where it was lost or altered; nothing else changes.

    :raises ModelRefused: if it is not in force, or the kept file is not as it was either.
    """
    check_actor(by)
    version = _get(version_id)
    if version.status != ModelStatus.ACTIVE:
        raise ModelRefused(f"{version} is not in force; activate it instead.")
    _readable(version)
    _event(version, ModelAct.RESTORED, by, at, "")
    transaction.on_commit(lambda: registry.put_in_force(version))
    return version


def in_force() -> ModelVersion | None:
    found: ModelVersion | None = ModelVersion.objects.filter(status=ModelStatus.ACTIVE).first()
    return found


def _get(version_id: int) -> ModelVersion:
    version = ModelVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise ModelRefused(f"There is no prediction model {version_id}.")
    return version


def _check(version: ModelVersion) -> None:
    if version.status == ModelStatus.REFUSED:
        raise ModelRefused(f"{version} may not be activated. {version.verdict}")
    if version.status not in MAY_BE_ACTIVATED:
        raise ModelRefused(f"{version} is {version.get_status_display().lower()} already.")
    _readable(version)


def _readable(version: ModelVersion) -> None:
    try:
        registry.kept_bytes(version)
    except (registry.ModelAbsent, registry.ModelAltered) as problem:
        raise ModelRefused(str(problem)) from problem


def _event(version: ModelVersion, act: ModelAct, by: Any, at: datetime, note: str) -> None:
    ModelEvent.objects.create(version=version, act=act, by=by, at=at, note=note)
