"""Look for every mechanism, name the best first and fold the lesser ones beneath it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from workflows.causes.concentrations import ALPHA
from workflows.causes.duplicates import duplicates
from workflows.causes.finding import Finding
from workflows.causes.forms import Evidence, Form
from workflows.causes.inputs import Desk
from workflows.causes.scopes import best_scope
from workflows.causes.sights import sights_of, with_places
from workflows.causes.signatures import SIGNATURES
from workflows.causes.significance import holm
from workflows.causes.windows import windows

# The most particular first: where two explain the same breaks alike, it is the one to name.
PARTICULAR = (
    "DUPLICATE_FILE", "MISSING_WINDOW", "PENCE_POUNDS", "STALE_FX", "FX_CONVERSION",
    "PRICE_FACTOR", "QUANTITY_FACTOR", "SIDE_FLIPPED", "TIMEZONE_SHIFT", "SETTLEMENT_CYCLE",
    "DATE_SHIFT", "ACCOUNT_RENAMED", "COUNTERPARTY_RENAMED", "COMMISSION_IN_NET", "AMOUNT_FACTOR",
    "CONCENTRATION",
)  # fmt: skip
OVERLAP = 0.5
OnStep = Callable[[str, int], None]


@dataclass(frozen=True)
class Looked:
    """Findings, the first named first, those beneath another after it; and the evidence read."""

    findings: list[Finding]
    evidence: Evidence
    tried: int


def look(desk: Desk, *, depth: int = 2, on_step: OnStep | None = None) -> Looked:
    """
    Return the causes of a desk's breaks.

    Every p-value is corrected for all hypotheses tried, signatures and places alike, and those of
    0.01 and more are no findings. `depth` is how many dimensions a place may combine.
    """
    tell = on_step or (lambda _step, _pct: None)
    tell("Adding up trades", 35)
    evidence = Evidence.of(desk)
    if not len(desk.breaks):
        return Looked([], evidence, 0)
    tell("Comparing differences", 40)
    signatures, tried = _signatures(evidence)
    for looked_for in (windows, duplicates):
        more, hypotheses = looked_for(evidence)
        signatures += more
        tried += hypotheses
    tell("Looking for concentrations", 50)
    sights = sights_of(evidence, depth=depth)
    tried += sum(sight.tried for sight in sights)
    findings = with_places(evidence, _folded(_significant(signatures, tried)), sights, tried)
    return Looked(findings, evidence, tried)


def _signatures(evidence: Evidence) -> tuple[list[Finding], int]:
    found, tried = [], 0
    for signature in SIGNATURES:
        for form in signature(evidence):
            marked = evidence.units.marked(form.breaks)
            scope, places = best_scope(evidence.units, marked, form.eligible)
            tried += places * form.tried
            if scope is None:
                continue
            inside = form.breaks[scope.members[evidence.units.of_break[form.breaks]]]
            follow = form.attached[np.isin(form.attached[:, 0], inside), 1]
            inside = np.concatenate([inside, follow])
            figures = {"showing": scope.k, "of": scope.n, "elsewhere": scope.marked - scope.k}
            found.append(
                Finding(
                    mechanism=form.mechanism,
                    key=(*form.key, *scope.terms),
                    terms=scope.terms,
                    breaks=inside,
                    units=evidence.units.marked(inside),
                    lift=scope.lift,
                    p_value=scope.p_value,
                    figures=form.figures | figures,
                    fix=_fix(form, scope.terms),
                )
            )
    return found, tried


def _fix(form: Form, terms: tuple[object, ...]) -> dict[str, object]:
    return form.fix | {"where": [list(term) for term in terms]} if form.fix else {}  # type: ignore[call-overload]


def _significant(findings: list[Finding], tried: int) -> list[Finding]:
    if not findings:
        return []
    corrected = holm(np.array([one.p_value for one in findings]), tried=max(tried, len(findings)))
    pairs = zip(findings, corrected, strict=True)
    return [replace(one, p_value=float(p)) for one, p in pairs if p < ALPHA]


def _folded(findings: list[Finding]) -> list[Finding]:
    """Order findings and fold each beneath the first that holds half of its units."""
    ordered = sorted(
        findings,
        key=lambda one: (-int(one.units.sum()), PARTICULAR.index(one.mechanism), one.p_value),
    )
    tops: list[Finding] = []
    lesser: list[Finding] = []
    for one in ordered:
        size = int(one.units.sum())
        place = next(
            (at for at, top in enumerate(tops) if (top.units & one.units).sum() >= OVERLAP * size),
            None,
        )
        if place is None:
            tops.append(one)
        elif PARTICULAR.index(one.mechanism) < PARTICULAR.index(tops[place].mechanism) and (
            size >= OVERLAP * tops[place].units.sum()
        ):
            lesser.append(tops[place].under(place))
            tops[place] = one
        else:
            lesser.append(one.under(place))
    return [*tops, *lesser]
