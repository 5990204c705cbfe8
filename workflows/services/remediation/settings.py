"""
How a source is read, changed as the fix of a common cause: asked for, approved, reversible.

What was loaded stays as it was reported; the change counts for reports from then on, and the days
of the breaks are reconciled again.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model

from connectors.models import Layout
from trades.models import FxRate, Source
from trades.reports import plain
from workflows.services.remediation.refusing import RemedyRefused

LAYOUT_HABIT, SOURCE_SETTING, FX_RATE = "LAYOUT_HABIT", "SOURCE_SETTING", "FX_RATE"
# What may be changed, of which row.
CHANGEABLE: dict[str, tuple[type[Model], tuple[str, ...]]] = {
    LAYOUT_HABIT: (
        Layout,
        (
            "timezone", "decimal_separator", "date_formats", "time_formats", "side_words",
            "signed_quantity", "unit_factors", "net_reversed",
        ),
    ),
    SOURCE_SETTING: (Source, ("timezone", "calendar")),
}  # fmt: skip


def change_asked_for(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return what such a fix does, as JSON; `given` names the row and its new values.

    :raises RemedyRefused: if there is no such row or setting, or it is so already.
    """
    if kind == FX_RATE:
        return _rate_asked_for(given)
    row = _row(kind, given.get("key"))
    changes = dict(given.get("changes", {}))
    may = CHANGEABLE[kind][1]
    if not changes or set(changes) - set(may):
        raise RemedyRefused(f"Of {row} only {', '.join(may)} can be changed as a fix.")
    pairs = {name: [getattr(row, name), value] for name, value in sorted(changes.items())}
    if all(before == after for before, after in pairs.values()):
        raise RemedyRefused(f"{row} is set so already; look for the cause again.")
    words = ", ".join(f"{name} {_said(after)}" for name, (_, after) in pairs.items())
    return {"kind": kind, "key": row.pk, "changes": pairs, "name": str(row), "means": words}


def _said(value: Any) -> str:
    """Return a new value as whoever decides reads it."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {one}" for key, one in sorted(value.items())) or "none"
    return str(value)


def make_change(does: Mapping[str, Any]) -> dict[str, Any]:
    """
    Change what a fix names; return what puts it back.

    :raises RemedyRefused: if it was changed since it was asked for, or is not valid.
    """
    if does["kind"] == FX_RATE:
        return _add_rate(does)
    _set(does, frm=0, to=1)
    return {"setting": True}


def undo_change(does: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    """
    Put back what `make_change` changed.

    :raises RemedyRefused: if somebody changed it since.
    """
    if does["kind"] != FX_RATE:
        _set(does, frm=1, to=0)
        return
    gone, _ = FxRate.objects.filter(pk=kept["rate"], rate=Decimal(does["rate"])).delete()
    if not gone:
        raise RemedyRefused("The FX rate was edited since; correct it under FX rates.")


def _set(does: Mapping[str, Any], *, frm: int, to: int) -> None:
    row = _row(does["kind"], does["key"])
    for name, pair in does["changes"].items():
        if getattr(row, name) != pair[frm]:
            raise RemedyRefused(f"The {name} of {row} was changed since; look at it again.")
        setattr(row, name, pair[to])
    try:
        # Only what changes: what a row was made with is not for this fix to refuse.
        others = {one.name for one in row._meta.fields} - set(does["changes"])  # noqa: SLF001
        row.clean_fields(exclude=others)
        row.clean()
    except ValidationError as problem:
        raise RemedyRefused(f"{row} cannot be set so: {' '.join(problem.messages)}") from problem
    row.save(update_fields=list(does["changes"]))


def _row(kind: str, key: Any) -> Any:
    model = CHANGEABLE[kind][0]
    found = model._default_manager.filter(pk=key).first()  # noqa: SLF001  any model's
    if found is None:
        raise RemedyRefused("What the fix is about is gone; look for the cause again.")
    return found


def _rate_asked_for(given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        rate, day = Decimal(str(given["rate"])), date.fromisoformat(str(given["as_of_date"]))
        currency, base = str(given["currency"]), str(given["base"])
    except (KeyError, ValueError, ArithmeticError) as problem:
        raise RemedyRefused("An FX rate needs currency, base, as_of_date and rate.") from problem
    if not rate.is_finite() or rate <= 0:
        raise RemedyRefused(f"{given['rate']} is no rate: it is above zero.")
    return {
        "kind": FX_RATE,
        "currency": currency,
        "base": base,
        "as_of_date": day.isoformat(),
        "rate": plain(rate),
        "name": f"{currency}/{base} from {day}",
        "means": plain(rate),
    }


def _add_rate(does: Mapping[str, Any]) -> dict[str, Any]:
    day = date.fromisoformat(does["as_of_date"])
    made, is_new = FxRate.objects.get_or_create(
        currency=does["currency"],
        base=does["base"],
        as_of_date=day,
        defaults={"rate": Decimal(does["rate"])},
    )
    if not is_new:
        raise RemedyRefused(f"There is a rate already: {made}. Correct it under FX rates.")
    return {"setting": True, "rate": made.pk}
