"""The passes that pair one row with one: candidates, scores, the best assignment, a decision."""

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Objects, Rows
from matching.engine.assignment import assign
from matching.engine.blocking import Candidates, in_blocks
from matching.engine.references import sharing
from matching.engine.result import Found, found_pairs, no_alternatives, nothing_found
from matching.engine.rules import Pass
from matching.engine.scoring import Scored, score_pairs
from matching.engine.table import Table
from matching.engine.ties import alternatives, near_ties


def pair(table: Table, step: Pass, free: Bools) -> Found:
    """Pair the free rows that share a block's key."""
    candidates = in_blocks(table, step.blocks, step.window, free)
    scored = score_pairs(table, candidates.a, candidates.b, step)
    return _matched(table, scored, _reasons(table, step, scored), candidates)


def pair_by_reference(table: Table, step: Pass, free: Bools) -> Found:
    """
    Pair the free rows that share a reference.

    A reference that one row a side quotes pairs them whatever their terms, AUTO unless the
    identities contradict; one that more quote needs the quantities to agree and the usual score.
    """
    candidates, specific = sharing(table, step, free)
    told, vague = (
        score_pairs(
            table, candidates.a[chosen], candidates.b[chosen], _asked(table, step, vague=not told)
        )
        for chosen, told in ((specific, True), (~specific, False))
    )
    scored = _joined(told, vague)
    reasons = _reasons(table, step, scored)
    reasons[scored.identity == 0] = "identity"
    return _matched(table, scored, reasons, candidates)


def _asked(table: Table, step: Pass, *, vague: bool) -> Pass:
    group = table.rules.grouping
    if not vague or group is None:
        return step
    least = max(table.rules.review_at, step.min_score or 0)
    return Pass(name=step.name, require={**step.require, group.quantity: 1.0}, any_of=step.any_of,
                kind=step.kind, min_score=least)  # fmt: skip


def _joined(one: Scored, other: Scored) -> Scored:
    both = (
        np.concatenate([getattr(one, name), getattr(other, name)])
        for name in ("a", "b", "score", "known", "rank", "identity")
    )
    return Scored(*both)


def _reasons(table: Table, step: Pass, scored: Scored) -> Objects:
    auto_at = table.rules.auto_at if step.auto_at is None else step.auto_at
    reasons = np.full(len(scored.a), step.review, dtype=object)
    reasons[(scored.known < table.rules.min_known) & (reasons == "")] = "unknown"
    reasons[(scored.score < auto_at) & (reasons == "")] = "score"
    return reasons


def _matched(table: Table, scored: Scored, reasons: Objects, seen: Candidates) -> Found:
    a, b = scored.a, scored.b
    if not len(a):
        return nothing_found(len(seen.a), seen.cut)
    chosen = assign(a, b, scored.rank, table.rank)
    reasons[near_ties(scored, chosen, table.content, table.rules.tie_margin)] = "near_tie"
    picked = np.flatnonzero(chosen)
    picked = picked[np.argsort(table.rank[a[picked]])]
    others = _alternatives(scored, chosen, reasons != "", picked)
    return found_pairs(
        scored.where(picked), reasons[picked], others, candidates=len(seen.a), cut=seen.cut
    )


def _alternatives(scored: Scored, chosen: Bools, review: Bools, picked: Rows) -> pd.DataFrame:
    if not bool((chosen & review).any()):
        return no_alternatives()
    others = alternatives(scored, chosen, review)
    place = np.full(len(scored.a), -1, dtype=np.int64)
    place[picked] = np.arange(len(picked))
    return pd.DataFrame(
        {"match": place[others["edge"].to_numpy()], "row": others["row"], "score": others["score"]}
    )
