from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from breaks.admin.words import asked_words
from breaks.models import ApprovalRequest
from matching.admin.rule_sets import CHANGE, RuleSetAdmin, is_draft
from matching.models import RuleSet
from trades.admin.acts import Act, ReasonForm


def _activate(request: HttpRequest, row: RuleSet, given: dict[str, Any]) -> str:
    from breaks.services import approvals

    by: Any = request.user
    done = approvals.activate_rules(
        rule_set_id=row.pk, reason=given["reason"], by=by, at=timezone.now()
    )
    if isinstance(done, ApprovalRequest):
        return asked_words(done)
    return f"{row} is active: the next run uses it."


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services import approvals

    return approvals.REFUSALS


@admin.register(RuleSet)
class CheckedRuleSetAdmin(RuleSetAdmin):
    """Rule sets with their activation, for which a second person may be needed."""

    acts = (
        Act(
            name="activate", label="Activate", permission=CHANGE, run=_activate,
            refusals=_refusals, form=ReasonForm, tone="primary", offered=is_draft,
            description="It takes the place of the active version, which is kept. The next run "
            "over a day pairs that day anew under these rules; what people decided stays. Where "
            "the policy says so, a second person has to approve it first.",
        ),
        *RuleSetAdmin.acts,
    )  # fmt: skip
