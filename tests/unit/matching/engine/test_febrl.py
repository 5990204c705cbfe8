"""The engine links person records under a rule set that is plain data."""

from pathlib import Path

import pandas as pd
import pytest

from matching.engine import RuleSet, reconcile
from matching.engine.table import build
from matching.learning.proposing import from_pairs
from matching.learning.tried import Tried
from tests.unit.matching.engine.people import PERSON_RULES

FEBRL = Path(__file__).resolve().parents[5] / "shared" / "data" / "febrl"


def people(name):
    rows = pd.read_csv(FEBRL / name, dtype=str, skipinitialspace=True)
    return rows.set_index("rec_id")


@pytest.mark.skipif(not FEBRL.is_dir(), reason=f"the Febrl 4 files are not at {FEBRL}")
def test_links_febrl_4_at_an_f1_of_99_percent():
    left, right = people("dataset4a.csv"), people("dataset4b.csv")

    assert f1_of(left, right, PERSON_RULES) >= 0.99


@pytest.mark.thorough
@pytest.mark.skipif(not FEBRL.is_dir(), reason=f"the Febrl 4 files are not at {FEBRL}")
def test_weights_learned_from_the_pairs_alone_link_it_better_than_those_made_by_hand():
    left, right = people("dataset4a.csv"), people("dataset4b.csv")

    def try_out(definition):
        rules = RuleSet.from_dict(definition)
        return Tried.of(rules, reconcile(left, right, rules))

    learned = from_pairs(
        build(left, right, RuleSet.from_dict(PERSON_RULES)), PERSON_RULES, try_out=try_out
    )

    assert f1_of(left, right, learned.definition) > 0.999
    # A person links 4 of 5 by hand-made rules without a look; of these hardly one needs any.
    assert learned.auto_share[0] < 0.85
    assert learned.auto_share[1] > 0.99


def f1_of(left, right, definition):
    legs = reconcile(left, right, RuleSet.from_dict(definition)).legs
    person = legs["row"].str.split("-").str[1].groupby([legs["match_id"], legs["side"]]).first()
    linked = person.unstack()
    right_ones = (linked["left"] == linked["right"]).sum()
    precision, recall = right_ones / len(linked), right_ones / len(left)
    return 2 * precision * recall / (precision + recall)
