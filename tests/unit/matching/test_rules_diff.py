"""The difference of two versions in words: complete, and silent about what only looks different."""

from copy import deepcopy

import pytest

from matching.default_rules import TRADE_RULES
from matching.engine import RuleSet
from matching.rules_diff import Change, changes


def told(change) -> list[Change]:
    definition = deepcopy(TRADE_RULES)
    change(definition)
    return changes(RuleSet.from_dict(TRADE_RULES), RuleSet.from_dict(definition))


def field(definition, name):
    return next(one for one in definition["fields"] if one["name"] == name)


def only(change) -> tuple[str, str, str, str]:
    (found,) = told(change)
    return found.part, found.setting, found.before, found.after


def test_the_same_rules_do_not_differ():
    assert told(lambda _: None) == []


def test_how_a_definition_is_written_does_not_count():
    def spell_out(definition):
        field(definition, "side")["tie_weight"] = 0
        field(definition, "side")["columns"] = []
        definition["passes"][0]["off"] = False
        definition["passes"][0]["window"] = 10
        field(definition, "fees")["tolerance"]["limits"] = [{"absolute": "0.050"}]

    assert told(spell_out) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda rules: rules.update(auto_at=0.97),
            ("The whole rule set", "matched by itself from", "0.95", "0.97"),
        ),
        (
            lambda rules: field(rules, "price").update(weight=0.2),
            ("Field price", "weight", "0.15", "0.2"),
        ),
        (
            lambda rules: field(rules, "account").pop("kind"),
            ("Field account", "reported as", "ACCOUNT", ""),
        ),
        (
            lambda rules: field(rules, "net_amount").update(
                tolerance={"limits": [{"percent": "0.5", "up_to": "1000"}, {"absolute": "5"}]}
            ),
            (
                "Field net_amount",
                "tolerance",
                "2.00 up to 100000, then 25.00 in the base currency",
                "0.5% up to 1000, then 5",
            ),
        ),
        (
            lambda rules: rules["passes"][3].update(off=True),
            ("Pass exact economics", "runs", "on", "off"),
        ),
        (
            lambda rules: rules["passes"][0]["require"].update(price=0.9),
            ("Pass shared reference", "likeness at least price", "1", "0.9"),
        ),
        (
            lambda rules: rules["passes"][0]["require"].pop("side"),
            ("Pass shared reference", "likeness at least side", "1", ""),
        ),
        (
            lambda rules: rules["passes"][3].pop("min_score"),
            ("Pass exact economics", "score at least", "0.95", "as the rule set"),
        ),
        (
            lambda rules: rules["currency"]["minor"]["GBX"].update(factor="0.1"),
            ("The whole rule set", "currency minor GBX factor", "0.01", "0.1"),
        ),
        (
            lambda rules: rules["references"].remove("block_ref"),
            (
                "The whole rule set",
                "references",
                "trade_id, execution_ref, order_ref, block_ref",
                "trade_id, execution_ref, order_ref",
            ),
        ),
        (
            lambda rules: field(rules, "price").update(
                overrides=[
                    {"when": {"asset_class": "FX"}, "tolerance": {"limits": [{"percent": "1"}]}}
                ]
            ),
            ("Field price", "overrides", "", "asset_class FX: 1%"),
        ),
    ],
)
def test_one_setting_is_one_line(change, said):
    # A reference that a pass leaves aside has to be there.
    def both(rules):
        change(rules)
        for step in rules["passes"]:
            if "not_alone" in step and "block_ref" not in rules["references"]:
                step["not_alone"] = [one for one in step["not_alone"] if one != "block_ref"]

    lines = [line for line in told(both) if line.setting != "not alone"]
    assert [(line.part, line.setting, line.before, line.after) for line in lines] == [said]


def test_a_pass_that_moves_is_one_move_and_not_twenty():
    def move(rules):
        rules["passes"].insert(1, rules["passes"].pop(8))

    (found,) = told(move)
    assert (found.part, found.kind) == ("Pass within tolerance", "moved")
    assert (found.before, found.after) == ("9", "2")


def test_what_is_new_and_what_is_gone_are_said_whole():
    def swap(rules):
        rules["passes"][-1] = {**rules["passes"][-1], "name": "last resort"}

    found = {(line.part, line.kind) for line in told(swap)}
    assert found == {
        ("Pass last resort", "added"),
        ("Pass shared order, nothing else alike", "removed"),
    }


def test_no_change_of_a_number_goes_unsaid():
    """Every number of the definition, changed by itself, is one line at least."""

    def places(part, path=()):
        items = part.items() if isinstance(part, dict) else enumerate(part)
        for key, value in items:
            if isinstance(value, dict | list):
                yield from places(value, (*path, key))
            elif isinstance(value, int | float) and not isinstance(value, bool):
                yield (*path, key)

    known = RuleSet.from_dict(TRADE_RULES)
    seen = 0
    for path in places(TRADE_RULES):
        definition = deepcopy(TRADE_RULES)
        part = definition
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = 1 if part[path[-1]] != 1 else 0
        try:
            other = RuleSet.from_dict(definition)
        except ValueError:
            continue
        seen += 1
        assert changes(known, other), path
    assert seen > 80
