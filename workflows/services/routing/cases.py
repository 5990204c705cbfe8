"""Breaks as routing sees them: where each is, by what it was routed, and what rules may ask."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from breaks.models import TradeBreak
from matching.models import MatchLeg
from workflows.routing import Facts

_SIDES = ("left_trade", "right_trade")


class Terms(NamedTuple):
    """What a trade says that rules may ask: empty is unknown."""

    asset_class: str | None
    counterparty: str | None
    account: str | None


class Case(NamedTuple):
    """A break, and the routing it has; `routed_by` and what follows are None without one."""

    pk: int
    version: int
    status: str
    team_id: int | None
    assigned_to_id: int | None
    severity: str
    exposure: Decimal | None
    facts: Facts
    routed_by: int | None
    outcome: str | None
    routed_team_id: int | None
    routed_person_id: int | None
    routed_severity: str | None
    routed_exposure: Decimal | None


_OWN = ("pk", "version", "status", "team_id", "assigned_to_id", "severity", "exposure")
_KIND = (
    "break_type", "category", "reconciliation__left_source__code",
    "reconciliation__right_source__code", "match_id", "left_trade_id", "right_trade_id",
)  # fmt: skip
_ROUTED = tuple(
    f"routing__{name}"
    for name in ("rule_id", "outcome", "team_id", "person_id", "severity", "exposure")
)


def read_cases(breaks: QuerySet[TradeBreak]) -> list[Case]:
    """Return breaks with all that rules may ask, in the order given; two queries, or one."""
    terms = {f"{side}_{name}": one for side in _SIDES for name, one in _told(f"{side}__").items()}
    names = (*_OWN, *_KIND, *terms, *_ROUTED)
    rows = list(breaks.annotate(**terms).values_list(*names))
    first = len(_OWN)
    kinds = [row[first : first + len(_KIND)] for row in rows]
    legs = _legs(kind[4] for kind in kinds if kind[4] and (kind[5] is None or kind[6] is None))
    # Few combinations, many breaks.
    seen: dict[tuple[Any, ...], Facts] = {}
    return [_case(row, kind, legs, seen) for row, kind in zip(rows, kinds, strict=True)]


def _case(
    row: tuple[Any, ...],
    kind: tuple[Any, ...],
    legs: Mapping[int, list[Terms]],
    seen: dict[tuple[Any, ...], Facts],
) -> Case:
    own, at = row[: len(_OWN)], len(_OWN) + len(_KIND)
    told = [Terms(*row[at : at + 3]), Terms(*row[at + 3 : at + 6])]
    break_type, category, left, right, match_id, *_ = kind
    severity, exposure = own[5], own[6]
    told += legs.get(match_id, []) if match_id else []
    key = (break_type, category, severity, left, right, *told)
    if key not in seen:
        seen[key] = facts_of(
            types=[break_type], categories=[category], severities=[severity],
            sources=[left, right], told=told, exposure=None,
        )  # fmt: skip
    facts = seen[key] if exposure is None else _worth(seen[key], exposure)
    return Case._make((*own, facts, *row[at + 6 :]))


def facts_of(
    *,
    types: Iterable[str],
    categories: Iterable[str],
    severities: Iterable[str],
    sources: Iterable[str],
    told: Iterable[Terms],
    exposure: Decimal | None,
) -> Facts:
    told = list(told)
    return Facts(
        types=frozenset(types),
        categories=frozenset(categories),
        severities=frozenset(severities),
        sources=frozenset(sources),
        asset_classes=frozenset(one.asset_class for one in told if one.asset_class),
        counterparties=frozenset(one.counterparty for one in told if one.counterparty),
        accounts=frozenset(one.account for one in told if one.account),
        exposure=exposure,
    )


def _worth(facts: Facts, exposure: Decimal) -> Facts:
    return Facts(
        facts.types, facts.categories, facts.severities, facts.sources, facts.asset_classes,
        facts.counterparties, facts.accounts, exposure,
    )  # fmt: skip


def _told(trade: str) -> dict[str, Coalesce]:
    """Return the expressions of `Terms`; `trade` is the way to it, such as ``trade__``."""
    empty = Value("")
    return {
        "class": Coalesce(NullIf(f"{trade}asset_class", empty), f"{trade}instrument__asset_class"),
        "party": Coalesce(f"{trade}counterparty__name", f"{trade}counterparty_name"),
        "book": Coalesce(f"{trade}account__code", f"{trade}account_code"),
    }


def _legs(match_ids: Iterable[int]) -> dict[int, list[Terms]]:
    """Return what the trades of groups say, by match."""
    found: dict[int, list[Terms]] = defaultdict(list)
    if keys := sorted(set(match_ids)):
        told = {f"told_{name}": one for name, one in _told("trade__").items()}
        legs = MatchLeg.objects.filter(match__among=keys).annotate(**told).order_by("pk")
        for match_id, *terms in legs.values_list("match_id", *told):
            found[match_id].append(Terms(*terms))
    return found
