"""A guarded act of each kind: how to ask for it, and how to tell whether it was done."""

from typing import Any

from breaks.models import ApprovalPolicy, ApprovalRequest, TradeBreak
from breaks.services import approvals
from matching.choices import MatchStatus, RuleSetStatus
from matching.models import Match, RuleSet
from matching.services import rule_sets
from tests import factories
from tests.integration.breaks.conftest import PRICE, Desk
from tests.integration.breaks.conftest import dump as dump_rows

ACTS = ["ACCEPT", "PAIR", "UNMATCH", "ACTIVATE_RULES"]


def dump() -> dict[str, list]:
    """Return every row that asking or deciding could have touched."""
    return dump_rows() | {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in (ApprovalRequest, ApprovalPolicy, RuleSet)
    }


class Asking:
    """One guarded act of each kind, ready to be asked for, and how to tell whether it was done."""

    def __init__(self, act: str) -> None:
        ApprovalPolicy.objects.update(above=0, is_enabled=True)
        self.act, self.desk = act, Desk()
        getattr(self, f"_make_{act.lower()}")()

    def _make_accept(self) -> None:
        self.desk.pair(PRICE)
        self.desk.run()
        self.row = self.desk.only()

    def _make_unmatch(self) -> None:
        self._make_accept()
        self.match = self.row.match

    def _make_pair(self) -> None:
        self.left, self.right = self.desk.left(), self.desk.right(price="200")
        self.desk.run()

    def _make_activate_rules(self) -> None:
        active = factories.rule_set()
        self.draft = rule_sets.draft(
            name=active.name, definition=active.definition, by=None, at=factories.NOW
        )

    def ask(self, by: Any, why: str = "looked at it") -> Any:
        common = {"by": by, "at": self.desk.later()}
        if self.act == "ACCEPT":
            version = TradeBreak.objects.get(pk=self.row.pk).version
            return approvals.accept(break_id=self.row.pk, version=version, comment=why, **common)
        if self.act == "PAIR":
            return approvals.pair_by_hand(
                reconciliation=self.desk.reconciliation,
                left_ids=[self.left.pk],
                right_ids=[self.right.pk],
                reason=why,
                **common,
            )
        if self.act == "UNMATCH":
            return approvals.unmatch(match_id=self.match.pk, reason=why, **common)
        return approvals.activate_rules(rule_set_id=self.draft.pk, reason=why, **common)

    def is_done(self) -> bool:
        if self.act == "ACCEPT":
            return TradeBreak.objects.get(pk=self.row.pk).status == "ACCEPTED"
        if self.act == "PAIR":
            return Match.objects.filter(decision="MANUAL", status="MATCHED").exists()
        if self.act == "UNMATCH":
            return Match.objects.get(pk=self.match.pk).status == MatchStatus.UNMATCHED
        return RuleSet.objects.get(pk=self.draft.pk).status == RuleSetStatus.ACTIVE

    def did_it(self) -> Any:
        """Return whose act it was."""
        if self.act == "ACCEPT":
            return TradeBreak.objects.get(pk=self.row.pk).resolved_by
        if self.act == "PAIR":
            return Match.objects.get(decision="MANUAL").decided_by
        if self.act == "UNMATCH":
            return Match.objects.get(pk=self.match.pk).decided_by
        return RuleSet.objects.get(pk=self.draft.pk).activated_by


def decide(name, request, by, note="seen"):
    return getattr(approvals, name)(request_id=request.pk, by=by, at=factories.NOW, note=note)
