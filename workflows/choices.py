from django.db.models import TextChoices

from breaks.choices import BreakType as T


class RemedyAction(TextChoices):
    """What may put a break right; in this order where several would."""

    NORMALISE_ALIAS = "NORMALISE_ALIAS", "Add an alias"
    ACCEPT_ROUNDING = "ACCEPT_ROUNDING", "Accept a rounding difference"
    WAIT_FOR_FEED = "WAIT_FOR_FEED", "Wait for the late feed"
    CANCEL_DUPLICATE = "CANCEL_DUPLICATE", "Ask for a duplicate to be cancelled"
    CORRECT_FIELD = "CORRECT_FIELD", "Ask for a correction"
    ASK_RESEND = "ASK_RESEND", "Ask for a missing report"
    CHANGE_SETTING = "CHANGE_SETTING", "Change how a source is read"


class Risk(TextChoices):
    """How much goes wrong if the suggestion is wrong."""

    LOW = "LOW", "Low"
    MEDIUM = "MEDIUM", "Medium"
    HIGH = "HIGH", "High"


class SuggestionStatus(TextChoices):
    PROPOSED = "PROPOSED", "Proposed"
    ASKED = "ASKED", "Waits for approval"
    APPLIED = "APPLIED", "Applied"
    REVERSED = "REVERSED", "Reversed"
    SUPERSEDED = "SUPERSEDED", "Overtaken"
    REFUSED = "REFUSED", "Turned down"


LIVE_SUGGESTIONS = (SuggestionStatus.PROPOSED, SuggestionStatus.ASKED)

# The only types an action can do anything about; a policy lists some of them. A setting is changed
# for a cause that many breaks have in common, which is always asked for.
CAN_TOUCH: dict[RemedyAction, tuple[T, ...]] = {
    RemedyAction.NORMALISE_ALIAS: (T.COUNTERPARTY, T.ACCOUNT),
    RemedyAction.ACCEPT_ROUNDING: (T.PRICE, T.NET_AMOUNT, T.FEES, T.ACCRUED_INTEREST),
    RemedyAction.WAIT_FOR_FEED: (T.TIMING,),
    RemedyAction.CANCEL_DUPLICATE: (T.DUPLICATE,),
    RemedyAction.CORRECT_FIELD: (T.PRICE, T.NET_AMOUNT, T.CURRENCY, T.SETTLEMENT_DATE),
    RemedyAction.ASK_RESEND: (T.MISSING_LEFT, T.MISSING_RIGHT),
    RemedyAction.CHANGE_SETTING: (),
}
# What costs the money it is about.
COSTS_MONEY = (RemedyAction.ACCEPT_ROUNDING,)


class StepStatus(TextChoices):
    """How a step of a pipeline stands; all but the first two and FAILED are ends it may have."""

    QUEUED = "QUEUED", "To come"
    RUNNING = "RUNNING", "Running"
    SUCCEEDED = "SUCCEEDED", "Done"
    LATE = "LATE", "Late"
    NOT_DUE = "NOT_DUE", "Not due yet"
    SKIPPED = "SKIPPED", "Nothing due"
    FAILED = "FAILED", "Failed"
    CANCELLED = "CANCELLED", "Cancelled"


UNFINISHED_STEPS = (StepStatus.QUEUED, StepStatus.RUNNING)
# What a source still owes: another look is worth it once that has changed.
OWING_STEPS = (StepStatus.LATE, StepStatus.NOT_DUE)


class NoticeKind(TextChoices):
    """What a notification tells of."""

    ESCALATION = "ESCALATION", "Escalation"
    ASSIGNMENT = "ASSIGNMENT", "Assignment"
    APPROVAL_ASKED = "APPROVAL_ASKED", "Approval asked for"
    APPROVAL_DECIDED = "APPROVAL_DECIDED", "Approval decided"
    LATE_FILE = "LATE_FILE", "Late file"
    RUN_FAILED = "RUN_FAILED", "Failed run"
    DAILY_REPORT = "DAILY_REPORT", "Daily report"
    MODEL_WATCH = "MODEL_WATCH", "Doubtful prediction"
    DIGEST = "DIGEST", "Digest"


# What a person chooses how to hear of, and a channel whether. Who gets a report is said where
# reports are subscribed to.
SUBJECTS = tuple(
    kind for kind in NoticeKind if kind not in (NoticeKind.DAILY_REPORT, NoticeKind.DIGEST)
)


class NoticeStatus(TextChoices):
    """Where a notification is on its way out of the desk."""

    INBOX = "INBOX", "Inbox only"
    FOLDED = "FOLDED", "In a digest"
    COLLECTING = "COLLECTING", "Collecting"
    QUEUED = "QUEUED", "Queued"
    SENDING = "SENDING", "Sending"
    SENT = "SENT", "Sent"
    DEAD = "DEAD", "Not delivered"


class ChannelKind(TextChoices):
    EMAIL = "EMAIL", "E-mail"
    SLACK = "SLACK", "Slack-compatible webhook"
    WEBHOOK = "WEBHOOK", "Signed webhook"


class HowTold(TextChoices):
    """How a person hears of one kind of notice, beside the inbox."""

    AT_ONCE = "AT_ONCE", "E-mail at once"
    DIGEST = "DIGEST", "One e-mail an hour"
    INBOX = "INBOX", "Inbox only"


class Mechanism(TextChoices):
    """What makes breaks by the dozen; the order is from the most particular to the least."""

    DUPLICATE_FILE = "DUPLICATE_FILE", "A file came twice"
    MISSING_WINDOW = "MISSING_WINDOW", "A window of a source is missing"
    PENCE_POUNDS = "PENCE_POUNDS", "Pence for pounds"
    STALE_FX = "STALE_FX", "A stale FX rate"
    FX_CONVERSION = "FX_CONVERSION", "Converted on one side only"
    PRICE_FACTOR = "PRICE_FACTOR", "Price off by a factor"
    QUANTITY_FACTOR = "QUANTITY_FACTOR", "Quantity off by a factor"
    SIDE_FLIPPED = "SIDE_FLIPPED", "Buy and sell flipped"
    TIMEZONE_SHIFT = "TIMEZONE_SHIFT", "A clock in another time zone"
    SETTLEMENT_CYCLE = "SETTLEMENT_CYCLE", "Another settlement cycle"
    DATE_SHIFT = "DATE_SHIFT", "Trade date off by days"
    ACCOUNT_RENAMED = "ACCOUNT_RENAMED", "An account under another code"
    COUNTERPARTY_RENAMED = "COUNTERPARTY_RENAMED", "A counterparty under another name"
    COMMISSION_IN_NET = "COMMISSION_IN_NET", "Commission in the net of one side"
    AMOUNT_FACTOR = "AMOUNT_FACTOR", "Amount off by a factor"
    CONCENTRATION = "CONCENTRATION", "More breaks than its trades explain"


class FindingStatus(TextChoices):
    OPEN = "OPEN", "Open"
    ACCEPTED = "ACCEPTED", "Accepted"
    DISMISSED = "DISMISSED", "Dismissed"
    FIXED = "FIXED", "Fixed"


class FindingAct(TextChoices):
    """What happened to a finding."""

    FOUND = "FOUND", "Found"
    FOUND_AGAIN = "FOUND_AGAIN", "Found again"
    ACCEPTED = "ACCEPTED", "Accepted"
    DISMISSED = "DISMISSED", "Dismissed"
    REOPENED = "REOPENED", "Opened again"
    FIXED = "FIXED", "Fixed"
    FIX_ASKED = "FIX_ASKED", "Fix asked for"


class AnalysisStatus(TextChoices):
    RUNNING = "RUNNING", "Running"
    SUCCEEDED = "SUCCEEDED", "Succeeded"
    FAILED = "FAILED", "Failed"


class ChosenBy(TextChoices):
    """How the person within a team is chosen."""

    CLAIMING = "LEFT_FOR_CLAIMING", "Left for claiming"
    LOAD = "BY_LOAD", "On shift with the fewest open breaks"
    SKILL = "BY_SKILL", "On shift with the skill, then the fewest open breaks"


class RoutingOutcome(TextChoices):
    """What routing made of a break."""

    ROUTED = "ROUTED", "Routed"
    WAITS_FOR_SHIFT = "WAITS_FOR_SHIFT", "With the team; nobody is on shift"
    TEAM_IS_EMPTY = "TEAM_IS_EMPTY", "Everybody's: nobody is in the team"
    NO_RULE = "NO_RULE", "Everybody's: no rule fits"
    BY_HAND = "BY_HAND", "As a person placed it"
