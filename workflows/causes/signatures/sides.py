"""Buys that the other source reports as sells, and the reverse."""

import numpy as np

from workflows.causes.forms import MISSING, Evidence, Form
from workflows.causes.places import LEAST_SUPPORT
from workflows.causes.shadows import shadows


def flips(evidence: Evidence) -> list[Form]:
    """
    Return the flipped sides: of pairs, and of trades missing on both sides that differ in nothing
    else and so are pairs nobody could make.
    """
    paired = evidence.of_type("SIDE")
    lone = evidence.of_type(*MISSING)
    apart = shadows(evidence, lone, "side")
    breaks = np.unique(np.concatenate([paired, apart[:, 0]]))
    if len(breaks) < LEAST_SUPPORT:
        return []
    figures = {"pairs": len(paired), "missing_on_both_sides": len(apart)}
    fix = {"kind": "flip_side"}
    return [Form("SIDE_FLIPPED", ("side",), breaks, figures, None, fix, attached=apart)]
