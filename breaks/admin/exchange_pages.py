"""What the pages of an import show: how to edit a file, and what it would change."""

from typing import Any

from django.conf import settings

from breaks.admin.acts import change_words
from breaks.admin.words import exposure_cell, severity_cell, type_words
from breaks.choices import GuardedAct
from breaks.spreadsheet import EDITABLE
from trades.admin.cells import NOTHING, digits, link, moment, money

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
    needs_approval = bool(acts) and approvals.is_needed(GuardedAct.IMPORT, exposure)
    too_many = f"At most {MAX_ACTS:,} acts are done in one go. Split the file."
    return {
        "figures": [
            ("Breaks that change", digits(len(changed))),
            ("Acts", digits(len(acts))),
            ("Rows unchanged", digits(review.unchanged)),
            ("Rows refused", digits(len(refused))),
            ("Exposure", money(exposure, settings.BASE_CURRENCY, unknown="One is unknown.")),
        ],
        # Whoever approves the file has seen its write-offs: they ask nobody again.
        "changed": [_changed(line, asks=not needs_approval) for line in changed[:SHOWN]],
        "changed_count": len(changed),
        "refused": [_refused(line) for line in refused[:SHOWN]],
        "refused_count": len(refused),
        "shown": SHOWN,
        "acts": len(acts),
        "too_much": too_many if len(acts) > MAX_ACTS else "",
        "needs_approval": needs_approval,
        "editable": EDITABLE,
    }


def _changed(line: Any, *, asks: bool) -> dict[str, Any]:
    row = line.trade_break
    return {
        "line": line.number,
        "break": link("breaks_tradebreak", row.pk, row.pk),
        "what": type_words(row),
        "severity": severity_cell(row),
        "exposure": exposure_cell(row, usual=settings.BASE_CURRENCY),
        "acts": ", ".join(asked.act for asked in line.asked),
        "waits": asks and line.waits,
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
