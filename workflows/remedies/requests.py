"""What is asked of others: a missing report, a duplicate's cancellation, a late feed's patience."""

from datetime import datetime, timedelta

from workflows.choices import RemedyAction, Risk
from workflows.remedies.cases import Case, Draft, Known, Reported


def resend(case: Case, _known: Known) -> Draft | None:
    """Ask the source that is silent about a trade to report it."""
    silent, trade = {
        "MISSING_LEFT": (case.left_source, case.right),
        "MISSING_RIGHT": (case.right_source, case.left),
    }.get(case.break_type, ("", None))
    if trade is None:
        return None
    return Draft(
        action=RemedyAction.ASK_RESEND,
        risk=Risk.LOW,
        reason=f"{trade.source} reports {trade.trade_id}, and {silent} has delivered for "
        f"{case.trade_date} without it.",
        effect=f"Asks {silent} for the report and waits for it; would clear 1 break once it "
        f"comes{_worth(case)}.",
        does={"to": silent, "text": f"We know of a trade that your reports lack: "
              f"{in_words(trade)}. Please send the report again, or tell us that you do not "
              "know the trade."},
        worth=case.exposure,
    )  # fmt: skip


def cancel(case: Case, _known: Known) -> Draft | None:
    """Ask the source that reported one execution twice to cancel one of the two."""
    trade = case.left or case.right
    if case.break_type != "DUPLICATE" or trade is None:
        return None
    said = case.left_value or case.right_value
    return Draft(
        action=RemedyAction.CANCEL_DUPLICATE,
        risk=Risk.MEDIUM,
        reason=f"{trade.source} reports one execution twice: {trade.trade_id} repeats {said}.",
        effect=f"Asks {trade.source} to cancel {trade.trade_id}; the trade itself stays as it is "
        f"until they do; would clear 1 break{_worth(case)}.",
        does={"to": trade.source, "trade": trade.trade_id, "text": "Two of your reports are one "
              f"execution ({said}). Please cancel {in_words(trade)}, or tell us that both are "
              "right."},
        worth=case.exposure,
    )  # fmt: skip


def wait(case: Case, _known: Known) -> Draft | None:
    """Wait for a feed that is late, and look again."""
    if case.break_type != "TIMING" or case.late_until is None:
        return None
    late = case.left_source if case.left_value else case.right_source
    return Draft(
        action=RemedyAction.WAIT_FOR_FEED,
        risk=Risk.LOW,
        reason=f"{late} has not delivered for {case.trade_date}: its trades are not missing but "
        "late.",
        effect=f"Waits for {late} and reconciles {case.trade_date} again in an hour or two; would "
        "clear 1 break once it has come.",
        does={"to": late, "for": case.trade_date.isoformat()},
        worth=case.exposure,
    )


def in_words(trade: Reported) -> str:
    """Name a trade for somebody who has only their own books to look it up in."""
    price = "" if trade.price is None else f" at {trade.price.normalize():f} {trade.currency}"
    return (
        f"{trade.trade_id} of {trade.trade_date}, {trade.side.lower()} "
        f"{trade.quantity.normalize():f} {trade.instrument}{price}".rstrip()
    )


def next_look(at: datetime) -> datetime:
    """Return when a late feed is looked for again: at the next full hour, an hour from now."""
    return (at + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)


def _worth(case: Case) -> str:
    return "" if case.exposure is None else f", worth {case.exposure:,.2f} {case.currency}"
