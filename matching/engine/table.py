"""Both frames as one table of joint rows with a comparator a field."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from matching.engine import hashing
from matching.engine.arrays import Bools, Hashes, Rows
from matching.engine.columns import as_strings, read_texts
from matching.engine.comparators import (
    Comparator,
    DateComparator,
    ExactComparator,
    MomentComparator,
    TextComparator,
)
from matching.engine.fields import Field
from matching.engine.identity import IdentityComparator
from matching.engine.money import Money, read_money
from matching.engine.numbers import NumberComparator
from matching.engine.quotes import Quoted, Quotes, Spelled, read_quotes, spell
from matching.engine.rules import Pass, RuleSet
from matching.engine.times import local_days, read_dates, read_moments


@dataclass(frozen=True)
class Table:
    """
    The rows of both sides: joint row ``i`` is left row ``i`` below `split`, else right row
    ``i - split``. `references` are those of each column of them, `refused`
    the pairs that must not be made, each as `pack` numbers it. With `home` set, rows only meet
    rows of their own home.
    """

    rules: RuleSet
    left: pd.DataFrame
    right: pd.DataFrame
    money: Money
    fields: dict[str, Comparator]
    references: list[Spelled]
    refused: Rows = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    home: Hashes | None = None
    free: Bools | None = None
    _shared: dict[str, Quoted] = field(default_factory=dict)
    _quotes: dict[str, Quotes] = field(default_factory=dict)

    @property
    def split(self) -> int:
        """The number of left rows, which is the first right joint row."""
        return len(self.left)

    @property
    def size(self) -> int:
        """The number of joint rows."""
        return len(self.left) + len(self.right)

    @cached_property
    def content(self) -> Hashes:
        """One hash a row over all compared fields: rows with equal hashes are twins."""
        return hashing.combine([one.content for one in self.fields.values()])

    @cached_property
    def rank(self) -> Rows:
        """Each row's place in the order of content, then of references, then of occurrence."""
        order = np.argsort(self.content, kind="stable")
        ordered = self.content[order]
        same = ordered[1:] == ordered[:-1]
        places = np.flatnonzero(np.append(same, False) | np.append(False, same))
        twins = order[places] if self.size else order
        quoted = np.zeros(self.size, dtype=np.uint64)
        for column in self.references:
            quoted[column.rows] = hashing.mix(quoted[column.rows] + column.hashes["code"])
        order[places] = twins[np.lexsort((quoted[twins], self.content[twins]))]
        rank = np.empty(self.size, dtype=np.int64)
        rank[order] = np.arange(self.size)
        return rank

    def pack(self, a: Rows, b: Rows) -> Rows:
        """Return one number for each pair of joint rows."""
        return a * self.size + b

    def seen_from(self, home: Hashes | None = None, free: Bools | None = None) -> "Table":
        """
        Return the same rows with other bounds of sight.

        With `home` rows meet only within their home, and with `free` only the references that a
        free row quotes are looked up.
        """
        view = replace(self, home=home, free=free, _quotes={})
        # What is worked out once a row holds in any view; that is where cached properties live.
        view.__dict__.update(content=self.content, rank=self.rank)
        return view

    def quotes(self, form: str) -> Quotes:
        """Return the references that both sides quote, in a form; read once a form."""
        if form not in self._quotes:
            if form not in self._shared:
                # In all views: what both sides quote anywhere is little of what either does.
                self._shared[form] = Quoted.of(self.references, form).shared(self.split)
            quoted = self._shared[form]
            if self.home is not None:
                quoted = quoted.at(self.home)
            if self.free is not None:
                quoted = quoted.by(self.free)
            self._quotes[form] = read_quotes(quoted, self.split, len(self.references))
        return self._quotes[form]

    def telling(self, step: Pass) -> Bools:
        """Tell which of the references in the pass's form may pair rows in it."""
        weak = [self.rules.references.index(name) for name in step.not_alone]
        return self.quotes(step.form).telling(step.shortest, weak)


def build(left: pd.DataFrame, right: pd.DataFrame, rules: RuleSet) -> Table:
    """
    Read both frames under the rules.

    :raises ColumnError: if a column holds what its comparison cannot read.
    """
    money = read_money(left, right, rules)
    # Each column is read by itself, and nearly all of it outside of Python's lock.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        fields = threads.map(lambda one: _comparator(one, left, right, rules, money), rules.fields)
        references = threads.map(lambda column: _references(left, right, column), rules.references)
        return Table(
            rules=rules,
            left=left,
            right=right,
            money=money,
            fields={one.name: read for one, read in zip(rules.fields, fields, strict=True)},
            references=list(references),
        )


def _references(left: pd.DataFrame, right: pd.DataFrame, column: str) -> Spelled:
    return spell(pa.concat_arrays([as_strings(frame, column) for frame in (left, right)]))


def _comparator(
    field: Field, left: pd.DataFrame, right: pd.DataFrame, rules: RuleSet, money: Money
) -> Comparator:
    first = field.sources[0]
    match field.compare:
        case "number":
            return NumberComparator(field, left, right, money)
        case "identity":
            return IdentityComparator(field, left, right)
        case "date":
            return _dates(field, left, right)
        case "moment":
            return MomentComparator(field, read_moments(left, right, first))
    if rules.currency is not None and first == rules.currency.column:
        return ExactComparator(field, money.currencies)
    kind = TextComparator if field.compare == "text" else ExactComparator
    return kind(field, read_texts(left, right, first))


def _dates(field: Field, left: pd.DataFrame, right: pd.DataFrame) -> DateComparator:
    days = read_dates(left, right, field.sources[0])
    if field.moment is None:
        return DateComparator(field, days, None, None)
    moments = read_moments(left, right, field.moment.column)
    if not field.moment.zone:
        return DateComparator(field, days, moments, None)
    zones = read_texts(left, right, field.moment.zone)
    return DateComparator(field, days, moments, local_days(moments, zones, field.moment.zone))
