"""
Who may do what: the five groups and the model permissions each is given.

The table is the only place to edit. A migration copies it to the database with `grant`; a later
migration that adds a model or a line calls `grant` again. Nothing is ever taken away by it: an
administrator may have changed a group since.
"""

from typing import Any

from django.contrib.auth.management import create_permissions

ANALYST, SUPERVISOR, ADMINISTRATOR = "Analyst", "Supervisor", "Administrator"
INTEGRATION, AUDITOR = "Integration", "Auditor"

# "app.model" or "app.*" -> actions. An action is a codename less its last word: view_raw_trade.
Grants = dict[str, str]

_SEE_THE_DESK: Grants = {
    "trades.*": "view",
    "connectors.*": "view",
    "matching.*": "view",
    "breaks.*": "view",
    # Not its outbox and channels: what is sent to others is not everybody's to read.
    "workflows.escalation": "view",
    "workflows.escalationlevel": "view",
    "workflows.feedcontact": "view",
    "workflows.pipelinerun": "view",
    "workflows.pipelinestep": "view",
    "workflows.remediationpolicy": "view",
    "workflows.absence": "view",
    "workflows.routing": "view",
    "workflows.routingrule": "view",
    "workflows.workpattern": "view",
    "workflows.remediationsuggestion": "view",
    "workflows.rootcauseanalysis": "view",
    "workflows.rootcausebreak": "view",
    "workflows.rootcauseevent": "view",
    "workflows.rootcausefinding": "view",
    "reporting.dailyreport": "view",
    "reporting.dailysnapshot": "view",
    "reporting.signoff": "view",
    "reporting.signoffevent": "view",
    "predictions.tradescore": "view",
    "predictions.watchedweek": "view",
    "predictions.scoringsettings": "view",
    "predictions.modelversion": "view",
    "predictions.modelevent": "view",
    "predictions.trainingrun": "view",
}
_WORK_THE_QUEUE: Grants = {
    "trades.trade": "view_raw",
    "connectors.delivery": "start",
    "connectors.rejectedrow": "change",
    "matching.match": "decide",
    "matching.qasample": "judge",
    "matching.reconciliationrun": "start",
    "workflows.pipelinerun": "start",
    "breaks.tradebreak": "work accept",
    "workflows.rootcauseanalysis": "start",
    "workflows.rootcausefinding": "decide",
    "reporting.signoff": "prepare",
    "predictions.tradescore": "request",
}
_SEE_EVERY_TEAM: Grants = {"breaks.team": "view_every"}
_CHECK_OTHERS: Grants = {
    "breaks.approvalrequest": "decide",
    "reporting.signoff": "sign reopen",
}
_SEE_THE_OUTBOX: Grants = {"workflows.notification": "view", "workflows.channel": "view"}
_KEEP_THE_SHIFTS: Grants = {
    "workflows.workpattern": "add change delete",
    "workflows.absence": "add change delete",
}
_TRAIN_MODELS: Grants = {
    "predictions.trainingrun": "start",
    "predictions.modelversion": "activate",
}
_KEEP_REFERENCE_DATA: Grants = {
    "trades.instrument": "add change",
    "trades.instrumentidentifier": "add change delete",
    "trades.counterparty": "add change",
    "trades.counterpartyalias": "add change delete",
    "trades.account": "add change",
    "trades.accountalias": "add change delete",
    "trades.fxrate": "add change delete",
}
_SET_UP_THE_DESK: Grants = {
    "trades.source": "add change",
    "connectors.feed": "add change delete",
    "workflows.feedcontact": "add change delete",
    "connectors.layout": "add change delete",
    "matching.ruleset": "add change",
    "matching.calibration": "start",
    "matching.reconciliation": "add change delete",
    "breaks.exposurethreshold": "add change delete",
    "breaks.team": "add change delete",
    "breaks.approvalpolicy": "change",
    "workflows.routingrule": "add change delete",
    "breaks.slapolicy": "add change",
    "breaks.holidaycalendar": "add change delete",
    "breaks.calendarday": "add change delete",
    "workflows.remediationpolicy": "add change delete",
    "workflows.channel": "add change delete",
    "workflows.escalationlevel": "add change delete",
    "workflows.notification": "resend",
    "reporting.reportsubscription": "view add change delete",
    "predictions.scoringsettings": "change",
    "auth.user": "view add change",
    "auth.group": "view add change",
    "knox.authtoken": "view add delete",
    "axes.*": "view delete",
    "django_celery_beat.*": "view add change delete",
    "django_celery_results.*": "view",
    "recon_project.workerpulse": "view",
}

ROLES: dict[str, tuple[Grants, ...]] = {
    ANALYST: (_SEE_THE_DESK, _WORK_THE_QUEUE),
    SUPERVISOR: (
        _SEE_THE_DESK,
        _WORK_THE_QUEUE,
        _KEEP_REFERENCE_DATA,
        _SEE_EVERY_TEAM,
        _CHECK_OTHERS,
        _SEE_THE_OUTBOX,
        _KEEP_THE_SHIFTS,
        _TRAIN_MODELS,
        {"matching.ruleset": "change", "matching.calibration": "start"},
    ),
    ADMINISTRATOR: (
        _SEE_THE_DESK,
        _WORK_THE_QUEUE,
        _KEEP_REFERENCE_DATA,
        _SEE_EVERY_TEAM,
        _CHECK_OTHERS,
        _SEE_THE_OUTBOX,
        _KEEP_THE_SHIFTS,
        _TRAIN_MODELS,
        _SET_UP_THE_DESK,
    ),
    INTEGRATION: (
        _SEE_THE_DESK,
        _SEE_EVERY_TEAM,
        {"connectors.delivery": "start", "matching.reconciliationrun": "start"},
        {"breaks.tradebreak": "work", "predictions.tradescore": "request"},
        {"recon_project.workerpulse": "view"},
    ),
    AUDITOR: (
        _SEE_THE_DESK,
        _SEE_EVERY_TEAM,
        _SEE_THE_OUTBOX,
        {"recon_project.workerpulse": "view"},
        {"trades.trade": "view_raw", "auth.user": "view", "auth.group": "view"},
        {"django_celery_beat.*": "view", "django_celery_results.*": "view", "axes.*": "view"},
    ),
}


def granted(permission: Any, role: str) -> bool:
    """Tell whether the table gives `role` this `auth.Permission`."""
    app, model = permission.content_type.app_label, permission.content_type.model
    action = permission.codename.rpartition("_")[0]
    return any(
        action in grants.get(key, "").split()
        for grants in ROLES[role]
        for key in (f"{app}.{model}", f"{app}.*")
    )


def grant(apps: Any) -> None:
    """
    Make the groups and give them what the table says, as far as `apps` knows the models.

    `apps` is a migration's registry. Django makes permissions only after the last migration, so
    those of the models known by now are made first.
    """
    for config in apps.get_app_configs():
        config.models_module = True  # a historical app has none, and is skipped without
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    every = list(apps.get_model("auth", "Permission").objects.select_related("content_type"))
    for role in ROLES:
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(*(permission for permission in every if granted(permission, role)))
