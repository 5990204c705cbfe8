"""Pair the trades of a past run under other rules, for the answer alone: nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from matching import engine
from matching.models import Reconciliation, ReconciliationRun, RuleSet
from matching.rules import rules_of_run
from matching.scope import undecided_matches
from matching.services.outcome import Outcome
from matching.services.pairing import outcome_of, read_open


@dataclass(frozen=True)
class Paired:
    """What one version of the rules makes of the trades, with the engine's rules it stands for."""

    rule_set: RuleSet
    rules: engine.RuleSet
    outcome: Outcome


@dataclass(frozen=True)
class Trial:
    """
    The trades of some days as they are now, open to be paired anew under any rules.

    Everything undecided of these days is taken apart for it, `undone` by key, as a run under new
    rules does; what people paired or confirmed stays. `left` and `right` hold the trades of the
    neighbouring days too, as a run reads them.
    """

    reconciliation: Reconciliation
    from_date: date
    to_date: date
    undone: Sequence[int]
    left: pd.DataFrame
    right: pd.DataFrame

    @classmethod
    def of(cls, reconciliation: Reconciliation, from_date: date, to_date: date) -> "Trial":
        """Read the trades; a handful of queries whatever their number."""
        scope = _scope(reconciliation, from_date, to_date)
        undone = list(undecided_matches(scope).order_by().values_list("pk", flat=True))
        return cls(reconciliation, from_date, to_date, undone, *read_open(scope, undone))

    def under(self, rule_set: RuleSet) -> Paired:
        """
        Pair and compare the trades under a version of the rules.

        :raises InvalidRules: if its definition is not valid.
        :raises ColumnError: if a column holds what its comparison cannot read.
        """
        run = _scope(self.reconciliation, self.from_date, self.to_date, rule_set)
        rules = rules_of_run(run)
        outcome = outcome_of(
            run=run, left=self.left, right=self.right, rules=rules, on_progress=_silent
        )
        return Paired(rule_set, rules, outcome)


def _scope(
    reconciliation: Reconciliation,
    from_date: date,
    to_date: date,
    rule_set: RuleSet | None = None,
) -> ReconciliationRun:
    """Return a run that is never saved; in one partition it needs no rows of its own."""
    return ReconciliationRun(
        reconciliation=reconciliation,
        rule_set=rule_set,
        from_date=from_date,
        to_date=to_date,
        partition_count=1,
    )


def _silent(step: str, progress_pct: int) -> None:
    """Nobody follows the progress of a trial."""
