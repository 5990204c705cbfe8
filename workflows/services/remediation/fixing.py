"""A fix of what many breaks have in common: asked for as one request, done as one remediation."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum

from breaks.models import ApprovalRequest, TradeBreak
from breaks.services.acting import check_actor, clean
from trades.models import Account, Counterparty, Source
from workflows.choices import LIVE_SUGGESTIONS, RemedyAction, Risk, SuggestionStatus
from workflows.models import RemediationSuggestion
from workflows.services.remediation.acting import ask_for, hold_for
from workflows.services.remediation.applying import RemedyRefused, carry_out

COUNTERPARTY_ALIAS, ACCOUNT_ALIAS = "COUNTERPARTY_ALIAS", "ACCOUNT_ALIAS"
KINDS = (COUNTERPARTY_ALIAS, ACCOUNT_ALIAS)
MOST_KEPT = 1_000


@transaction.atomic
def propose_fix(
    *,
    kind: str,
    given: Mapping[str, Any],
    break_ids: Sequence[int],
    by: User,
    at: datetime,
    reason: str,
) -> ApprovalRequest:
    """
    Ask a second person for a fix of these breaks' common cause.

    Once approved it is applied and its trades are compared and paired again. `given` is of a
    COUNTERPARTY_ALIAS ``{"party": key, "into": key}``, of an ACCOUNT_ALIAS ``{"source": key,
    "code": text, "account": key}``. It is kept with the dearest of the breaks that is live.

    :raises RemedyRefused: if there is no such fix, none of the breaks is live, the same is asked
        for already, or it cannot be done.
    :raises WorkRefused: if the actor may not act.
    """
    check_actor(by)
    if not clean(reason):
        raise RemedyRefused("Say why: whoever decides has to know.")
    does = {**_does(kind, given), "breaks": sorted(break_ids)[:MOST_KEPT]}
    live = TradeBreak.objects.live().visible_to(by).filter(pk__among=sorted(break_ids))
    dearest = live.select_related("reconciliation").order_by("-rank", "-pk").first()
    if dearest is None:
        raise RemedyRefused("None of these breaks is live any more; look for the cause again.")
    suggestion = _suggestion(dearest, does, live, at, clean(reason))
    row = hold_for(suggestion)
    with transaction.atomic():
        carry_out(suggestion, row, by=by, checked={}, at=at)
        transaction.set_rollback(True)
    suggestion.refresh_from_db()
    row = TradeBreak.objects.select_related("team", "reconciliation").get(pk=dearest.pk)
    return ask_for(suggestion, row, by, at, reason)


def _suggestion(
    row: TradeBreak, does: dict[str, Any], live: Any, at: datetime, reason: str
) -> RemediationSuggestion:
    """Write the suggestion in the place of one that only proposes."""
    others = RemediationSuggestion.objects.filter(
        trade_break=row, action=RemedyAction.NORMALISE_ALIAS, status__in=LIVE_SUGGESTIONS
    )
    if others.filter(status=SuggestionStatus.ASKED).exists():
        raise RemedyRefused(f"An alias is asked for already for {row}; decide on that first.")
    others.update(status=SuggestionStatus.SUPERSEDED)
    count = live.count()
    breaks = "1 break" if count == 1 else f"{count:,} breaks"
    made: RemediationSuggestion = RemediationSuggestion.objects.create(
        trade_break=row,
        break_version=row.version,
        action=RemedyAction.NORMALISE_ALIAS,
        risk=Risk.MEDIUM,
        reason=reason,
        effect=f"Adds the alias {does['name']} -> {does['means']}; would clear {breaks}.",
        does=does,
        would_clear=count,
        worth=live.aggregate(worth=Sum("exposure"))["worth"],
        verdict="Asked for as the fix of a common cause; a second person decides.",
        made_at=at,
    )
    return made


def _does(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a fix does, with the names of what it touches."""
    try:
        if kind == COUNTERPARTY_ALIAS:
            party = Counterparty.objects.get(pk=given["party"])
            into = Counterparty.objects.get(pk=given["into"])
            return {"kind": "COUNTERPARTY", "party": party.pk, "into": into.pk,
                    "name": party.name, "means": into.name}  # fmt: skip
        if kind == ACCOUNT_ALIAS:
            account = Account.objects.get(pk=given["account"])
            source = Source.objects.get(pk=given["source"])
            return {"kind": "ACCOUNT", "source": source.pk, "code": given["code"],
                    "account": account.pk, "name": given["code"],
                    "means": account.code}  # fmt: skip
    except (KeyError, Counterparty.DoesNotExist, Account.DoesNotExist, Source.DoesNotExist) as gap:
        raise RemedyRefused(
            "What the fix is about is gone or was not named; look for the cause again."
        ) from gap
    raise RemedyRefused(f"There is no fix {kind}; there is {' and '.join(KINDS)}.")
