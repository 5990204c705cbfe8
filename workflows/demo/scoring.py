"""How a reconciliation's answer compares with the truth of a generated week."""

from collections.abc import Iterable
from dataclasses import dataclass

from workflows.demo.truth import Planted, Truth

# What a planted break may bring with it: net amounts follow price, quantity and costs.
FOLLOWS: dict[str, frozenset[str]] = {
    "SIDE": frozenset({"NET_AMOUNT"}),
    "QUANTITY": frozenset({"NET_AMOUNT"}),
    "PRICE": frozenset({"NET_AMOUNT"}),
    "FEES": frozenset({"NET_AMOUNT"}),
    "ACCRUED_INTEREST": frozenset({"NET_AMOUNT"}),
    "CURRENCY": frozenset({"NET_AMOUNT", "PRICE"}),
}
# Where a fill is lacking, the rest has another average price and lower costs.
FOLLOWS_A_RESIDUAL = frozenset({"NET_AMOUNT", "PRICE", "FEES"})


@dataclass(frozen=True, slots=True)
class Found:
    """A break as a system reports it: its type and the trade ids it concerns, of both sides."""

    break_type: str
    trade_ids: frozenset[str]
    trade_date: str = ""


@dataclass(slots=True)
class Score:
    """How a reconciliation's answer compares with the truth."""

    true_pairs: int
    automatic: int
    proposed: int
    wrong: list[tuple[str, str]]
    wrong_automatic: list[tuple[str, str]]
    missed: list[tuple[str, str]]
    missed_automatic: int
    planted: int
    unfound: list[Planted]
    following: int
    false: list[Found]

    @property
    def precision(self) -> float:
        """Of the pairs made, automatic or proposed, the share that is true."""
        made = self.automatic + self.proposed
        return 1 - len(self.wrong) / made if made else 0.0

    @property
    def recall(self) -> float:
        """Of the true pairs, the share made, automatic or proposed."""
        return 1 - len(self.missed) / self.true_pairs if self.true_pairs else 0.0

    @property
    def automatic_precision(self) -> float:
        return 1 - len(self.wrong_automatic) / self.automatic if self.automatic else 0.0

    @property
    def automatic_recall(self) -> float:
        return 1 - self.missed_automatic / self.true_pairs if self.true_pairs else 0.0


def score(
    truth: Truth,
    *,
    automatic: Iterable[tuple[str, str]],
    proposed: Iterable[tuple[str, str]],
    breaks: Iterable[Found],
    reconciliation: str = "oms-custodian",
) -> Score:
    """
    Compare pairs of trade ids (left, right) and breaks with the truth.

    Pairs and breaks of near ties are left out: they have no right answer.
    """
    unclear = set(truth.ambiguous)

    def known(pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        named = {(truth.twins.get(a, a), truth.twins.get(b, b)) for a, b in pairs}
        return {pair for pair in named if not unclear.intersection(pair)}

    true, sure, maybe = known(truth.pairs(reconciliation)), known(automatic), known(proposed)
    planted = [one for one in truth.planted if one.reconciliation == reconciliation]
    hits, following, false = _judge(planted, [one for one in breaks if not unclear & one.trade_ids])
    return Score(
        true_pairs=len(true),
        automatic=len(sure),
        proposed=len(maybe - sure),
        wrong=sorted((sure | maybe) - true),
        wrong_automatic=sorted(sure - true),
        missed=sorted(true - sure - maybe),
        missed_automatic=len(true - sure),
        planted=len(planted),
        unfound=[one for at, one in enumerate(planted) if at not in hits],
        following=following,
        false=false,
    )


def _judge(planted: list[Planted], breaks: list[Found]) -> tuple[set[int], int, list[Found]]:
    """Return which planted breaks were found, how many only follow from one, and the false ones."""
    by_trade: dict[str, list[int]] = {}
    for at, one in enumerate(planted):
        for trade_id in (*one.left, *one.right):
            by_trade.setdefault(trade_id, []).append(at)
    late = {one.trade_date: at for at, one in enumerate(planted) if one.break_type == "TIMING"}
    hits: set[int] = set()
    following, false = 0, []
    for found in breaks:
        if found.break_type == "TIMING" and found.trade_date in late:
            hits.add(late[found.trade_date])
            continue
        near = {at for trade_id in found.trade_ids for at in by_trade.get(trade_id, ())}
        exact = {at for at in near if planted[at].break_type == found.break_type}
        hits |= exact
        if exact:
            continue
        if any(found.break_type in _following(planted[at]) for at in near):
            following += 1
        else:
            false.append(found)
    return hits, following, false


def _following(one: Planted) -> frozenset[str]:
    if one.break_type == "QUANTITY" and len(one.left) + len(one.right) > 2:
        return FOLLOWS_A_RESIDUAL
    return FOLLOWS.get(one.break_type, frozenset())
