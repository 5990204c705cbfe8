"""Accounts and counterparties of one source that always stand against the same of the other."""

import pandas as pd

from workflows.causes.forms import Evidence, Form
from workflows.causes.places import LEAST_SUPPORT

KINDS = {
    "ACCOUNT": ("ACCOUNT_RENAMED", "account_alias"),
    "COUNTERPARTY": ("COUNTERPARTY_RENAMED", "counterparty_alias"),
}


def renamings(evidence: Evidence) -> list[Form]:
    """Return the pairs of names that stand against each other again and again."""
    found = []
    for kind, (mechanism, fix) in KINDS.items():
        breaks = evidence.of_type(kind)
        rows = evidence.desk.breaks.iloc[breaks]
        pairs = pd.DataFrame({
            "left": rows["left_value"].to_numpy(),
            "right": rows["right_value"].to_numpy(),
            "place": breaks,
        })  # fmt: skip
        # A counterparty's new name may be spelled in several ways.
        pairs["spelled"] = pairs["right"].str.upper().str.replace(r"[^A-Z0-9]", "", regex=True)
        groups = pairs.groupby(["left", "spelled"], sort=True)
        for (left, spelled), alike in groups:
            if len(alike) < LEAST_SUPPORT:
                continue
            right = str(alike["right"].mode().iloc[0])
            figures = {"left": left, "right": right, "field": kind}
            what = {"kind": fix, "name": left, "alias": right}
            places = alike["place"].to_numpy()
            key = (kind, left, spelled)
            found.append(Form(mechanism, key, places, figures, None, what, groups.ngroups))
    return found
