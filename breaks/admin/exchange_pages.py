"""What the pages of an import show: the dry run, and what became of each row."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils.safestring import SafeString

from breaks.admin.acts import change_words
from breaks.admin.words import exposure_cell, severity_cell, status_cell, type_words
from breaks.choices import GuardedAct
from breaks.models import ActBatch, TradeBreak
from breaks.spreadsheet import EDITABLE
from trades.admin.cells import NOTHING, badge, digits, link, moment, money

SHOWN = 500
_ACT = (
    "claim, assign, route, comment, resolve, accept, reopen or escalate; may be left empty where "
    "another cell says it"
)
COLUMNS = (
    ("act", _ACT),
    ("assigned_to", "a user's name; empty gives it back to the queue"),
    ("team", "a team's code or name"),
    ("reason_code", "why it is resolved; alone it means resolve"),
    ("comment", "goes with the row's act; alone it is a comment"),
)
_LABELS = {"status": "Status", "assigned_to": "Assignee", "team": "Team", "comment": "Comment",
           "reason_code": "Reason", "act": "Act"}  # fmt: skip


def dry_run(review: Any) -> dict[str, Any]:
    """Return what the page of a dry run shows."""
    from breaks.services import approvals
    from breaks.services.importing.applying import MAX_ACTS

    changed, refused, acts = review.changed, review.refused, review.asked
    exposure = review.exposure
    too_many = f"At most {MAX_ACTS:,} acts are done in one go. Split the file."
    return {
        "figures": [
            ("Breaks that change", digits(len(changed))),
            ("Acts", digits(len(acts))),
            ("Rows unchanged", digits(review.unchanged)),
            ("Rows refused", digits(len(refused))),
            ("Exposure", money(exposure, settings.BASE_CURRENCY, unknown="One is unknown.")),
        ],
        "changed": [_changed(line) for line in changed[:SHOWN]],
        "changed_count": len(changed),
        "refused": [_refused(line) for line in refused[:SHOWN]],
        "refused_count": len(refused),
        "shown": SHOWN,
        "acts": len(acts),
        "too_much": too_many if len(acts) > MAX_ACTS else "",
        "needs_approval": bool(acts) and approvals.is_needed(GuardedAct.IMPORT, exposure),
        "editable": EDITABLE,
    }


def _changed(line: Any) -> dict[str, Any]:
    row = line.trade_break
    return {
        "line": line.number,
        "break": link("breaks_tradebreak", row.pk, row.pk),
        "what": type_words(row),
        "severity": severity_cell(row),
        "exposure": exposure_cell(row, usual=settings.BASE_CURRENCY),
        "acts": ", ".join(asked.act for asked in line.asked),
        "changes": [
            {"label": _LABELS[one.column], "before": one.before, "after": one.after,
             "is_text": one.column == "comment"}
            for one in line.changes
        ],
    }  # fmt: skip


def _refused(line: Any) -> dict[str, Any]:
    row = line.trade_break
    return {
        "line": line.number,
        "break": link("breaks_tradebreak", row.pk, row.pk) if row else line.break_id or NOTHING,
        "why": line.refusals,
        "is_stale": bool(line.since),
        "asked": [(_LABELS[one.column], one.after or "empty") for one in line.changes],
        "since": [
            {"who": event.by or "The system", "what": change_words(event), "said": event.reason,
             "when": moment(event.at)}
            for event in line.since
        ],
    }  # fmt: skip


def the_batch(batch_id: int, by: Any) -> ActBatch:
    """
    Return an imported batch, of one's own or as one who decides on others' requests.

    :raises Http404: if there is none that this person may see.
    """
    from breaks.services.undoing import UNDO_OF_OTHERS

    batch = ActBatch.objects.select_related("by", "undone_by").filter(pk=batch_id).first()
    if batch is None or (batch.by_id != by.pk and not by.has_perm(UNDO_OF_OTHERS)):
        raise Http404
    return batch


def outcome(batch_id: int, by: Any) -> dict[str, Any]:
    """Return what the page of an applied file shows."""
    from breaks.services.batches import can_undo

    batch = the_batch(batch_id, by)
    keys = sorted({row["break"] for row in batch.rows})
    seen = TradeBreak.objects.visible_to(by).filter(pk__among=keys)
    breaks = {
        row.pk: row
        for row in seen.select_related(
            "reconciliation__left_source", "reconciliation__right_source"
        )
    }
    done = sum(row["version"] is not None for row in batch.rows)
    waiting = sum("request" in row for row in batch.rows)
    return {
        "title": f"Import of {batch.file_name}" if batch.file_name else str(batch),
        "batch": batch,
        "at": moment(batch.at),
        "undone_at": moment(batch.undone_at),
        "figures": [
            ("Done", digits(done)),
            ("Waiting for approval", digits(waiting)),
            ("Refused", digits(len(batch.rows) - done - waiting)),
        ],
        "rows": [_row(row, breaks) for row in batch.rows[:SHOWN]],
        "row_count": len(batch.rows),
        "shown": SHOWN,
        "may_undo": batch.undone_at is None and any(map(can_undo, batch.rows)),
    }


def _row(row: Mapping[str, Any], breaks: Mapping[int, TradeBreak]) -> dict[str, Any]:
    found = breaks.get(row["break"])
    return {
        "break": link("breaks_tradebreak", row["break"], row["break"]) if found else row["break"],
        "what": type_words(found) if found else "",
        "now": status_cell(found) if found else NOTHING,
        "act": row["act"].replace("_", " "),
        "result": _result(row),
        "said": row.get("said") or row.get("undo_said") or "",
    }


def _result(row: Mapping[str, Any]) -> SafeString:
    if row.get("undone") is not None:
        return badge("RETIRED", "undone")
    if "request" in row:
        return badge("GRACE", "asked for")
    if row["version"] is None:
        return badge("FAILED", "refused")
    return badge("QUEUED", "as it was") if row.get("unchanged") else badge("SUCCEEDED", "done")


def undone_words(batch: ActBatch) -> str:
    """Say how much of a batch was taken back."""
    undone = sum(row.get("undone") is not None for row in batch.rows)
    left = sum("undone" in row and row["undone"] is None for row in batch.rows)
    said = f"{undone:,} acts were taken back."
    return f"{said} {left:,} could not be: the rows say why." if left else said
