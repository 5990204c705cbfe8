"""How an approved activation is carried out; `PredictionsConfig.ready` names it to `breaks`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from breaks.models import ApprovalRequest
from breaks.services.approvals.execution import Execution
from predictions.models import ModelVersion
from predictions.services.versions import MAY_BE_ACTIVATED, in_force, put_in_force


def _of(request: ApprovalRequest) -> ModelVersion:
    version: ModelVersion = ModelVersion.objects.select_related("activated_by").get(
        pk=request.given["version"]
    )
    return version


def _changed(request: ApprovalRequest) -> str:
    version, now = _of(request), in_force()
    if version.status not in MAY_BE_ACTIVATED:
        return f"{version} is {version.get_status_display().lower()} by now."
    if version.digest != request.given["digest"]:
        return f"{version} is another file by now."
    if (now.pk if now else None) != request.given["active"]:
        who = (now.activated_by if now else None) or "the system"
        return f"{now or 'No model'} is in force by now, activated by {who}."
    return ""


def _run(request: ApprovalRequest, checked: Mapping[str, Any], at: datetime) -> object:
    note = f"{request.reason} Approved by {checked['approved_by']} (request {request.pk})."
    return put_in_force(version=_of(request), by=request.made_by, at=at, note=note)


EXECUTION = Execution("predictions.activate_modelversion", _changed, _run)
