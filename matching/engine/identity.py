"""Compare identities: the same thing named by several schemes, any of which may be missing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.engine import hashing
from matching.engine.arrays import Bools, Floats, Hashes, Rows
from matching.engine.columns import Texts, read_texts
from matching.engine.comparators import TextBased, distinct_pairs, name_similarity
from matching.engine.fields import Field, Scheme
from matching.engine.graph import components
from matching.engine.normalise import FORMS, name, upper


@dataclass(frozen=True)
class SchemeValues:
    """One scheme's value for each distinct identity, with what qualifies and splits it."""

    scheme: Scheme
    codes: Rows
    roots: Rows
    qualifiers: Rows


class IdentityComparator(TextBased):
    """
    Identities by scheme: strong ones decide, weak ones leave contradictions to the names.

    Rows are reduced to distinct identities once; pairs are compared once a distinct pair. Rows that
    share any value of any scheme, directly or through others, share a `block`.
    """

    def __init__(self, field: Field, left: pd.DataFrame, right: pd.DataFrame) -> None:
        schemes = [_scheme_texts(scheme, left, right) for scheme in field.schemes]
        names = _names(field, left, right)
        by_scheme, by_name = [texts for texts, _ in schemes], _named(field, left, right)
        # What has identifiers that decide is known by them, all else by its name.
        decided = any(scheme.strong for scheme in field.schemes)
        shown = [*by_scheme, *by_name] if decided else [*by_name, *by_scheme]
        hashes = [
            hashing.of_codes(texts.codes, texts.values)
            for texts in (*(t for t, _ in schemes), names)
        ]
        qualifiers = [hashing.of_codes(texts.codes, texts.values) for _, texts in schemes]
        place, distinct = pd.factorize(hashing.combine([*hashes, *qualifiers]))
        self.identities: Rows = place.astype(np.int64)
        first = np.zeros(len(distinct), dtype=np.int64)
        first[place[::-1]] = np.arange(len(place))[::-1]
        at_first = [hashed[first] for hashed in hashes]
        known = np.logical_or.reduce([hashed != hashing.UNKNOWN for hashed in at_first])
        content = np.where(known, hashing.combine(at_first), hashing.UNKNOWN)
        block = np.where(known, _components(at_first, content), hashing.UNKNOWN)
        self.schemes = [
            SchemeValues(
                scheme, texts.codes[first], _roots(texts, scheme)[first], extra.codes[first]
            )
            for scheme, (texts, extra) in zip(field.schemes, schemes, strict=True)
        ]
        self.names = Texts(names.codes[first], names.values)
        self.field = field
        self.columns = shown
        self.known, self.content, self.block = known[place], content[place], block[place]
        self.order = self.content.view(np.int64)

    def similarity(self, a: Rows, b: Rows) -> Floats:
        """Return 1 for one identity, 0 for two, between them by name, NaN where nothing tells."""
        first, second, place = distinct_pairs(self.identities[a], self.identities[b])
        likeness = self._distinct_similarity(first, second)[place]
        return np.where(self.known[a] & self.known[b], likeness, np.nan)

    def differs(self, a: Rows, b: Rows) -> Bools:
        """Tell which pairs are less alike than the field's `agree_at`."""
        return self.similarity(a, b) < self.field.agree_at

    def texts(self, rows: Rows) -> list[str]:
        """Return what each row is known by: an identifier that decides, or else its name."""
        found = [""] * len(rows)
        for texts in self.columns:
            table = np.array([*texts.values, ""], dtype=object)
            found = [
                one or str(value)
                for one, value in zip(found, table[texts.codes[rows]], strict=True)
            ]
        return found

    def _distinct_similarity(self, a: Rows, b: Rows) -> Floats:
        """Decide from the least to the most telling evidence: names, weak schemes, strong ones."""
        likeness, weak_clash = self._by_name(a, b), np.zeros(len(a), dtype=bool)
        split_clash, weak_agree = weak_clash.copy(), np.zeros(len(a))
        for values in self.schemes:
            if values.scheme.strong:
                continue
            agree, clash = _verdicts(values, a, b)
            weak_clash |= clash
            weak_agree = np.maximum(weak_agree, np.where(agree, _trust(values, a, b), 0.0))
            split_clash |= clash & (values.roots[a] == values.roots[b]) & (values.roots[a] >= 0)
        likeness = np.where(weak_clash & np.isnan(likeness), 0.0, likeness)
        likeness = np.where(
            weak_clash & (likeness < self.field.agree_at) & bool(self.strong), 0.0, likeness
        )
        likeness = np.where(weak_agree > 0, weak_agree, likeness)
        likeness = np.where(split_clash & (weak_agree == 0), 0.0, likeness)
        return self._by_strong(likeness, a, b)

    @property
    def strong(self) -> list[SchemeValues]:
        """The schemes that decide."""
        return [values for values in self.schemes if values.scheme.strong]

    def _by_strong(self, likeness: Floats, a: Rows, b: Rows) -> Floats:
        agreed, clashed = np.zeros(len(a), dtype=bool), np.zeros(len(a), dtype=bool)
        for values in self.strong:
            agree, clash = _verdicts(values, a, b)
            agreed |= agree
            clashed |= clash
        likeness = np.where(clashed, 0.0, likeness)
        return np.where(agreed, 1.0, likeness)

    def _by_name(self, a: Rows, b: Rows) -> Floats:
        likeness = np.full(len(a), np.nan)
        both = (self.names.codes[a] >= 0) & (self.names.codes[b] >= 0)
        one, other, place = distinct_pairs(self.names.codes[a[both]], self.names.codes[b[both]])
        values = self.names.values
        scores = name_similarity(
            [values[code] for code in one], [values[code] for code in other], self.field.scorer
        )
        likeness[both] = np.where(scores < self.field.unlike_at, 0.0, scores)[place]
        if self.strong:
            # Unlike names of things that need no name prove nothing.
            likeness[likeness < self.field.agree_at] = np.nan
        return likeness


def _scheme_texts(scheme: Scheme, left: pd.DataFrame, right: pd.DataFrame) -> tuple[Texts, Texts]:
    columns = [read_texts(left, right, one.column).apply(FORMS[one.form]) for one in scheme.sources]
    texts = columns[0]
    for more in columns[1:]:
        texts = texts.fill(more)
    if not scheme.qualifier:
        return texts, Texts.unknown(len(texts.codes))
    return texts, read_texts(left, right, scheme.qualifier).apply(upper)


def _named(field: Field, left: pd.DataFrame, right: pd.DataFrame) -> list[Texts]:
    return [read_texts(left, right, field.named_by)] if field.named_by else []


def _names(field: Field, left: pd.DataFrame, right: pd.DataFrame) -> Texts:
    for texts in _named(field, left, right):
        return texts.apply(lambda text: name(text, field.words, legal_forms=field.legal_forms))
    return Texts.unknown(len(left) + len(right))


def _roots(texts: Texts, scheme: Scheme) -> Rows:
    """Return codes of the part before `split`, -1 for values without a one-letter part after it."""
    if not scheme.split:
        return Texts.unknown(len(texts.codes)).codes
    return texts.apply(lambda value: _root(value, scheme.split)).codes


def _root(value: str, split: str) -> str:
    root, _, share_class = value.partition(split)
    return root if len(share_class) == 1 else ""


def _verdicts(values: SchemeValues, a: Rows, b: Rows) -> tuple[Bools, Bools]:
    both = (values.codes[a] >= 0) & (values.codes[b] >= 0)
    equal = values.codes[a] == values.codes[b]
    return both & equal, both & ~equal


def _trust(values: SchemeValues, a: Rows, b: Rows) -> Floats:
    one, other = values.qualifiers[a], values.qualifiers[b]
    return np.where((one >= 0) & (other >= 0) & (one != other), values.scheme.doubtful, 1.0)


def _components(schemes: list[Hashes], content: Hashes) -> Hashes:
    """Return for each distinct identity the least content hash of all it is linked with."""
    identities = len(content)
    nodes, links, offset = [], [], identities
    for hashes in schemes:
        there = np.flatnonzero(hashes != hashing.UNKNOWN)
        place, distinct = pd.factorize(hashes[there])
        nodes.append(there)
        links.append(place + offset)
        offset += len(distinct)
    labels = components(np.concatenate(nodes), np.concatenate(links), offset)[:identities]
    least = np.full(offset, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(least, labels, content)
    by_identity: Hashes = least[labels]
    return by_identity
