"""Reads breaks with their trades, and what is known beside them: a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, FilteredRelation, Q, Sum

from breaks.choices import BreakType
from breaks.models import TradeBreak
from matching.choices import LegSide, MatchStatus
from matching.models import MatchLeg
from trades.models import Trade
from workflows.remedies.cases import Case, Cleared, Faced, Known, Party, Reported
from workflows.remedies.correction import APART, whole_price
from workflows.remedies.requests import next_look

_JOINED = ("source", "instrument", "counterparty", "account")
_AMOUNTS = (
    "price", "gross_amount", "commission", "fees", "accrued_interest", "net_amount",
)  # fmt: skip


def cases_of(breaks: Sequence[TradeBreak], *, at: datetime) -> dict[int, Case]:
    """Return the breaks as suggesters see them, by key; one query."""
    joined = [f"{side}_trade__{name}" for side in ("left", "right") for name in _JOINED]
    rows = (
        TradeBreak.objects.select_related(
            "reconciliation__left_source", "reconciliation__right_source", *joined
        )
        .without_reports()
        .filter(pk__among=[row.pk for row in breaks])
    )
    return {row.pk: _case(row, at) for row in rows}


def _case(row: TradeBreak, at: datetime) -> Case:
    return Case(
        pk=row.pk,
        version=row.version,
        break_type=row.break_type,
        field=row.field,
        trade_date=row.trade_date,
        left_value=row.left_value,
        right_value=row.right_value,
        difference=row.difference,
        exposure=row.exposure,
        currency=row.currency,
        left_source=row.reconciliation.left_source.name,
        right_source=row.reconciliation.right_source.name,
        left=_reported(row.left_trade),
        right=_reported(row.right_trade),
        late_until=next_look(at) if row.break_type == BreakType.TIMING else None,
    )


def _reported(trade: Trade | None) -> Reported | None:
    if trade is None:
        return None
    instrument, party, account = trade.instrument, trade.counterparty, trade.account
    return Reported(
        pk=trade.pk,
        trade_id=trade.source_trade_id,
        source_id=trade.source_id,
        source=trade.source.name,
        trade_date=trade.trade_date,
        side=trade.side,
        quantity=trade.quantity,
        currency=trade.currency,
        settlement_date=trade.settlement_date,
        instrument_id=trade.instrument_id,
        instrument=trade.symbol or trade.isin or trade.security_name,
        instrument_currency=instrument.currency if instrument else "",
        asset_class=trade.asset_class or (instrument.asset_class if instrument else ""),
        counterparty=Party(pk=party.pk, name=party.name, lei=party.lei, bic=party.bic)
        if party
        else None,
        account=Party(pk=account.pk, name=account.code) if account else None,
        account_code=trade.account_code,
        **{name: getattr(trade, name) for name in _AMOUNTS},
    )


def known_beside(cases: Iterable[Case]) -> Known:
    """Return what suggesters need beside these breaks; a fixed number of queries."""
    cases = list(cases)
    parties = _ids(cases, "COUNTERPARTY", "counterparty")
    accounts = _ids(cases, "ACCOUNT", "account")
    return Known(
        counterparties=_faced("counterparty", parties),
        accounts=_faced("account", accounts),
        cleared=_cleared("counterparty", parties) | _cleared("account", accounts),
        trades=_trades(parties),
        prices=_prices(cases),
    )


def _ids(cases: Iterable[Case], break_type: str, name: str) -> list[int]:
    found = {
        party.pk
        for case in cases
        if case.break_type == break_type
        for side in (case.left, case.right)
        if side is not None and (party := getattr(side, name)) is not None
    }
    return sorted(found)


def _faced(name: str, keys: list[int]) -> Faced:
    """Count the matches in which each of these stood against whom; two queries."""
    ours, theirs = f"trade__{name}", f"against__trade__{name}"
    pairs = (
        MatchLeg.objects.filter(is_live=True, side=LegSide.LEFT, match__status=MatchStatus.MATCHED)
        .annotate(
            against=FilteredRelation("match__legs", condition=Q(match__legs__side=LegSide.RIGHT))
        )
        .filter(**{f"{ours}__isnull": False, f"{theirs}__isnull": False})
        .order_by()
    )
    found: dict[tuple[int, int], int] = {}
    # Each way by itself: with an OR neither index would be used.
    for side in (ours, theirs):
        rows = pairs.filter(**{f"{side}__among": keys}).values_list(ours, theirs)
        counted = rows.annotate(Count("match", distinct=True))
        found |= {(one, other): count for one, other, count in counted}
    return Faced(found)


def _cleared(name: str, keys: list[int]) -> dict[tuple[str, int, int], Cleared]:
    """Count the live breaks that are about the same two, with what they are worth; one query."""
    kind = name.upper()
    live = TradeBreak.objects.live().filter(break_type=kind, **{f"left_trade__{name}__among": keys})
    rows = (
        live.order_by()
        .values_list(f"left_trade__{name}", f"right_trade__{name}")
        .annotate(Count("pk"), Sum("exposure"))
    )
    return {
        (kind, ours, theirs): Cleared(count, worth or Decimal(0))
        for ours, theirs, count, worth in rows
        if theirs is not None
    }


def _trades(parties: list[int]) -> dict[int, int]:
    rows = Trade.objects.filter(counterparty__among=parties).order_by()
    return dict(rows.values_list("counterparty").annotate(Count("pk")))


def _prices(cases: Iterable[Case]) -> dict[tuple[int, date], list[tuple[int, Decimal, str]]]:
    """Return the prices of the instruments and days where two sides are far apart; one query."""
    wanted = {
        (case.left.instrument_id, case.left.trade_date)
        for case in cases
        if case.break_type == "PRICE" and case.left and case.right and _apart(case.left, case.right)
    }
    found: dict[tuple[int, date], list[tuple[int, Decimal, str]]] = defaultdict(list)
    rows = Trade.objects.filter(
        instrument__among=sorted({key for key, _ in wanted if key is not None}),
        trade_date__in=sorted({day for _, day in wanted}),
        price__isnull=False,
    ).order_by("pk")
    named = rows.annotate(which=F("instrument")).values_list(
        "which", "trade_date", "pk", "price", "currency"
    )
    for instrument, day, *price in named:
        if (instrument, day) in wanted:
            found[instrument, day].append((price[0], price[1], price[2]))
    return dict(found)


def _apart(left: Reported, right: Reported) -> bool:
    ours, theirs = whole_price(left), whole_price(right)
    return bool(ours and theirs and max(ours, theirs) >= min(ours, theirs) * APART)


def detail_of(policy: Any, version: int | None) -> dict[str, Any]:
    """Name a policy for a break's history."""
    return {"policy": str(policy), "policy_version": version} if policy else {}
