from breaks.services.lifecycle import WorkRefused
from breaks.services.opening import BreaksMoved
from matching.rules import InvalidRules
from matching.services.decisions import DecisionRefused
from matching.services.rule_sets import RuleSetNotDraft

# What the guarded acts refuse with; each is a sentence for the person who acts.
REFUSALS = (WorkRefused, DecisionRefused, RuleSetNotDraft, InvalidRules, BreaksMoved)


class ApprovalRefused(WorkRefused):
    """A request cannot be made or decided so; the sentence says why and what to do."""
