"""The page of a sign-off: the figures as they were kept, or as they stand, and by whom."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from breaks.choices import Severity
from reporting.choices import SignOffAct, SignOffStatus
from reporting.models import SignOff
from reporting.selectors.sign_off import (
    Change,
    Sheet,
    changes,
    exceptions,
    faults,
    seen_by,
    sheet_of,
)
from trades.admin.cells import NOTHING, badge, day, link, moment, money, number, short
from trades.admin.page import Page, Panel
from trades.admin.progress import sum_of

ACT_TONES = {
    SignOffAct.PREPARED: "PENDING", SignOffAct.SIGNED: "APPROVED",
    SignOffAct.SENT_BACK: "WITHDRAWN", SignOffAct.REOPENED: "ESCALATED",
}  # fmt: skip


def sign_off_page(row: SignOff, *, by: Any, at: datetime) -> Page:
    sheet, moved = _shown(row, by, at)
    return Page(
        headline=format_html(
            "<b>{}</b> {}", f"{row.business_date:%A, %Y-%m-%d}", _status(row)
        ),
        soft=row.reconciliation.name,
        figures=[
            ("Trades in scope", number(sheet["trades"])),
            ("Matched", number(sheet["matched"])),
            ("Broken", number(sheet["broken"])),
            ("Pending", number(sheet["pending"])),
            ("Unresolved breaks", number(sheet["breaks"])),
            ("Exposure", exposure_words(sheet)),
            ("Trade dates", dates_words(sheet)),
            ("Prepared by", row.prepared_by or NOTHING),
            ("Signed by", row.signed_by or NOTHING),
        ],
        alert=_alert(row, moved),
        main=[_moved(row, moved), _standing(sheet), *_files(sheet), _unresolved(sheet)]
        if moved
        else [_standing(sheet), *_files(sheet), _unresolved(sheet)],
        side=[*_to_say(row, sheet), _signatures(row), _how(row, sheet)],
    )  # fmt: skip


def print_context(row: SignOff, *, by: Any, at: datetime) -> dict[str, Any]:
    """Return what the printed sheet shows: no more and no less than the page."""
    sheet, moved = _shown(row, by, at)
    return {
        "row": row,
        "sheet": sheet,
        "moved": moved,
        "dates": dates_words(sheet),
        "exposure": exposure_words(sheet),
        "severities": [(one.label, sheet["by_severity"][one]) for one in Severity],
        "unclean": exceptions(sheet),
        "events": row.events.select_related("by"),
        "kept": row.status != SignOffStatus.OPEN,
        "at": at,
    }


def _shown(row: SignOff, by: Any, at: datetime) -> tuple[Sheet, list[Change]]:
    """Return the sheet to show, and what of a kept one stands otherwise by now."""
    from reporting.services.signing import kept_sheet

    given: dict[str, Any] = {
        "reconciliation": row.reconciliation,
        "business_date": row.business_date,
        "at": at,
    }
    now = seen_by(by, sheet_of(**given))
    kept = kept_sheet(row)
    if kept is None:
        return now, []
    then = seen_by(by, kept)
    return then, changes(then, now)


def dates_words(sheet: Sheet) -> str:
    first, last = sheet["from_date"], sheet["to_date"]
    return str(first if first == last else f"{first} to {last}")


def exposure_words(sheet: Sheet) -> str:
    known = ", ".join(f"{amount} {currency}" for currency, amount in sheet["exposure"].items())
    unknown = sheet["unknown_exposures"]
    return f"{known or 'none'}{f', {unknown:,} unknown' if unknown else ''}"


def _status(row: SignOff) -> SafeString:
    tone = {"OPEN": "QUEUED", "PREPARED": "PENDING", "SIGNED": "APPROVED"}[row.status]
    return badge(tone, row.get_status_display())


def _alert(row: SignOff, moved: list[Change]) -> str:
    if not moved:
        return ""
    if row.status == SignOffStatus.SIGNED:
        return (
            "Changed since signing. The figures below are those that were signed; to sign for what "
            "stands now, a supervisor re-opens the date with a reason."
        )
    return "Changed since it was prepared: it cannot be signed so. Send it back."


def _moved(row: SignOff, moved: list[Change]) -> Panel:
    word = "signing" if row.status == SignOffStatus.SIGNED else "preparing"
    return Panel(
        title=f"Changed since {word}",
        count=len(moved),
        head=("Figure", f"At {word}", "Now"),
        rows=[(one.label, one.then or NOTHING, one.now or NOTHING) for one in moved],
        numeric=frozenset({1, 2}),
    )


def _standing(sheet: Sheet) -> Panel:
    """Draw where the trades stand: the parts make up the whole, or it says which do not."""
    parts = (
        ("good", "Matched", sheet["matched"]),
        ("bad", "Broken", sheet["broken"]),
        ("busy", "Pending", sheet["pending"]),
    )
    wrong = format_html_join(
        "", '<p class="dk-refusal" role="alert">{}</p>', ((said,) for said in faults(sheet))
    )
    return Panel(
        title="Where the trades stand",
        note="each is in exactly one of these",
        body=sum_of("Trades in scope", sheet["trades"], parts) + wrong,
    )


def _files(sheet: Sheet) -> list[Panel]:
    return [_source(one) for one in sheet["sources"]]


def _source(source: Sheet) -> Panel:
    word = badge("LOADED", "Complete") if source["complete"] else badge("HIGH", source["why"])
    more = source["file_count"] - len(source["files"])
    return Panel(
        title=f"Files of {source['name']}",
        count=source["file_count"],
        note=format_html("{} {} trades{}", word, f"{source['trades']:,}",
                         f", {more:,} files more" if more else ""),
        head=("File", "Arrived", "Status", "Rows", "Loaded", "Amended", "Duplicates", "Rejected"),
        rows=[
            (
                link("connectors_delivery", one["id"], short(one["name"])),
                moment(parse_datetime(one["received_at"])),
                badge(one["status"], one["status"].capitalize()),
                *(number(one[name])
                  for name in ("rows_in", "loaded", "amended", "duplicates", "rejected")),
            )
            for one in source["files"]
        ],
        numeric=frozenset(range(3, 8)),
        none="No file of the date came.",
    )  # fmt: skip


def _unresolved(sheet: Sheet) -> Panel:
    rows = sheet["unresolved"]
    hidden = sheet["hidden"]
    return Panel(
        title="Unresolved",
        count=len(rows),
        note=f"{hidden:,} more are of other teams, or beyond what is listed" if hidden else "",
        head=("Break", "Type", "Severity", "Status", "Exposure", "Due", "Assignee", "Team"),
        rows=[
            (
                link("breaks_tradebreak", one["id"], one["id"]),
                one["type"],
                badge(one["severity"], Severity(one["severity"]).label),
                one["status"],
                money(
                    None if one["exposure"] is None else Decimal(one["exposure"]),
                    one["currency"], unknown="It is unknown.",
                ),
                moment(parse_datetime(one["due_at"])),
                short(one["assigned_to"], width="narrow"),
                short(one["team"], width="narrow"),
            )
            for one in rows
        ],
        numeric=frozenset({4}),
        none="Nothing is unresolved.",
    )  # fmt: skip


def _to_say(row: SignOff, sheet: Sheet) -> list[Panel]:
    """Show what is not clean, and what the preparer says of it."""
    unclean = exceptions(sheet)
    listed = format_html_join("", '<p class="dk-say">{}</p>', ((said,) for said in unclean))
    if row.note:
        listed += format_html('<p class="dk-say"><b>{}</b></p>', row.note)
    note = "say why it is signed so" if row.status == SignOffStatus.OPEN else ""
    title = "Not clean" if unclean else "Clean"
    none = "Every file arrived, and every trade is matched."
    return [Panel(title=title, body=listed, note=note if unclean else "", none=none)]


def _signatures(row: SignOff) -> Panel:
    from reporting.services.signing import first_break_of_chain

    events = list(row.events.select_related("by").defer("sheet"))
    broken_at = first_break_of_chain(row)
    says = "their digests hold" if broken_at is None else f"altered at act {broken_at}"
    return Panel(
        title="Who did what",
        note=says if events else "",
        rows=[
            (
                badge(ACT_TONES[SignOffAct(one.act)], one.get_act_display()),
                one.by.get_username(),
                moment(one.at),
                one.note or "",
            )
            for one in events
        ],
        none="Nobody has prepared it yet.",
    )


def _how(row: SignOff, sheet: Sheet) -> Panel:
    run = sheet["run"]
    queue = reverse("admin:breaks_tradebreak_changelist")
    dates = f"trade_date_from={sheet['from_date']}&trade_date_to={sheet['to_date']}"
    return Panel(
        title="What it stands on",
        facts=[
            ("Reconciliation", link("matching_reconciliation", row.reconciliation_id,
                                    row.reconciliation)),
            ("Last run over the date",
             link("matching_reconciliationrun", run["id"], run["id"]) if run else "none"),
            ("Its rules", run["rules"] if run else NOTHING),
            ("Business date", day(row.business_date)),
            ("Figures of", moment(parse_datetime(sheet["at"]))),
            ("Breaks", format_html(
                '<a class="dk-link" href="{}?reconciliation={}&amp;{}">as they stand now</a>',
                queue, row.reconciliation_id, SafeString(dates.replace("&", "&amp;")),
            )),
            ("To print", format_html(
                '<a class="dk-link" href="{}">the sheet</a>',
                reverse("admin:reporting_signoff_print", args=[row.pk]),
            )),
        ],
    )  # fmt: skip
