"""Which pairs to learn from, and how alike they are field by field."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from matching.engine.arrays import Floats, Rows
from matching.engine.blocking import in_blocks
from matching.engine.fields import Field
from matching.engine.references import sharing
from matching.engine.rules import Block, RuleSet
from matching.engine.table import Table

# So many pairs tell all there is to tell of a level; more would only cost time.
MOST = 100_000
_SEED = 20_260_304


@dataclass(frozen=True)
class Session:
    """
    Candidate pairs that were found in one way.

    `free` tells, for each weighted field, whether the way it was found leaves the field free to
    differ: what pairs were chosen for agreeing on tells nothing of how often matches agree on it.
    """

    name: str
    a: Rows
    b: Rows
    free: tuple[bool, ...]
    by_reference: bool = False


def weighted_fields(rules: RuleSet) -> tuple[Field, ...]:
    """Return the fields that have weight, in the rules' order."""
    return tuple(one for one in rules.fields if one.weight)


def likeness_of(table: Table, a: Rows, b: Rows) -> Floats:
    """Return how alike pairs are, ``(n_pairs, n_weighted_fields)``, NaN where unknown."""
    names = [one.name for one in weighted_fields(table.rules)]
    if not len(a):
        return np.zeros((0, len(names)))
    return np.column_stack([table.fields[name].similarity(a, b) for name in names])


def at_random(table: Table, *, most: int = MOST) -> tuple[Rows, Rows]:
    """Return so many pairs of a left with a right row, drawn with replacement; the same always."""
    if not table.split or table.split == table.size:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    drawing = np.random.default_rng(_SEED)
    # By rank, not by place: the order of the rows changes nothing.
    by_rank = np.argsort(table.rank)
    lefts, rights = by_rank[by_rank < table.split], by_rank[by_rank >= table.split]
    return (
        lefts[drawing.integers(len(lefts), size=most)],
        rights[drawing.integers(len(rights), size=most)],
    )


def sessions(table: Table) -> Iterator[Session]:
    """
    Yield the candidates of the rules' own blocks, one block at a time, and by shared reference.

    A field that every block needs is left out of the block that needs most, so that there is a
    session in which it may differ.
    """
    rules = table.rules
    everything = np.ones(table.size, dtype=bool)
    steps = [step for step in rules.running if step.kind == "pairs"]
    blocks = {frozenset(block.equal): (block, step.window) for step in steps
              for block in step.blocks}  # fmt: skip
    ways = [(block, window, _free(rules, block)) for block, window in blocks.values()]
    ways += _less_one(rules, ways)
    for block, window, free in ways:
        near = in_blocks(table, (block,), window, everything)
        yield _session(table, " + ".join(block.equal), near.a, near.b, free)
    for step in rules.running:
        if step.kind == "reference":
            candidates, specific = sharing(table, step, everything)
            a, b = candidates.a[specific], candidates.b[specific]
            every = (True,) * len(weighted_fields(rules))
            found = _session(table, "shared reference", a, b, every)
            yield replace(found, by_reference=True)
            return


def _session(table: Table, name: str, a: Rows, b: Rows, free: tuple[bool, ...]) -> Session:
    if len(a) > MOST:
        # By content, so that neither the rows' order nor anything else tells which.
        order = np.lexsort((table.rank[b], table.rank[a]))
        chosen = np.random.default_rng(_SEED).choice(len(a), size=MOST, replace=False)
        a, b = a[order[np.sort(chosen)]], b[order[np.sort(chosen)]]
    return Session(name, a, b, free)


def _free(rules: RuleSet, block: Block) -> tuple[bool, ...]:
    """Tell which weighted fields read no column that the block asks to be equal."""
    asked = {column for name in block.equal for column in _columns(rules.field(name))}
    return tuple(not asked & _columns(one) for one in weighted_fields(rules))


def _columns(field: Field) -> set[str]:
    schemes = {source.column for scheme in field.schemes for source in scheme.sources}
    return schemes | {field.named_by} if field.schemes else set(field.sources)


Way = tuple[Block, int, tuple[bool, ...]]


def _less_one(rules: RuleSet, ways: list[Way]) -> list[Way]:
    more: list[Way] = []
    if not ways:
        return more
    fields = weighted_fields(rules)
    for at, one in enumerate(fields):
        if any(free[at] for _, _, free in ways):
            continue
        for block, window, _ in sorted(ways, key=lambda way: -len(way[0].equal)):
            rest = tuple(
                name for name in block.equal if not _columns(rules.field(name)) & _columns(one)
            )
            if rest:
                less = Block(equal=rest, order=block.order)
                more.append((less, window, _free(rules, less)))
                break
    return more
