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
    "score": "Not alike enough to be sure",
    "unknown": "Too little is known",
    "instrument_unknown": "Instruments cannot be compared",
    "identity": "Same reference, other instrument",
    "near_tie": "Another trade fits as well",
    "order_alone": "Only the order is the same",
    "number_alone": "Only a number is the same",
    "ambiguous": "Several sets add up",
    "price_unknown": "A price is missing",
    "search_cut": "Too many to try them all",
    "others_quote": "Others quote the reference too",
    "net": "Only the net agrees",
}

LIVE_MATCHES = (MatchStatus.MATCHED, MatchStatus.PROPOSED)


class LegSide(TextChoices):
    LEFT = "left", "Left"
    RIGHT = "right", "Right"
