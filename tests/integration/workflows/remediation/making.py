"""A break for each remediation to put right, opened by a run over hand-written matches."""

from datetime import time
from typing import Any

from breaks.models import BreakEvent, TradeBreak
from matching.models import MatchDifference
from tests import factories
from tests.integration.breaks.conftest import Desk
from tests.integration.breaks.conftest import dump as dump_rows
from trades.models import Account, AccountAlias, Counterparty, CounterpartyAlias, Trade
from trades.names import party_key
from workflows.choices import RemedyAction, SuggestionStatus
from workflows.models import RemediationPolicy, RemediationSuggestion
from workflows.services import remediation

OURS, THEIRS = "Northgate Capital Markets", "Northgate Capital Securities"


def alias(desk: Desk, times: int = 6) -> TradeBreak:
    """Matches in which the custodian spells our counterparty its own way."""
    for name in (OURS, THEIRS):
        party = factories.counterparty(name)
        CounterpartyAlias.objects.get_or_create(
            key=party_key(name), defaults={"counterparty": party, "spelling": name}
        )
    difference = {
        "field": "counterparty",
        "kind": "COUNTERPARTY",
        "left_value": OURS,
        "right_value": THEIRS,
    }
    for _ in range(times):
        left = desk.left(counterparty_name=OURS)
        right = desk.right(counterparty_name=THEIRS)
        desk.pair(difference, left=[left], right=[right])
    desk.run()
    return TradeBreak.objects.filter(break_type="COUNTERPARTY").order_by("pk")[0]


def account(desk: Desk) -> TradeBreak:
    """Three matches in which the custodian has a code of its own for our account."""
    difference = {
        "field": "account", "kind": "ACCOUNT", "left_value": "FUND1", "right_value": "C-7781",
    }  # fmt: skip
    for _ in range(3):
        desk.pair(difference, left=[desk.left()], right=[desk.right(account_code="C-7781")])
    desk.run()
    return TradeBreak.objects.filter(break_type="ACCOUNT").order_by("pk")[0]


def rounding(desk: Desk, **over: Any) -> TradeBreak:
    """A price off by a cent on a hundred shares: worth 1.00."""
    difference = {
        "field": "price", "kind": "PRICE", "left_value": "187.5", "right_value": "187.49",
        "difference": "0.01",
    } | over  # fmt: skip
    right = desk.right(price=difference["right_value"])
    left = desk.left(price=difference["left_value"])
    desk.pair(difference, left=[left], right=[right])
    desk.run()
    return TradeBreak.objects.get(break_type="PRICE")


def missing(desk: Desk) -> TradeBreak:
    desk.left()
    desk.run()
    return TradeBreak.objects.get(break_type="MISSING_RIGHT")


def duplicate(desk: Desk) -> TradeBreak:
    first = desk.left(execution_ref="X1")
    desk.left(execution_ref="X1")
    desk.pair(left=[first])
    desk.run()
    return TradeBreak.objects.get(break_type="DUPLICATE")


def late(desk: Desk) -> TradeBreak:
    desk.left()
    factories.feed(source="custodian", due_time=time(9), due_days=0)
    desk.run()
    return TradeBreak.objects.get(break_type="TIMING")


def correction(desk: Desk) -> TradeBreak:
    """A price a hundred times that of all other trades of the day."""
    for price in ("187.2", "187.9", "188"):
        desk.pair(left=[desk.left(price=price)], right=[desk.right(price=price)])
    difference = {
        "field": "price", "kind": "PRICE", "left_value": "187.5", "right_value": "18750",
        "difference": "-18562.5",
    }  # fmt: skip
    desk.pair(difference, left=[desk.left(price="187.5")], right=[desk.right(price="18750")])
    desk.run()
    return TradeBreak.objects.get(break_type="PRICE")


MAKERS = {
    RemedyAction.NORMALISE_ALIAS: alias,
    RemedyAction.ACCEPT_ROUNDING: rounding,
    RemedyAction.WAIT_FOR_FEED: late,
    RemedyAction.CANCEL_DUPLICATE: duplicate,
    RemedyAction.CORRECT_FIELD: correction,
    RemedyAction.ASK_RESEND: missing,
}


def let(action: str, *, itself: bool, **over: Any) -> RemediationPolicy:
    """Set whether the policy of an action applies itself, and its caps."""
    policy = RemediationPolicy.objects.get(action=action)
    for name, value in {"applies_itself": itself, **over}.items():
        setattr(policy, name, value)
    policy.save()
    return policy


def suggested(row: TradeBreak, desk: Desk) -> RemediationSuggestion:
    """Return the one suggestion there is for a break."""
    row.refresh_from_db()
    (only,) = remediation.suggest([row], at=desk.later())
    return only


def dump() -> dict[str, list]:
    """Return every row that a remediation could touch."""
    models = (
        RemediationSuggestion, RemediationPolicy, Counterparty, CounterpartyAlias, Account,
        AccountAlias, MatchDifference,
    )  # fmt: skip
    rows = {model.__name__: list(model.objects.order_by("pk").values()) for model in models}
    meant = list(Trade.objects.order_by("pk").values_list("pk", "version", "digest",
                                                          "counterparty", "account"))  # fmt: skip
    return dump_rows() | rows | {"Trade": meant}


def standing() -> dict[str, Any]:
    """Return how everything stands, less history, versions and the keys of compared fields."""
    breaks = list(
        TradeBreak.objects.order_by("pk").values(
            "pk", "status", "severity", "left_value", "right_value", "difference", "exposure",
            "assigned_to", "team", "due_at", "rank", "resolved_at", "resolved_by", "reason_code",
        )
    )  # fmt: skip
    differences = MatchDifference.objects.order_by("match", "field")
    kept = dump()
    return {
        "breaks": breaks,
        "differences": list(differences.values("match", "field", "left_value", "right_value")),
        **{name: kept[name] for name in ("Trade", "Counterparty", "CounterpartyAlias", "Account",
                                         "AccountAlias", "Match", "MatchLeg", "PendingTrade")},
    }  # fmt: skip


def events(row: TradeBreak) -> list[BreakEvent]:
    return list(row.events.order_by("sequence"))


APPLIED = SuggestionStatus.APPLIED
