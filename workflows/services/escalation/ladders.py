"""Which levels a late break has come to."""

from collections import defaultdict
from collections.abc import Container, Iterable
from datetime import datetime, timedelta

from breaks.models import SlaPolicy, TradeBreak
from breaks.models.sla import STANDARD
from breaks.terms import Clocks
from workflows.models import EscalationLevel


class Ladders:
    """
    The levels that are on by policy, and when each begins; read once for any number of breaks.

    A break follows the version of the policy that its due time does. A policy that has no level
    of its own, not even one that is off, has those of the standard policy.
    """

    def __init__(self) -> None:
        levels = EscalationLevel.objects.select_related("channel")
        self._of: dict[str, list[EscalationLevel]] = defaultdict(list)
        for level in levels.order_by("policy_code", "number"):
            self._of[level.policy_code].append(level)
        self.clocks = Clocks()
        self._policies: dict[int, SlaPolicy] = {}
        self._begins: dict[tuple[object, ...], datetime] = {}

    def __bool__(self) -> bool:
        return any(level.is_enabled for levels in self._of.values() for level in levels)

    def policy_id(self, row: TradeBreak) -> int | None:
        """Return the version a break follows; one from before there were any, the current."""
        return row.sla_policy_id or self.clocks.of(row).policy_id

    def learn(self, rows: Iterable[TradeBreak]) -> None:
        """Read the policies of some breaks, if they are not known yet; at most one query."""
        wanted = {pk for row in rows if (pk := self.policy_id(row))} - self._policies.keys()
        if wanted:
            self._policies |= SlaPolicy.objects.in_bulk(wanted)

    def come_due(
        self, row: TradeBreak, fired: Container[int], at: datetime
    ) -> list[EscalationLevel]:
        """Return the levels a break has come to and that have not `fired`, the lowest first."""
        policy = self._policies.get(self.policy_id(row) or 0)
        if policy is None:
            return []
        levels = self._of.get(policy.code) or self._of.get(STANDARD, [])
        return [
            level
            for level in levels
            if level.is_enabled
            and level.number not in fired
            and self._begin(row, policy, level) <= at
        ]

    def _begin(self, row: TradeBreak, policy: SlaPolicy, level: EscalationLevel) -> datetime:
        """Return when a level begins: its share of the clock, in business time, past the due."""
        key = (row.team_id, row.due_at, policy.pk, row.severity, level.after_pct)
        if key not in self._begins:
            late = timedelta(minutes=policy.minutes(row.severity)) * level.after_pct / 100
            hours = self.clocks.hours(row.team_id)
            self._begins[key] = hours.after(row.due_at, late) if late else row.due_at
        return self._begins[key]
