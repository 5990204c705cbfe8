"""What is signed for: the sheet of a reconciliation and business date, and what changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from breaks.admin.words import type_words
from breaks.choices import LIVE, Severity
from breaks.models import TradeBreak
from breaks.selectors import positions
from connectors.choices import DeliveryStatus, RejectStatus
from connectors.expectations import ReportState, dates_of, expectation
from connectors.models import Delivery, RejectedRow
from matching.choices import RunStatus
from matching.models import Reconciliation, ReconciliationRun
from matching.scope import of_asset_class
from reporting.choices import SignOffStatus
from reporting.models import SignOff
from trades.fields import ExactSum
from trades.models import Source, Trade

# So many breaks and files a sheet names one by one; the rest is counted.
MOST_NAMED, MOST_FILES = 1_000, 50
STATE_WORDS = {
    ReportState.DELIVERED: "arrived",
    ReportState.NOT_DUE: "not due yet",
    ReportState.GRACE: "due, within its grace period",
    ReportState.LATE: "nothing arrived",
    ReportState.UNREADABLE: "could not be read",
}

Sheet = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One figure that is not what was signed."""

    label: str
    then: str
    now: str


def sheet_of(*, reconciliation: Reconciliation, business_date: date, at: datetime) -> Sheet:
    """
    Return what stands of a business date, as plain values that are kept as they are.

    Every trade in scope is in one of matched, broken and pending; those that are not are named
    under `nowhere` and `several`, and then the sheet does not add up.
    """
    first, last = dates_of(reconciliation.calendar, business_date)
    found = positions(reconciliation=reconciliation, from_date=first, to_date=last)
    unresolved = _unresolved(reconciliation, first, last)
    rows = [_break_row(row) for row in unresolved[:MOST_NAMED]]
    counts = _by_severity(unresolved)
    return {
        "reconciliation": reconciliation.code,
        "business_date": business_date.isoformat(),
        "from_date": first.isoformat(),
        "to_date": last.isoformat(),
        "at": at.isoformat(),
        "sources": [
            _source(reconciliation, source, business_date, (first, last), at)
            for source in (reconciliation.left_source, reconciliation.right_source)
        ],
        "trades": found.matched + found.broken + found.pending,
        "matched": found.matched,
        "broken": found.broken,
        "pending": found.pending,
        "nowhere": list(found.nowhere[:MOST_NAMED]),
        "several": list(found.several[:MOST_NAMED]),
        "breaks": sum(counts.values()),
        "by_severity": counts,
        "unresolved": rows,
        "exposure": _exposures(unresolved),
        "unknown_exposures": unresolved.filter(exposure=None).count(),
        "run": _last_run(reconciliation, first, last),
    }


def seen_by(user: Any, sheet: Sheet) -> Sheet:
    """
    Return a sheet with the unresolved breaks that a person may see, and `hidden` of the others.

    Its totals are of the whole reconciliation, for everybody.
    """
    keys = [row["id"] for row in sheet["unresolved"]]
    seen = set(
        TradeBreak.objects.visible_to(user).filter(pk__among=keys).values_list("pk", flat=True)
    )
    rows = [row for row in sheet["unresolved"] if row["id"] in seen]
    return sheet | {"unresolved": rows, "hidden": sheet["breaks"] - len(rows)}


def to_sign_by(user: Any) -> QuerySet[SignOff]:
    """Return what waits for this person's signature: none that they prepared."""
    if not user.has_perm("reporting.sign_signoff"):
        return SignOff.objects.none()
    return SignOff.objects.filter(status=SignOffStatus.PREPARED).exclude(prepared_by=user.pk)


def exceptions(sheet: Sheet) -> list[str]:
    """Say what of a sheet is not clean, each in a sentence; whoever prepares it says why."""
    said = [f"{one['name']}: {one['why']}." for one in sheet["sources"] if not one["complete"]]
    if sheet["broken"] or sheet["breaks"]:
        said.append(
            f"Unresolved: {_count(sheet['breaks'], 'break')} on {_count(sheet['broken'], 'trade')}."
        )
    if sheet["pending"]:
        said.append(f"Pending: {_count(sheet['pending'], 'trade')}.")
    if not sheet["trades"]:
        said.append("There is no trade of the date.")
    return said


def faults(sheet: Sheet) -> list[str]:
    """Say why a sheet cannot be signed at all; empty if it can."""
    said = []
    if sheet["nowhere"]:
        said.append(
            f"{_count(len(sheet['nowhere']), 'trade')} in none of matched, broken and pending: run "
            "the reconciliation over the date, then prepare it again."
        )
    if sheet["several"]:
        said.append(
            f"{_count(len(sheet['several']), 'trade')} in more than one place: run the "
            "reconciliation over the date, then prepare it again."
        )
    if sheet["run"] is None:
        said.append("No run has gone over all of the date: run the reconciliation first.")
    return said


def changes(then: Sheet, now: Sheet) -> list[Change]:
    """Return what stands otherwise now than it was kept; empty if nothing does."""
    if not then:
        return [Change("The sheet", "none", "made")]
    found = [
        Change(label, f"{then[name]:,}", f"{now[name]:,}")
        for name, label in (
            ("trades", "Trades in scope"), ("matched", "Matched"), ("broken", "Broken"),
            ("pending", "Pending"), ("breaks", "Unresolved breaks"),
        )
        if then[name] != now[name]
    ]  # fmt: skip
    if then["exposure"] != now["exposure"]:
        found.append(Change("Exposure", _money(then["exposure"]), _money(now["exposure"])))
    was = {row["id"] for row in then["unresolved"]}
    has = {row["id"] for row in now["unresolved"]}
    for label, keys in (("Breaks arisen since", has - was), ("Breaks ended since", was - has)):
        if keys:
            found.append(Change(label, "", _named(sorted(keys))))
    return [*found, *_file_changes(then["sources"], now["sources"])]


def _file_changes(then: Sequence[Sheet], now: Sequence[Sheet]) -> list[Change]:
    found = []
    for before, after in zip(then, now, strict=True):
        if before["state"] != after["state"]:
            label = f"Reports of {after['name']}"
            found.append(Change(label, before["words"], after["words"]))
        was = {one["id"] for one in before["files"]}
        fresh = [one["name"] for one in after["files"] if one["id"] not in was]
        if fresh:
            found.append(Change(f"Files of {after['name']} since", "", _named(fresh)))
    return found


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _named(names: Sequence[Any]) -> str:
    shown = ", ".join(str(name) for name in names[:10])
    return f"{shown} and {len(names) - 10:,} more" if len(names) > 10 else shown


def _money(amounts: Mapping[str, str]) -> str:
    return ", ".join(f"{amount} {currency}" for currency, amount in amounts.items()) or "none"


def _source(
    reconciliation: Reconciliation,
    source: Source,
    business_date: date,
    dates: tuple[date, date],
    at: datetime,
) -> Sheet:
    """Say whether a source's reports of the date have come and all of them could be read."""
    first, last = dates
    expected = expectation(source=source, trade_date=business_date, at=at)
    over = Delivery.objects.filter(source=source, from_date__lte=last, to_date__gte=first)
    files = over.exclude(Q(digest="") & ~Q(status=DeliveryStatus.FAILED)).order_by("received_at")
    held = RejectedRow.objects.filter(delivery__in=over.values("pk"), status=RejectStatus.OPEN)
    quarantined = held.count()
    words = STATE_WORDS[expected.state]
    why = "" if expected.state == ReportState.DELIVERED else words
    if quarantined:
        why = ", ".join(filter(None, [why, f"{_count(quarantined, 'row')} in quarantine"]))
    scope = Trade.objects.filter(of_asset_class(reconciliation), trade_date__range=dates)
    return {
        "code": source.code,
        "name": source.name,
        "state": str(expected.state),
        "words": words,
        "due_at": expected.since.isoformat() if expected.since else None,
        "complete": not why,
        "why": why,
        "in_quarantine": quarantined,
        "trades": scope.filter(source=source).count(),
        "file_count": files.count(),
        "files": [_file(one) for one in files[:MOST_FILES]],
    }


def _file(delivery: Delivery) -> Sheet:
    counts = ("rows_in", "loaded", "amended", "duplicates", "rejected")
    return {
        "id": delivery.pk,
        "name": delivery.name,
        "status": delivery.status,
        "received_at": delivery.received_at.isoformat(),
        **{name: getattr(delivery, name) for name in counts},
    }


def _unresolved(reconciliation: Reconciliation, first: date, last: date) -> QuerySet[TradeBreak]:
    """Return the live breaks of the dates, the dearest to leave first."""
    return (
        TradeBreak.objects.filter(
            reconciliation=reconciliation, trade_date__range=(first, last), status__in=LIVE
        )
        .select_related(
            "assigned_to", "team", "reconciliation__left_source", "reconciliation__right_source"
        )
        .order_by("-rank", "-pk")
    )


def _break_row(row: TradeBreak) -> Sheet:
    return {
        "id": row.pk,
        "type": type_words(row),
        "severity": row.severity,
        "status": row.get_status_display(),
        "trade_date": row.trade_date.isoformat(),
        "exposure": None if row.exposure is None else str(row.exposure),
        "currency": row.currency,
        "opened_at": row.opened_at.isoformat(),
        "due_at": row.due_at.isoformat(),
        "assigned_to": row.assigned_to.get_username() if row.assigned_to else "",
        "team": row.team.name if row.team else "",
    }


def _by_severity(unresolved: QuerySet[TradeBreak]) -> dict[str, int]:
    found = dict(unresolved.order_by().values_list("severity").annotate(Count("pk")))
    return {severity.value: found.get(severity.value, 0) for severity in Severity}


def _exposures(unresolved: QuerySet[TradeBreak]) -> dict[str, str]:
    """Add up the known exposures by currency, exactly on either database."""
    known = unresolved.exclude(exposure=None).order_by()
    rows = known.values_list("currency").annotate(total=ExactSum("exposure"))
    return {currency: f"{total:,.2f}" for currency, total in sorted(rows)}


def _last_run(reconciliation: Reconciliation, first: date, last: date) -> Sheet | None:
    """Return the newest run that has gone over every one of the dates."""
    over = ReconciliationRun.objects.filter(
        reconciliation=reconciliation,
        status=RunStatus.SUCCEEDED,
        from_date__lte=first,
        to_date__gte=last,
    )
    run = over.select_related("rule_set").order_by("-finished_at", "-pk").first()
    if run is None:
        return None
    ended = run.finished_at.isoformat() if run.finished_at else None
    return {"id": run.pk, "finished_at": ended, "rules": str(run.rule_set)}
