"""Compare joint rows field by field: one comparator a kind of comparison, all vectorised."""

from decimal import Decimal
from typing import Protocol

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from matching.engine import hashing
from matching.engine.arrays import Bools, Floats, Hashes, Rows
from matching.engine.columns import Texts
from matching.engine.fields import Field
from matching.engine.normalise import FORMS, name
from matching.engine.times import Ticks

NANOSECONDS = 1_000_000_000
QUARTER, DAY = 900 * NANOSECONDS, 86_400 * NANOSECONDS
# How far ahead of UTC's midnight a date begins first, and behind it last.
EASTMOST, WESTMOST = 14 * 3600 * NANOSECONDS, 12 * 3600 * NANOSECONDS
# Names that share all the words of the shorter one are nearly, not fully, alike.
SUBSET_SHARE = 0.95
# "Fund I" and "Fund II" share most letters but not what tells them apart.
TOLD_APART = 0.5


class Comparator(Protocol):
    """
    One field of all joint rows, ready to compare pairs ``(a[i], b[i])`` of joint rows.

    `content` hashes the value of each row, 0 where unknown; `block` is what rows must share to be
    candidates (coarser than `content` for identities); `order` sorts rows by nearness of value.
    """

    field: Field
    known: Bools
    content: Hashes
    block: Hashes
    order: Rows

    def similarity(self, a: Rows, b: Rows) -> Floats:
        """Return the likeness of each pair from 0 to 1, NaN where either side is unknown."""

    def differs(self, a: Rows, b: Rows) -> Bools:
        """Tell which pairs disagree; unknown never does."""

    def texts(self, rows: Rows) -> list[str]:
        """Return each row's value as text, empty where unknown."""

    def gaps(self, a: Rows, b: Rows, /) -> list[Decimal | None]:
        """Return the exact differences, None where the values are no numbers or days."""

    def tolerances(self, a: Rows, b: Rows, /) -> list[Decimal | None]:
        """Return what was allowed for each pair, None where nothing is measured."""


class TextBased:
    """What comparators over distinct texts have in common."""

    def __init__(self, field: Field, texts: Texts, shown: Texts) -> None:
        self.field = field
        self.values = texts
        self.shown = shown
        self.known = texts.known
        self.content = hashing.of_codes(texts.codes, texts.values)
        self.block = self.content
        self.order = self.content.view(np.int64)

    def texts(self, rows: Rows) -> list[str]:
        """Return each row's value as reported."""
        table = np.array([*self.shown.values, ""], dtype=object)
        return list(table[self.shown.codes[rows]])

    def gaps(self, a: Rows, _b: Rows, /) -> list[Decimal | None]:
        """Return None for each pair: texts have no distance."""
        return [None] * len(a)

    def tolerances(self, a: Rows, _b: Rows, /) -> list[Decimal | None]:
        """Return None for each pair."""
        return [None] * len(a)

    def both_known(self, a: Rows, b: Rows) -> Bools:
        """Tell which pairs have a value on both sides."""
        return self.known[a] & self.known[b]


class ExactComparator(TextBased):
    """Values that are equal in their form or are not."""

    def __init__(self, field: Field, shown: Texts) -> None:
        form = FORMS[field.form]
        end = field.prefix or None
        formed = shown.apply(lambda text: field.same_as.get(form(text), form(text))[:end])
        super().__init__(field, formed, shown)

    def similarity(self, a: Rows, b: Rows) -> Floats:
        """Return 1 for equal, 0 for unequal values."""
        equal = self.values.codes[a] == self.values.codes[b]
        return np.where(self.both_known(a, b), equal.astype(np.float64), np.nan)

    def differs(self, a: Rows, b: Rows) -> Bools:
        """Tell which pairs have unequal values."""
        apart: Bools = self.values.codes[a] != self.values.codes[b]
        return self.both_known(a, b) & apart


class TextComparator(TextBased):
    """Names or other text that may be spelled apart; compared once a distinct pair."""

    def __init__(self, field: Field, shown: Texts) -> None:
        formed = shown.apply(lambda text: name(text, field.words, legal_forms=field.legal_forms))
        super().__init__(field, formed, shown)

    def similarity(self, a: Rows, b: Rows) -> Floats:
        """Return the likeness of the names; below the field's `unlike_at` it is 0."""
        likeness = np.full(len(a), np.nan)
        both = self.both_known(a, b)
        left, right = self.values.codes[a[both]], self.values.codes[b[both]]
        first, second, place = distinct_pairs(left, right)
        scores = name_similarity(
            [self.values.values[code] for code in first],
            [self.values.values[code] for code in second],
            self.field.scorer,
        )
        likeness[both] = np.where(scores < self.field.unlike_at, 0.0, scores)[place]
        return likeness

    def differs(self, a: Rows, b: Rows) -> Bools:
        """Tell which pairs are less alike than the field's `agree_at`."""
        return self.similarity(a, b) < self.field.agree_at


class DateComparator:
    """
    Dates, alike by business days, Monday to Friday; one where their moments say so.

    Moments say so where a midnight lies between them that could have parted the dates: see
    `_one_moment`.
    """

    def __init__(
        self, field: Field, days: Ticks, moments: Ticks | None, at_place: Ticks | None
    ) -> None:
        self.field = field
        self.days = days
        self.moments = moments
        # Whether the date is that of the row's own moment at the row's own place.
        self.right_there = (
            np.zeros(len(days.ticks), dtype=bool)
            if at_place is None
            else days.known & at_place.known & (days.ticks == at_place.ticks)
        )
        self.known = days.known
        self.content = hashing.of_ints(days.ticks, days.known)
        self.block = self.content
        self.order = days.ticks

    def similarity(self, a: Rows, b: Rows) -> Floats:
        """Return 1 for the same day, falling to 0 at the field's `zero_at` business days."""
        left, right = self.days.ticks[a], self.days.ticks[b]
        apart = np.abs(_business_days(left) - _business_days(right))
        apart = np.maximum(apart, (left != right).astype(np.int64))
        likeness = np.clip(1 - apart / max(self.field.zero_at, 1), 0.0, 1.0)
        likeness = np.where(self._one_moment(a, b), 1.0, likeness)
        return np.where(self.known[a] & self.known[b], likeness, np.nan)

    def differs(self, a: Rows, b: Rows) -> Bools:
        """Tell which pairs have different days and no moment that explains it."""
        apart: Bools = self.days.ticks[a] != self.days.ticks[b]
        return self.known[a] & self.known[b] & apart & ~self._one_moment(a, b)

    def texts(self, rows: Rows) -> list[str]:
        """Return ISO dates."""
        days = self.days.ticks[rows].astype("datetime64[D]").astype(str).tolist()
        return [text if known else "" for text, known in zip(days, self.known[rows], strict=True)]

    def gaps(self, a: Rows, b: Rows) -> list[Decimal | None]:
        """Return the left day minus the right one, in days."""
        return [Decimal(int(gap)) for gap in self.days.ticks[a] - self.days.ticks[b]]

    def tolerances(self, a: Rows, _b: Rows, /) -> list[Decimal | None]:
        """Return 0 days for each pair."""
        return [Decimal(0)] * len(a)

    def _one_moment(self, a: Rows, b: Rows) -> Bools:
        """
        Tell which adjacent dates of moments so close are one.

        They are if both are right at their own rows' places, or if a midnight parts the moments:
        the earlier date must have the earlier moment, before a midnight that begins the later date
        in some time zone, and the other the moment at or after it. Zones lie from UTC-12 to UTC+14
        in steps of a quarter of an hour, so the midnights that begin a date are quarter hours from
        14 hours before to 12 hours after its midnight in UTC. Without places two equal moments
        never overrule: no midnight parted their dates.
        """
        if self.moments is None or self.field.moment is None:
            return np.zeros(len(a), dtype=bool)
        swapped = self.days.ticks[a] > self.days.ticks[b]
        first, second = np.where(swapped, b, a), np.where(swapped, a, b)
        before, after = self.moments.ticks[first], self.moments.ticks[second]
        close = np.abs(after - before) <= self.field.moment.within_seconds * NANOSECONDS
        next_day = self.days.ticks[second] - self.days.ticks[first] == 1
        utc = self.days.ticks[second] * DAY
        midnight = np.maximum(after // QUARTER * QUARTER, utc - EASTMOST)
        midnight = np.minimum(midnight, utc + WESTMOST)
        told: Bools = self.moments.known[a] & self.moments.known[b]
        parted = (before < midnight) & (midnight <= after)
        parted |= self.right_there[a] & self.right_there[b]
        one: Bools = parted & told & close & next_day
        return one


class MomentComparator:
    """Moments, alike by how many seconds lie between them."""

    def __init__(self, field: Field, moments: Ticks) -> None:
        self.field = field
        self.moments = moments
        self.known = moments.known
        self.content = hashing.of_ints(moments.ticks, moments.known)
        self.block = self.content
        self.order = moments.ticks

    def similarity(self, a: Rows, b: Rows) -> Floats:
        """Return 1 at the same moment, a half at `half_at` seconds, 0 beyond `zero_at`."""
        apart = np.abs(self.moments.ticks[a] - self.moments.ticks[b]) / NANOSECONDS
        half = max(self.field.half_at, 1e-9)
        likeness = np.where(apart > self.field.zero_at, 0.0, half / (half + apart))
        return np.where(self.known[a] & self.known[b], likeness, np.nan)

    def differs(self, a: Rows, b: Rows) -> Bools:
        """Tell which pairs lie further apart than the field's `zero_at` seconds."""
        apart: Bools = self.similarity(a, b) == 0
        return apart

    def texts(self, rows: Rows) -> list[str]:
        """Return ISO times in UTC."""
        times = self.moments.ticks[rows].astype("datetime64[ns]").astype(str).tolist()
        return [
            f"{text}Z" if known else "" for text, known in zip(times, self.known[rows], strict=True)
        ]

    def gaps(self, a: Rows, b: Rows) -> list[Decimal | None]:
        """Return the left moment minus the right one, in seconds."""
        apart = self.moments.ticks[a] - self.moments.ticks[b]
        return [Decimal(int(gap)).scaleb(-9) for gap in apart]

    def tolerances(self, a: Rows, _b: Rows, /) -> list[Decimal | None]:
        """Return the field's `zero_at` in seconds."""
        return [Decimal(str(self.field.zero_at))] * len(a)


def _business_days(days: Rows) -> Rows:
    """Number days so that weekends take none: Saturday and Sunday count as the Monday after."""
    since_a_monday = days + 3
    return since_a_monday // 7 * 5 + np.minimum(since_a_monday % 7, 5)


def distinct_pairs(left: Rows, right: Rows) -> tuple[Rows, Rows, Rows]:
    """Return the distinct pairs of two code arrays and, for each row, the place of its pair."""
    width = int(right.max()) + 1 if len(right) else 1
    place, packed = pd.factorize(left * width + right)
    return packed // width, packed % width, place.astype(np.int64)


def name_similarity(left: list[str], right: list[str], scorer: str) -> Floats:
    """
    Return the likeness of normalised names, pair by pair, from 0 to 1.

    ``edit`` is Jaro-Winkler, for single words. ``names`` is the best of the words in any order, the
    letters without spaces, and the shorter name inside the longer; numerals and single letters
    that contradict each other (Fund I, Fund II) halve it.
    """
    if not left:
        return np.zeros(0)
    if scorer == "edit":
        return _pairwise(left, right, JaroWinkler.normalized_similarity)
    bare_left, bare_right = ([text.replace(" ", "") for text in side] for side in (left, right))
    best: Floats = np.maximum.reduce([
        _pairwise(left, right, fuzz.token_sort_ratio) / 100,
        _pairwise(bare_left, bare_right, fuzz.ratio) / 100,
        _pairwise(left, right, fuzz.token_set_ratio) / 100 * SUBSET_SHARE,
    ])  # fmt: skip
    clash = np.array([_told_apart(one, other) for one, other in zip(left, right, strict=True)])
    best[clash] *= TOLD_APART
    return best


def _pairwise(left: list[str], right: list[str], scorer: object) -> Floats:
    return process.cpdist(left, right, scorer=scorer, dtype=np.float64)  # type: ignore[arg-type]


def _told_apart(left: str, right: str) -> bool:
    """Tell whether both names carry numerals or single letters, and different ones."""
    one, other = (
        {
            word
            for word in text.split()
            if len(word) == 1 or word.isdigit() or set(word) <= set("ivx")
        }
        for text in (left, right)
    )
    return bool(one) and bool(other) and one != other
