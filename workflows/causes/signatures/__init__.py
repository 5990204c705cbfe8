"""The forms looked for; each module returns what it finds of its kind."""

from collections.abc import Callable

from workflows.causes.forms import Evidence, Form
from workflows.causes.signatures.amounts import commissions
from workflows.causes.signatures.dates import shifts
from workflows.causes.signatures.factors import factors
from workflows.causes.signatures.parties import renamings
from workflows.causes.signatures.sides import flips

SIGNATURES: tuple[Callable[[Evidence], list[Form]], ...] = (
    factors,
    flips,
    shifts,
    renamings,
    commissions,
)

__all__ = ["SIGNATURES"]
