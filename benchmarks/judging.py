"""What a pairing is worth against the generator's truth."""

from pathlib import Path
from typing import Any

import pandas as pd

PLANTED = ("PRICE", "QUANTITY", "SETTLEMENT_DATE")


def pairing(
    truth: Path, found: pd.DataFrame, differences: pd.DataFrame | None = None
) -> dict[str, Any]:
    """
    Return precision, recall and F1 of found pairs, and the share of planted differences found.

    `found` has left_id and right_id, `differences` left_id and kind; a true pair is a deal that
    both sides report. Without `differences` only the pairing is judged.
    """
    deals = pd.read_csv(truth, dtype="str", keep_default_na=False)
    pairs = deals[(deals["left_id"] != "") & (deals["right_id"] != "")]
    correct = len(found.merge(pairs, on=["left_id", "right_id"]))
    precision, recall = correct / max(len(found), 1), correct / len(pairs)
    judged = {
        "true_pairs": len(pairs),
        "precision": precision,
        "recall": recall,
        "f1": 2 * correct / (len(found) + len(pairs)),
    }
    if differences is None:
        return judged
    planted = pairs[pairs["fault"].isin(PLANTED)]
    told = differences.rename(columns={"kind": "fault"}).drop_duplicates()
    seen = len(planted.merge(told, on=["left_id", "fault"]))
    return {**judged, "planted": len(planted), "planted_found": seen / max(len(planted), 1)}
