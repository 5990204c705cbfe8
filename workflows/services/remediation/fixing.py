"""A fix of what many breaks have in common: asked for as one request, done as one remediation."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum

from breaks.models import ApprovalRequest, TradeBreak
from breaks.services.acting import check_actor, clean
from breaks.services.writing import hold
from trades.models import Account, Counterparty, Source
from workflows.choices import LIVE_SUGGESTIONS, RemedyAction, Risk, SuggestionStatus
from workflows.models import RemediationSuggestion
from workflows.services.remediation.acting import ask_for, hold_matches
from workflows.services.remediation.applying import carry_out
from workflows.services.remediation.refusing import RemedyRefused
from workflows.services.remediation.settings import (
    FX_RATE,
    LAYOUT_HABIT,
    SOURCE_SETTING,
    change_asked_for,
)

COUNTERPARTY_ALIAS, ACCOUNT_ALIAS = "COUNTERPARTY_ALIAS", "ACCOUNT_ALIAS"
KINDS = (COUNTERPARTY_ALIAS, ACCOUNT_ALIAS, LAYOUT_HABIT, SOURCE_SETTING, FX_RATE)
ALIASES = ("COUNTERPARTY", "ACCOUNT")
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
    "code": text, "account": key}``, of a LAYOUT_HABIT or SOURCE_SETTING ``{"key": key, "changes":
    {name: value}}``, of an FX_RATE ``{"currency", "base", "as_of_date", "rate"}``. It is kept
    with the dearest of the breaks that is live.

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
    hold_matches(suggestion)
    row = hold(dearest.pk)
    _put_in_place(suggestion)
    with transaction.atomic():
        carry_out(suggestion, row, by=by, checked={}, at=at)
        transaction.set_rollback(True)
    suggestion.refresh_from_db()
    row = TradeBreak.objects.select_related("team", "reconciliation").get(pk=dearest.pk)
    return ask_for(suggestion, row, by, at, reason)


def _suggestion(
    row: TradeBreak, does: dict[str, Any], live: Any, at: datetime, reason: str
) -> RemediationSuggestion:
    """Return the suggestion; it is not written yet."""
    alias = does["kind"] in ALIASES
    action = RemedyAction.NORMALISE_ALIAS if alias else RemedyAction.CHANGE_SETTING
    count = live.count()
    breaks = "1 break" if count == 1 else f"{count:,} breaks"
    return RemediationSuggestion(
        trade_break=row,
        break_version=row.version,
        action=action,
        risk=Risk.MEDIUM if alias else Risk.HIGH,
        reason=reason,
        effect=_effect(does, breaks),
        does=does,
        would_clear=count,
        worth=live.aggregate(worth=Sum("exposure"))["worth"],
        verdict="Asked for as the fix of a common cause; a second person decides.",
        made_at=at,
    )


def _put_in_place(suggestion: RemediationSuggestion) -> None:
    """Write it in the place of one that only proposes, with the locks of applying it held."""
    row = suggestion.trade_break
    others = RemediationSuggestion.objects.filter(
        trade_break=row, action=suggestion.action, status__in=LIVE_SUGGESTIONS
    )
    if others.filter(status=SuggestionStatus.ASKED).exists():
        raise RemedyRefused(f"Such a fix is asked for already for {row}; decide on that first.")
    others.update(status=SuggestionStatus.SUPERSEDED)
    suggestion.save()


def _effect(does: Mapping[str, Any], breaks: str) -> str:
    if does["kind"] in ALIASES:
        return f"Adds the alias {does['name']} -> {does['means']}; would clear {breaks}."
    return (
        f"Sets {does['name']} to {does['means']}, for reports from then on; reconciles the days of "
        f"{breaks} again. What was loaded stays as it was reported."
    )


def _does(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a fix does, with the names of what it touches."""
    if kind in (LAYOUT_HABIT, SOURCE_SETTING, FX_RATE):
        return change_asked_for(kind, given)
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
    raise RemedyRefused(f"There is no fix {kind}; there is {', '.join(KINDS)}.")
