"""The engine links person records under a rule set that is plain data."""

from pathlib import Path

import pandas as pd
import pytest

from matching.engine import RuleSet, reconcile
from tests.unit.matching.engine.people import PERSON_RULES

FEBRL = Path(__file__).resolve().parents[5] / "shared" / "data" / "febrl"


def people(name):
    rows = pd.read_csv(FEBRL / name, dtype=str, skipinitialspace=True)
    return rows.set_index("rec_id")


@pytest.mark.skipif(not FEBRL.is_dir(), reason=f"the Febrl 4 files are not at {FEBRL}")
def test_links_febrl_4_at_an_f1_of_99_percent():
    left, right = people("dataset4a.csv"), people("dataset4b.csv")

    legs = reconcile(left, right, RuleSet.from_dict(PERSON_RULES)).legs

    person = legs["row"].str.split("-").str[1].groupby([legs["match_id"], legs["side"]]).first()
    linked = person.unstack()
    right_ones = (linked["left"] == linked["right"]).sum()
    precision, recall = right_ones / len(linked), right_ones / len(left)
    assert 2 * precision * recall / (precision + recall) >= 0.99
