"""
Remediation: what would put breaks right, done only as far as a policy lets it.

`suggest` looks, `remedy` applies a suggestion or asks a second person, `reverse` takes it back,
`auto_remediate` is both for one break and `auto_remediate_open` for all that are open.
`propose_fix` asks for a fix of many breaks that share a cause.
"""

from workflows.services.remediation.acting import (
    Remedied,
    RemedyRefused,
    remedy,
    turn_down,
)
from workflows.services.remediation.automatic import (
    auto_remediate,
    auto_remediate_open,
    remedy_break,
)
from workflows.services.remediation.fixing import propose_fix
from workflows.services.remediation.rerunning import request_due_runs
from workflows.services.remediation.reversing import may_reverse, reverse
from workflows.services.remediation.suggesting import Look, look, suggest

__all__ = [
    "Look",
    "Remedied",
    "RemedyRefused",
    "auto_remediate",
    "auto_remediate_open",
    "look",
    "may_reverse",
    "propose_fix",
    "remedy",
    "remedy_break",
    "request_due_runs",
    "reverse",
    "suggest",
    "turn_down",
]
