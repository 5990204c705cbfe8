from django.db.models import TextChoices


class RuleSetStatus(TextChoices):
    DRAFT = "DRAFT", "Draft"
    ACTIVE = "ACTIVE", "Active"
    RETIRED = "RETIRED", "Retired"


class RunStatus(TextChoices):
    QUEUED = "QUEUED", "Queued"
    RUNNING = "RUNNING", "Running"
    SUCCEEDED = "SUCCEEDED", "Succeeded"
    FAILED = "FAILED", "Failed"
    CANCELLED = "CANCELLED", "Cancelled"


class MatchKind(TextChoices):
    ONE_TO_ONE = "1:1", "One to one"
    ONE_TO_MANY = "1:N", "One to many"
    MANY_TO_ONE = "N:1", "Many to one"
    MANY_TO_MANY = "N:M", "Many to many"


class Decision(TextChoices):
    AUTO = "AUTO", "Automatic"
    REVIEW = "REVIEW", "Proposed for review"
    MANUAL = "MANUAL", "Made by a person"


class MatchStatus(TextChoices):
    MATCHED = "MATCHED", "Matched"
    PROPOSED = "PROPOSED", "Proposed"
    REJECTED = "REJECTED", "Rejected"
    UNMATCHED = "UNMATCHED", "Taken apart by a person"
    SUPERSEDED = "SUPERSEDED", "Superseded by a later run"


# What the engine and the default rules give as the reason of a proposal, in an analyst's words.
REVIEW_REASONS = {
    "score": "Not alike enough",
    "unknown": "Little is known",
    "instrument_unknown": "Instrument unsure",
    "identity": "Instrument differs",
    "near_tie": "Another fits too",
    "order_alone": "Order alone",
    "number_alone": "Number alone",
    "ambiguous": "Several sets fit",
    "price_unknown": "Price missing",
    "search_cut": "Too many to try",
    "others_quote": "Reference shared",
    "net": "Net alone",
}

LIVE_MATCHES = (MatchStatus.MATCHED, MatchStatus.PROPOSED)
# A person said that these trades do not belong together.
TURNED_DOWN = (MatchStatus.REJECTED, MatchStatus.UNMATCHED)


class LegSide(TextChoices):
    LEFT = "left", "Left"
    RIGHT = "right", "Right"


class QaVerdict(TextChoices):
    RIGHT = "RIGHT", "Right"
    WRONG = "WRONG", "Wrong"


class CalibrationMethod(TextChoices):
    BEST = "BEST", "Decisions where there are enough, else the pairs themselves"
    DECISIONS = "DECISIONS", "What people decided"
    PAIRS = "PAIRS", "The pairs themselves, without decisions"
