"""Pairing from a break: with a candidate or any trade named, and deciding on its proposal."""

import re
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from breaks.admin.words import asked_words
from breaks.choices import LIVE
from breaks.models import ApprovalRequest, TradeBreak
from matching.choices import LegSide, MatchStatus
from matching.models import Match, MatchLeg
from trades.admin.acts import Act, ReasonForm
from trades.admin.cells import digits
from trades.models import Trade

DECIDE = "matching.decide_match"
MOST_NAMED = 50


class PairForm(ReasonForm):
    """Names trades of the other side by the ids their source gave them."""

    side = forms.ChoiceField(choices=LegSide, widget=UnfoldAdminSelectWidget())
    other = forms.CharField(
        label="Trades",
        max_length=4000,
        help_text="As their source numbers them; several with a space between, as of fills.",
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("version", "side", "other", "reason")

    def about(self, request: HttpRequest, row: TradeBreak) -> None:
        """Ask only for what the break leaves open: which side, and what stands on the other."""
        self._row = row
        between = row.reconciliation
        names = {LegSide.LEFT: between.left_source.name, LegSide.RIGHT: between.right_source.name}
        ours = _our_trades(row)
        open_sides = [side for side in LegSide if ours[_across(side)]]
        self.fields["side"].choices = [  # type: ignore[attr-defined]
            (side.value, f"of {names[side]}") for side in open_sides
        ]
        if len(open_sides) == 1:
            (side,) = open_sides
            self.initial.setdefault("side", side.value)
            self.fields["side"].widget = forms.HiddenInput()
            self.fields["other"].label = f"Trades of {names[side]}"
            self.beside = _in_short(ours[_across(side)], names[_across(side)])
        self._ours = ours
        if self.initial.get("other"):
            self.fields["reason"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        side, words = given.get("side"), given.get("other", "")
        if not side or not words:
            return given
        named = [word for word in re.split(r"[\s,;]+", words) if word]
        if len(named) > MOST_NAMED:
            self.add_error("other", f"Name at most {MOST_NAMED} trades.")
            return given
        between = self._row.reconciliation
        source = between.left_source if side == LegSide.LEFT else between.right_source
        found = Trade.objects.filter(source=source, source_trade_id__in=named)
        keys = dict(found.values_list("source_trade_id", "pk"))
        if unknown := [name for name in named if name not in keys]:
            self.add_error("other", f"{source.name} reported no trade {', '.join(unknown[:5])}.")
        theirs = [keys[name] for name in dict.fromkeys(named) if name in keys]
        ours = [trade.pk for trade in self._ours[_across(LegSide(side))]]
        given["left_ids"], given["right_ids"] = (
            (theirs, ours) if side == LegSide.LEFT else (ours, theirs)
        )
        return given


def _across(side: LegSide) -> LegSide:
    return LegSide.RIGHT if side == LegSide.LEFT else LegSide.LEFT


def _our_trades(row: TradeBreak) -> dict[LegSide, list[Trade]]:
    """Return what the break itself names on each side: its trades, or the legs of its match."""
    if row.match_id is not None:
        legs = MatchLeg.objects.filter(match=row.match_id).select_related("trade__source")
        found: dict[LegSide, list[Trade]] = {side: [] for side in LegSide}
        for leg in legs.order_by("trade"):
            found[LegSide(leg.side)].append(leg.trade)
        return found
    return {
        LegSide.LEFT: [row.left_trade] if row.left_trade else [],
        LegSide.RIGHT: [row.right_trade] if row.right_trade else [],
    }


def _in_short(trades: list[Trade], source: str) -> SafeString:
    first = trades[0]
    terms = f"{first.get_side_display()} {digits(first.quantity)}"
    terms += f" {first.symbol or first.isin or first.security_name}"
    if first.price is not None:
        terms += f" @ {digits(first.price)} {first.currency}"
    more = f" and {len(trades) - 1} more" if len(trades) > 1 else ""
    return format_html(
        '{} <b class="dk-mono">{}</b>: {}{}', source, first.source_trade_id, terms, more
    )


def _at_version(row: TradeBreak, given: dict[str, Any]) -> None:
    """Take turns with runs, as the decision does, and see that the break is as it was seen."""
    from breaks.services.acting import check_version
    from matching.services.bulk import hold

    hold(row.reconciliation_id)
    check_version(break_id=row.pk, version=given["version"])


def _pair(request: HttpRequest, row: TradeBreak, given: dict[str, Any]) -> str:
    from breaks.services import approvals

    with transaction.atomic():
        _at_version(row, given)
        done = approvals.pair_by_hand(
            reconciliation=row.reconciliation,
            left_ids=given["left_ids"],
            right_ids=given["right_ids"],
            reason=given["reason"],
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )
    if isinstance(done, ApprovalRequest):
        return asked_words(done)
    return f"The trades of {row} are paired: {done}."


def _unmatch(request: HttpRequest, row: TradeBreak, given: dict[str, Any]) -> str:
    from breaks.services import approvals
    from matching.services.decisions import DecisionRefused

    if row.match_id is None:
        raise DecisionRefused(f"{row} has no match any more; look at it again.")
    with transaction.atomic():
        _at_version(row, given)
        by: Any = request.user
        done = approvals.unmatch(
            match_id=row.match_id, reason=given["reason"], by=by, at=timezone.now()
        )
    return asked_words(done) if isinstance(done, ApprovalRequest) else f"{done} is taken apart."


def _decide(service: str, said: str) -> Any:
    def run(request: HttpRequest, row: TradeBreak, given: dict[str, Any]) -> str:
        from breaks.services import pairing

        with transaction.atomic():
            _at_version(row, given)
            decide = getattr(pairing, service)
            match: Match = decide(
                match_id=row.match_id, reason=given["reason"], by=request.user, at=timezone.now()
            )
        return said.format(match)

    return run


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.approvals import REFUSALS

    return REFUSALS


def is_proposed(row: TradeBreak) -> bool:
    return row.match is not None and row.match.status == MatchStatus.PROPOSED


def may_pair(row: TradeBreak) -> bool:
    """Tell whether the break's trades are free to be paired otherwise."""
    if row.status not in LIVE:
        return False
    if row.match is not None:
        return row.match.status != MatchStatus.MATCHED
    return bool(row.left_trade_id or row.right_trade_id)


def _stands(row: TradeBreak) -> bool:
    return row.match is not None and row.match.status == MatchStatus.MATCHED


def _act(name: str, label: str, **more: Any) -> Act:
    more.setdefault("form", ReasonForm)
    return Act(
        name=name, label=label, permission=DECIDE, refusals=_refusals, in_passing=True, **more
    )


PAIRING_ACTS = (
    _act("confirm", "Confirm match", key="y", group="proposal",
         run=_decide("confirm_match", "{} is confirmed."), offered=is_proposed,
         description="The trades are the same business; what they disagree on stays a break."),
    _act("reject", "Reject match", key="n", group="proposal",
         run=_decide("reject_match", "{} is rejected."), offered=is_proposed,
         description="The trades are not the same business, and are not paired again."),
    _act("pair", "Pair", key="p", group="aside", run=_pair, form=PairForm, offered=may_pair,
         description="Say that these trades are the same business; what they disagree on "
         "becomes a break, and this one ends."),
    _act("unmatch", "Take apart", key="t", group="aside",
         run=_unmatch, offered=_stands,
         description="The trades go back to be matched; breaks of this match clear."),
)  # fmt: skip
