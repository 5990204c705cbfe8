"""Rule sets: drafted, validated, activated one version at a time."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from matching.choices import RuleSetStatus
from matching.models import RuleSet
from matching.rules import validated


class RuleSetNotDraft(Exception):
    """Only a draft can be edited or activated."""


class StaleDraft(Exception):
    """Somebody else saved the draft meanwhile; `current` is how it stands now."""

    def __init__(self, current: RuleSet) -> None:
        self.current = current
        super().__init__(
            f"{current.edited_by or 'Somebody'} saved {current} while you were editing it. "
            "Nothing of yours is kept yet: look at what differs, then save again."
        )


def draft(
    *,
    name: str,
    definition: dict[str, Any],
    note: str = "",
    by: Any,
    at: datetime,
    copy_of: RuleSet | None = None,
) -> RuleSet:
    """
    Write a new draft version of a rule set.

    What is copied from a draft is still the work of those who edited that one.

    :raises InvalidRules: if the definition is not valid.
    """
    validated(definition)
    with transaction.atomic():
        latest = RuleSet.objects.filter(name=name).aggregate(latest=Max("version"))["latest"] or 0
        made = RuleSet.objects.create(
            name=name,
            version=latest + 1,
            definition=definition,
            note=note,
            created_by=by,
            created_at=at,
        )
        if by is not None:
            made.editors.add(by)
        if copy_of is not None and copy_of.status == RuleSetStatus.DRAFT:
            made.editors.add(*copy_of.editors.all())
        return made


@transaction.atomic
def edit_draft(
    *,
    rule_set_id: int,
    definition: dict[str, Any],
    note: str,
    edits: int | None,
    by: Any,
    at: datetime,
) -> RuleSet:
    """
    Change a draft; an active or retired version never changes.

    `edits` is what the draft had when the person opened it (None: whatever it has now).

    :raises InvalidRules: if the definition is not valid.
    :raises RuleSetNotDraft: if it is no draft any more.
    :raises StaleDraft: if somebody saved it meanwhile.
    """
    validated(definition)
    drafts = RuleSet.objects.filter(pk=rule_set_id, status=RuleSetStatus.DRAFT)
    seen = drafts if edits is None else drafts.filter(edits=edits)
    changed = seen.update(
        definition=definition, note=note, edits=F("edits") + 1, edited_by=by, edited_at=at
    )
    current = RuleSet.objects.select_related("edited_by").get(pk=rule_set_id)
    if not changed:
        if current.status == RuleSetStatus.DRAFT:
            raise StaleDraft(current)
        raise RuleSetNotDraft("Only a draft can be edited; copy this version to a new draft.")
    if by is not None:
        current.editors.add(by)
    return current


@transaction.atomic
def activate(*, rule_set_id: int, by: Any, at: datetime) -> RuleSet:
    """
    Make a draft the active version of its name and retire the one before it.

    :raises InvalidRules: if the definition is not valid.
    :raises RuleSetNotDraft: if it is no draft any more.
    """
    rule_set = RuleSet.objects.select_for_update().get(pk=rule_set_id)
    validated(rule_set.definition)
    if rule_set.status != RuleSetStatus.DRAFT:
        raise RuleSetNotDraft(
            f"{rule_set} is {rule_set.get_status_display().lower()}, not a draft."
        )
    RuleSet.objects.filter(name=rule_set.name, status=RuleSetStatus.ACTIVE).update(
        status=RuleSetStatus.RETIRED
    )
    rule_set.status = RuleSetStatus.ACTIVE
    rule_set.activated_at = at
    rule_set.activated_by = by
    rule_set.save(update_fields=["status", "activated_at", "activated_by"])
    return rule_set
