from django.db.models import TextChoices


class BreakType(TextChoices):
    MISSING_LEFT = "MISSING_LEFT", "Missing on the left"
    MISSING_RIGHT = "MISSING_RIGHT", "Missing on the right"
    SIDE = "SIDE", "Side"
    QUANTITY = "QUANTITY", "Quantity"
    PRICE = "PRICE", "Price"
    NET_AMOUNT = "NET_AMOUNT", "Net amount"
    FEES = "FEES", "Fees"
    ACCRUED_INTEREST = "ACCRUED_INTEREST", "Accrued interest"
    CURRENCY = "CURRENCY", "Currency"
    INSTRUMENT = "INSTRUMENT", "Instrument"
    SETTLEMENT_DATE = "SETTLEMENT_DATE", "Settlement date"
    TRADE_DATE = "TRADE_DATE", "Trade date"
    ACCOUNT = "ACCOUNT", "Account"
    COUNTERPARTY = "COUNTERPARTY", "Counterparty"
    DUPLICATE = "DUPLICATE", "Duplicate"
    STATE = "STATE", "State"
    TIMING = "TIMING", "Late feed"


class BreakCategory(TextChoices):
    ECONOMIC = "ECONOMIC", "Economic"
    TIMING = "TIMING", "Timing"
    STATIC_DATA = "STATIC_DATA", "Static data"


CATEGORY: dict[BreakType, BreakCategory] = dict.fromkeys(BreakType, BreakCategory.ECONOMIC) | {
    BreakType.SETTLEMENT_DATE: BreakCategory.TIMING,
    BreakType.TRADE_DATE: BreakCategory.TIMING,
    BreakType.TIMING: BreakCategory.TIMING,
    BreakType.ACCOUNT: BreakCategory.STATIC_DATA,
    BreakType.COUNTERPARTY: BreakCategory.STATIC_DATA,
}


class Severity(TextChoices):
    CRITICAL = "CRITICAL", "Critical"
    HIGH = "HIGH", "High"
    MEDIUM = "MEDIUM", "Medium"
    LOW = "LOW", "Low"


class BreakStatus(TextChoices):
    OPEN = "OPEN", "Open"
    IN_PROGRESS = "IN_PROGRESS", "In progress"
    AWAITING_COUNTERPARTY = "AWAITING_COUNTERPARTY", "Awaiting counterparty"
    ESCALATED = "ESCALATED", "Escalated"
    RESOLVED = "RESOLVED", "Resolved"
    ACCEPTED = "ACCEPTED", "Accepted"


LIVE = (
    BreakStatus.OPEN,
    BreakStatus.IN_PROGRESS,
    BreakStatus.AWAITING_COUNTERPARTY,
    BreakStatus.ESCALATED,
)


class ReasonCode(TextChoices):
    """Why a break is no longer worked."""

    AUTO_CLEARED = "AUTO_CLEARED", "The difference is gone"
    SOURCE_CORRECTED = "SOURCE_CORRECTED", "A source corrected its report"
    COUNTERPARTY_CORRECTED = "COUNTERPARTY_CORRECTED", "The counterparty corrected its report"
    STATIC_DATA_FIXED = "STATIC_DATA_FIXED", "Reference data was fixed"
    BOOKED = "BOOKED", "A missing trade was booked"
    CANCELLED = "CANCELLED", "A wrong trade was cancelled"
    MATCHED_MANUALLY = "MATCHED_MANUALLY", "The trades were paired by a person"
    WITHIN_AGREEMENT = "WITHIN_AGREEMENT", "Within what was agreed"
    WRITE_OFF = "WRITE_OFF", "Written off"
    WITHIN_POLICY = "WITHIN_POLICY", "Within the caps of a policy"
    NOT_A_BREAK = "NOT_A_BREAK", "Not a break"


# Why a break ends without a person.
BY_ITSELF = (ReasonCode.AUTO_CLEARED, ReasonCode.WITHIN_POLICY)
# Without those that the system gives, or another act than resolving.
FOR_RESOLVING = tuple(code for code in ReasonCode if code not in (*BY_ITSELF, ReasonCode.WRITE_OFF))


class EventKind(TextChoices):
    OPENED = "OPENED", "Opened"
    REOPENED = "REOPENED", "Re-opened"
    VALUES_CHANGED = "VALUES_CHANGED", "Values changed"
    STATUS_CHANGED = "STATUS_CHANGED", "Status changed"
    ASSIGNED = "ASSIGNED", "Assigned"
    ROUTED = "ROUTED", "Routed"
    COMMENTED = "COMMENTED", "Commented"
    ATTACHED = "ATTACHED", "File attached"
    REQUESTED = "REQUESTED", "Approval asked for"
    TURNED_DOWN = "TURNED_DOWN", "Request turned down"
    WITHDRAWN = "WITHDRAWN", "Request withdrawn"
    UNDONE = "UNDONE", "Undone"
    REMEDIATED = "REMEDIATED", "Remediation applied"
    REVERSED = "REVERSED", "Remediation reversed"
    AUTO_CLEARED = "AUTO_CLEARED", "Cleared by itself"
    DUE_MOVED = "DUE_MOVED", "Due time recalculated"
    ESCALATED = "ESCALATED", "Escalated"


class DayKind(TextChoices):
    CLOSED = "CLOSED", "Closed"
    EARLY = "EARLY", "Closes early"
    OPEN = "OPEN", "Open all the same"


class WorkStatus(TextChoices):
    QUEUED = "QUEUED", "Queued"
    RUNNING = "RUNNING", "Running"
    DONE = "DONE", "Done"


class PendingReason(TextChoices):
    """Why a trade without an agreed counterpart is not a break yet."""

    NOT_DUE = "NOT_DUE", "The other side's report is not due yet"
    GRACE = "GRACE", "Within the grace period of the other side's feed"
    LATE_FEED = "LATE_FEED", "The other side's feed is late"
    REVIEW = "REVIEW", "A proposed match waits for review"


class GuardedAct(TextChoices):
    """What may wait for a second person."""

    ACCEPT = "ACCEPT", "Accept a break"
    PAIR = "PAIR", "Pair trades by hand"
    UNMATCH = "UNMATCH", "Take a match apart"
    IMPORT = "IMPORT", "Import a file of acts"
    ACTIVATE_RULES = "ACTIVATE_RULES", "Activate a rule set"
    REMEDIATE = "REMEDIATE", "Apply a remediation"
    ACTIVATE_MODEL = "ACTIVATE_MODEL", "Activate a prediction model"


class ApprovalStatus(TextChoices):
    PENDING = "PENDING", "Waiting"
    APPROVED = "APPROVED", "Approved"
    REJECTED = "REJECTED", "Turned down"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"
    STALE = "STALE", "Overtaken"
