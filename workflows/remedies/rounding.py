"""A difference as small as rounding makes it; how small that is, the policy says."""

from decimal import Decimal, InvalidOperation, localcontext

from trades.reports import plain
from workflows.choices import CAN_TOUCH, RemedyAction, Risk
from workflows.remedies.cases import Case, Draft, Known

DIGITS = 60


def draft(case: Case, _known: Known) -> Draft | None:
    """Suggest to accept a numeric difference; a policy's caps decide whether it is rounding."""
    if case.break_type not in CAN_TOUCH[RemedyAction.ACCEPT_ROUNDING] or case.difference is None:
        return None
    share = percent_of(case)
    if share is None:
        return None
    worth = "unknown" if case.exposure is None else f"{case.exposure:,.2f} {case.currency}"
    return Draft(
        action=RemedyAction.ACCEPT_ROUNDING,
        risk=Risk.LOW,
        reason=f"{case.left_value} against {case.right_value} differ by "
        f"{plain(abs(case.difference))}, {_short(share)}%: as little as rounding makes it.",
        effect=f"Accepts the difference for these very values; would end 1 break, worth {worth}.",
        does={
            "left_value": case.left_value,
            "right_value": case.right_value,
            "difference": plain(case.difference),
            "exposure": None if case.exposure is None else plain(case.exposure),
            "currency": case.currency,
        },
        worth=case.exposure,
    )


def percent_of(case: Case) -> Decimal | None:
    """Return the difference in percent of the larger value; None where one is not a number."""
    if case.difference is None:
        return None
    try:
        sides = [abs(Decimal(value)) for value in (case.left_value, case.right_value)]
    except InvalidOperation:
        return None
    largest = max(sides)
    if not largest.is_finite() or largest == 0:
        return None
    with localcontext(prec=DIGITS):
        return abs(case.difference) / largest * 100


def _short(share: Decimal) -> str:
    return f"{share:.6f}".rstrip("0").rstrip(".") or "0"
