"""What the rules would do with a break, or with an example of one; nothing is written."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from breaks.choices import CATEGORY, BreakType, Severity
from breaks.models import TradeBreak
from breaks.spreadsheet import COLUMNS, WORKED
from trades.choices import AssetClass
from trades.models import AccountAlias, Source
from workflows.models import RoutingRule
from workflows.routing import Facts
from workflows.services.routing.cases import Case, Terms, facts_of, read_cases
from workflows.services.routing.people import People
from workflows.services.routing.plans import Planner, Target
from workflows.services.routing.rules import as_rules, named_now

SIDES = ("source1", "source2")
# Less than this comes from nobody's spreadsheet.
LARGEST_EXPOSURE = Decimal(10) ** 18


class ExampleRefused(ValueError):
    """An example that cannot be read; the sentence says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a trial; `case` is the break it was about, if it was about one."""

    facts: Facts
    target: Target
    case: Case | None = None


def try_break(*, trade_break: TradeBreak, at: datetime) -> Tried:
    """Say where the rules would send a break that nobody has."""
    case = read_cases(TradeBreak.objects.filter(pk=trade_break.pk))[0]
    return Tried(case.facts, _target(case.facts, at), case)


def try_example(*, given: Mapping[str, str], at: datetime) -> Tried:
    """
    Say where the rules would send a break of which this is known, by the export's columns.

    :raises ExampleRefused: if a value is none that a break can have.
    """
    facts = facts_given(given)
    return Tried(facts, _target(facts, at))


def pasted(text: str) -> dict[str, str]:
    """
    Read one break of a file of breaks: a JSON object, or CSV with its header or without.

    :raises ExampleRefused: if it is neither, or more than one break.
    """
    text = text.strip().lstrip("\ufeff")
    if text.startswith(("{", "[")):
        return _from_json(text)
    try:
        rows = [row for row in csv.reader(text.splitlines(), strict=True) if any(row)]
    except csv.Error as problem:
        raise ExampleRefused(f"This is no CSV: {problem}.") from problem
    if len(rows) == 2:
        head, row = rows
    elif len(rows) == 1 and (
        known := {len(one): one for one in (COLUMNS, WORKED)}.get(len(rows[0]))
    ):
        head, row = list(known), rows[0]
    else:
        raise ExampleRefused(
            "Paste one line as exported, best with the line of column names above it, or one "
            "JSON object with those names."
        )
    if len(head) != len(row):
        raise ExampleRefused(f"The line has {len(row)} cells, and its header {len(head)} names.")
    return dict(zip((name.strip() for name in head), row, strict=True))


def facts_given(given: Mapping[str, str]) -> Facts:
    """
    Return what rules may ask of an example.

    :raises ExampleRefused: if a value is none that a break can have.
    """
    values = {name: value.strip() for name, value in given.items() if value.strip()}
    for name, value in values.items():
        if not _can_be_kept(value):
            raise ExampleRefused(f"The {name} holds a character that no database keeps.")
    kind = _one_of(BreakType.values, values.get("break_type", ""), "type")
    severity = _one_of(Severity.values, values.get("severity", ""), "severity")
    asset_class = values.get("asset_class", "")
    if asset_class:
        asset_class = _one_of(AssetClass.values, asset_class, "asset class")
    codes = [values[f"{side}_code"] for side in SIDES if f"{side}_code" in values]
    known = set(Source.objects.filter(code__in=codes).values_list("code", flat=True))
    if unknown := sorted(set(codes) - known):
        raise ExampleRefused(f"There is no source {unknown[0]!r}.")
    told = [Terms(asset_class, values.get("counterparty"), values.get("account"))]
    ours = _our_accounts(values)
    for side in SIDES:
        # Those of a group stand in one cell.
        parties = values.get(f"{side}_counterparty", "").split(";")
        told += [Terms(None, party.strip(), None) for party in parties]
        told += [Terms(None, None, code) for code in ours[side]]
    names = named_now({one.counterparty for one in told if one.counterparty})
    return facts_of(
        types=[kind],
        categories=[CATEGORY[BreakType(kind)]],
        severities=[severity],
        sources=codes,
        told=[one._replace(counterparty=names.get(one.counterparty or "")) for one in told],
        exposure=_exposure(values.get("exposure", "")),
    )


def _our_accounts(values: Mapping[str, str]) -> dict[str, list[str]]:
    """Return our codes of the accounts that each side names by its source's; one query."""
    said = {
        side: [code.strip() for code in values.get(f"{side}_account", "").split(";")]
        for side in SIDES
    }
    known = AccountAlias.objects.filter(
        code__in=[code for codes in said.values() for code in codes]
    )
    ours = {
        (source, code): account
        for source, code, account in known.values_list("source__code", "code", "account__code")
    }
    return {
        side: [ours.get((values.get(f"{side}_code", ""), code), code) for code in codes]
        for side, codes in said.items()
    }


def _target(facts: Facts, at: datetime) -> Target:
    rows = RoutingRule.objects.filter(is_enabled=True).select_related("team")
    return Planner(as_rules(rows), People(at=at)).look(facts)


def _from_json(text: str) -> dict[str, str]:
    try:
        found = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as problem:
        raise ExampleRefused(f"This is no JSON: {problem}.") from problem
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise ExampleRefused("Paste one break: one JSON object.")
    return {str(name): "" if value is None else str(value) for name, value in found.items()}


def _can_be_kept(text: str) -> bool:
    """Tell whether a text is one; JSON can spell NUL, and half of a pair of surrogates."""
    return "\x00" not in text and text.encode(errors="replace").decode() == text


def _one_of(known: list[str], given: str, what: str) -> str:
    if given.upper() in known:
        return given.upper()
    said = f"{given!r} is no {what}" if given else f"An example needs a {what}"
    raise ExampleRefused(f"{said}; give one of {', '.join(known)}.")


def _exposure(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        amount = Decimal(text.replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) > LARGEST_EXPOSURE:
        raise ExampleRefused(f"{text!r} is no exposure; write an amount such as 120000.50.")
    return amount
