"""Rule sets are checked when made, say what is wrong and where, and survive JSON."""

import copy
import json

import pytest

from matching.default_rules import TRADE_RULES
from matching.engine import RuleError, RuleSet
from tests.unit.matching.engine.people import PERSON_RULES


@pytest.mark.parametrize("data", [TRADE_RULES, PERSON_RULES])
def test_a_rule_set_survives_json(data):
    rules = RuleSet.from_dict(data)

    assert RuleSet.from_dict(json.loads(json.dumps(rules.to_dict()))) == rules


def test_the_default_weights_are_those_of_the_domain():
    weights = {one.name: one.weight for one in RuleSet.from_dict(TRADE_RULES).fields if one.weight}

    assert weights == {
        "instrument": 0.25, "trade_date": 0.15, "side": 0.15,
        "quantity": 0.20, "price": 0.15, "counterparty": 0.10,
    }  # fmt: skip


def test_a_rule_set_does_not_change():
    rules = RuleSet.from_dict(PERSON_RULES)

    with pytest.raises(AttributeError):
        rules.auto_at = 0.1


def changed(path, value):
    data = copy.deepcopy(PERSON_RULES)
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (["auto_at"], 1.5, "auto_at must be between 0 and 1, it is 1.5"),
        (["auto_at"], 0.5, "review_at 0.6 must not be above auto_at 0.5"),
        (["colour"], "red", "rules (People) has no setting 'colour'"),
        (["fields", 1, "name"], "soc_sec_id", "there are two of the field 'soc_sec_id'"),
        (["fields", 0, "weight"], -1, "fields[0] (soc_sec_id): weight must not be negative"),
        (["fields", 0, "weight"], "heavy", "(soc_sec_id).weight must be float, not 'heavy'"),
        (["fields", 0, "compare"], "smell", "compare must be one of"),
        (["fields", 0, "tolerance"], {"limits": [{"absolute": 0.1}]},
         "tolerance.limits[0].absolute must be a decimal as text, not 0.1"),
        (["fields", 0, "tolerance"], {"limits": [{"percent": "1", "up_to": "5"}]},
         "the last limit must have no up_to"),
        (["passes", 0, "blocks", 0, "equal"], ["shoe_size"],
         "passes[0] (same number) names the field 'shoe_size', which the rules do not have"),
        (["passes", 0, "kind"], "magic", "kind must be one of pairs, reference"),
        (["passes", 0, "kind"], "net", "passes[0] (same number) gathers groups"),
        (["passes", 0, "not_alone"], ["nickname"],
         "passes[0] (same number) names 'nickname' under 'not_alone', which 'references' lacks"),
        (["passes", 0, "window"], 0, "window must be at least 1, it is 0"),
        (["passes"], "none", "rules (People).passes must be a list, not 'none'"),
    ],
)  # fmt: skip
def test_a_wrong_rule_set_is_refused_with_a_sentence(path, value, sentence):
    with pytest.raises(RuleError) as refusal:
        RuleSet.from_dict(changed(path, value))

    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ({"blocks": [{"equal": ["instrument", "side"]}]}, "so its blocks need trade_date"),
        ({"blocks": [{"equal": ["instrument", "trade_date", "counterparty"]}]},
         "so no block may need 'counterparty'"),
        ({"kind": "net"}, "is of a kind that cannot run at home: net"),
    ],
)  # fmt: skip
def test_a_pass_that_cannot_run_at_home_is_refused(step, sentence):
    data = {**TRADE_RULES, "passes": [{"name": "mine", "at_home": True, **step}]}

    with pytest.raises(RuleError) as refusal:
        RuleSet.from_dict(data)

    assert sentence in str(refusal.value)


def test_a_pass_runs_at_home_only_where_the_rules_say_what_home_is():
    data = {**TRADE_RULES, "home": []}

    with pytest.raises(RuleError, match=r"runs at home, so the rule set needs 'home'"):
        RuleSet.from_dict(data)
