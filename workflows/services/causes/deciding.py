"""What a person says of a finding: it is so, it is not, look again; and asking for its fix."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from breaks.models import ApprovalRequest, TradeBreak
from breaks.services.acting import check_actor
from trades.models import Account, Counterparty, CounterpartyAlias
from trades.names import party_key
from workflows.choices import FindingAct, FindingStatus
from workflows.models import RootCauseEvent, RootCauseFinding
from workflows.services.causes.refusing import CauseRefused
from workflows.services.causes.units import is_of_a_layout, layout_fix


def accept(
    *, finding_id: int, version: int | None, by: User, at: datetime, reason: str = ""
) -> RootCauseFinding:
    """Say that the finding is so and somebody is at it."""

    def change(row: RootCauseFinding) -> None:
        if row.status != FindingStatus.OPEN:
            raise CauseRefused(f"It is {row.get_status_display().lower()} already.")
        row.status = FindingStatus.ACCEPTED

    return _decide(finding_id, version, by, at, reason, FindingAct.ACCEPTED, change)


def dismiss(
    *, finding_id: int, version: int | None, by: User, at: datetime, reason: str
) -> RootCauseFinding:
    """Say that the finding is no cause; it stays so while it rests on no further break."""
    if not reason.strip():
        raise CauseRefused("Say why it is no cause: the next to look has to know.")

    def change(row: RootCauseFinding) -> None:
        if row.status not in (FindingStatus.OPEN, FindingStatus.ACCEPTED):
            raise CauseRefused(f"It is {row.get_status_display().lower()} already.")
        row.status = FindingStatus.DISMISSED
        row.dismissed_breaks = list(row.links.values_list("trade_break", flat=True))

    return _decide(finding_id, version, by, at, reason, FindingAct.DISMISSED, change)


def reopen(
    *, finding_id: int, version: int | None, by: User, at: datetime, reason: str = ""
) -> RootCauseFinding:
    """Take back that it was accepted or dismissed."""

    def change(row: RootCauseFinding) -> None:
        if row.status not in (FindingStatus.ACCEPTED, FindingStatus.DISMISSED):
            raise CauseRefused(f"It is {row.get_status_display().lower()}: nothing to take back.")
        row.status = FindingStatus.OPEN

    return _decide(finding_id, version, by, at, reason, FindingAct.REOPENED, change)


@transaction.atomic
def ask_for_fix(
    *, finding_id: int, version: int | None, by: User, at: datetime, reason: str
) -> ApprovalRequest:
    """
    Ask a second person for the finding's fix, through remediation.

    :raises CauseRefused: if the fix cannot be made from the desk, or the finding moved meanwhile.
    :raises RemedyRefused: if remediation refuses it.
    """
    from workflows.services.remediation import propose_fix

    check_actor(by)
    row = _read(finding_id, version)
    kind, given = fix_for_remediation(row)
    keys = TradeBreak.objects.live().visible_to(by).filter(cause_links__finding=row)
    request = propose_fix(
        kind=kind,
        given=given,
        break_ids=list(keys.values_list("pk", flat=True)),
        by=by,
        at=at,
        reason=reason.strip() or row.headline,
    )
    _write(row, FindingAct.FIX_ASKED, by, at, f"{request}: {request.summary}")
    return request


def can_be_applied(row: RootCauseFinding) -> bool:
    """Tell whether the desk itself can apply the fix; every other is made at a source."""
    kind = row.proposed_fix.get("kind")
    return kind in _KINDS and (kind not in _UNITS or is_of_a_layout(row.proposed_fix))


def fix_for_remediation(row: RootCauseFinding) -> tuple[str, dict[str, Any]]:
    """
    Return the fix of a finding as `propose_fix` wants it.

    :raises CauseRefused: if it is made at a source, or what it is about is gone.
    """
    fix = row.proposed_fix
    if not can_be_applied(row):
        raise CauseRefused(f"This is put right at the source: {row.fix_in_words}")
    return _KINDS[fix["kind"]](row, fix)


def _account(row: RootCauseFinding, fix: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    account = Account.objects.filter(code=fix["name"]).first()
    if account is None:
        raise CauseRefused(f"There is no account {fix['name']} any more; look for the cause again.")
    source = row.reconciliation.right_source_id
    return "ACCOUNT_ALIAS", {"source": source, "code": fix["alias"], "account": account.pk}


def _counterparty(_row: RootCauseFinding, fix: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    party, into = _party(fix["alias"]), _party(fix["name"])
    return "COUNTERPARTY_ALIAS", {"party": party.pk, "into": into.pk}


def _party(name: str) -> Counterparty:
    found = Counterparty.objects.filter(name=name).first()
    alias = CounterpartyAlias.objects.filter(key=party_key(name)).select_related("counterparty")
    if found is None and (known := alias.first()):
        found = known.counterparty
    if found is None:
        raise CauseRefused(f"There is no counterparty {name} any more; look for the cause again.")
    return found


_KINDS: dict[str, Callable[[RootCauseFinding, dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "account_alias": _account,
    "counterparty_alias": _counterparty,
    "price_unit": layout_fix,
    "unit_factor": layout_fix,
}
_UNITS = frozenset({"price_unit", "unit_factor"})


@transaction.atomic
def _decide(  # noqa: PLR0917  one call a decision, each on a line
    finding_id: int,
    version: int | None,
    by: User,
    at: datetime,
    reason: str,
    act: FindingAct,
    change: Callable[[RootCauseFinding], None],
) -> RootCauseFinding:
    check_actor(by)
    row = _read(finding_id, version)
    change(row)
    is_open = row.status == FindingStatus.OPEN
    row.decided_by, row.decided_at = (None, None) if is_open else (by, at)
    row.decision_note = reason.strip()
    _write(row, act, by, at, reason.strip())
    return row


def _read(finding_id: int, version: int | None) -> RootCauseFinding:
    row = RootCauseFinding.objects.select_related("reconciliation").get(pk=finding_id)
    if version is not None and row.version != version:
        last = row.events.select_related("by").last()
        who = str(last.by) if last and last.by else "the analysis"
        what = last.get_act_display().lower() if last else "changed"
        raise CauseRefused(f"{what.capitalize()} meanwhile, by {who}: look at it again.")
    return row


def _write(row: RootCauseFinding, act: FindingAct, by: User, at: datetime, note: str) -> None:
    """Write a row that nobody changed since it was read, and its event."""
    changed = RootCauseFinding.objects.filter(pk=row.pk, version=row.version).update(
        status=row.status,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision_note=row.decision_note,
        dismissed_breaks=row.dismissed_breaks,
        version=row.version + 1,
    )
    if not changed:
        raise CauseRefused("Somebody else decided on it meanwhile: look at it again.")
    row.version += 1
    RootCauseEvent.objects.create(finding=row, act=act, by=by, at=at, note=note)
