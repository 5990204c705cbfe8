"""The form over a definition: what nobody touched stays, to the character."""

import json
from copy import deepcopy

import pytest

from matching.admin.rule_form import FLAG, RuleEdit
from matching.default_rules import TRADE_RULES
from matching.engine import RuleError, RuleSet

RULES = json.loads(json.dumps(TRADE_RULES))


def posted(edit: RuleEdit, **changed: str | None) -> dict[str, str]:
    """Return what a browser posts of the form as it stands, with these inputs changed."""
    data = {
        knob.name: knob.given for knob in edit._all() if knob.kind != FLAG or knob.given == "on"
    }
    for written, value in changed.items():
        name = written.replace("__", "-")
        data.pop(name, None)
        if value is not None:
            data[name] = value
    return data


def made(**changed: str | None) -> dict:
    edit = RuleEdit(RULES, posted(RuleEdit(RULES), **changed))
    assert edit.is_valid
    return edit.definition()


def at(name: str) -> int:
    return [one["name"] for one in RULES["fields"]].index(name)


def test_sent_back_untouched_it_is_the_same_text():
    assert json.dumps(made()) == json.dumps(RULES)


def test_a_changed_number_is_changed_alone():
    wanted = deepcopy(RULES)
    wanted["auto_at"] = 0.9
    wanted["fields"][2]["weight"] = 0.3

    assert made(auto_at="0.9", fields__2__weight="0.3") == wanted


def test_an_emptied_box_takes_the_setting_away():
    wanted = deepcopy(RULES)
    del wanted["fields"][at("account")]["kind"]
    del wanted["passes"][0]["min_score"]

    assert made(**{f"fields__{at('account')}__kind": "", "passes__0__min_score": ""}) == wanted


def test_a_pass_is_turned_off_and_on():
    off = made(passes__4__off="on")
    assert off["passes"][4]["off"] is True

    again = RuleEdit(off, posted(RuleEdit(off), passes__4__off=None)).definition()
    assert again == RULES


@pytest.mark.parametrize(
    ("moved", "to", "place"), [(8, "2", 1), (1, "5", 4), (0, "99", 22), (22, "0", 0)]
)
def test_a_pass_moves_to_the_place_typed(moved, to, place):
    names = [one["name"] for one in RULES["passes"]]
    wanted = names.copy()
    wanted.insert(place, wanted.pop(moved))

    changed = made(**{f"passes__{moved}__place": to})

    assert [one["name"] for one in changed["passes"]] == wanted
    assert {**changed, "passes": 0} == {**RULES, "passes": 0}


def test_a_band_of_tolerance_is_added_and_taken_away():
    price = f"fields__{at('price')}__tolerance__limits"
    banded = made(
        **{f"{price}__0__up_to": "100", f"{price}__1__percent": "0.5", f"{price}__0__percent": ""}
    )
    assert banded["fields"][at("price")]["tolerance"] == {
        "limits": [{"up_to": "100", "absolute": "0.01"}, {"percent": "0.5"}]
    }

    exact = made(**{f"{price}__0__percent": "", f"{price}__0__absolute": ""})
    assert "tolerance" not in exact["fields"][at("price")]


def test_the_base_currency_is_a_box():
    fees = at("fees")
    changed = made(**{f"fields__{fees}__tolerance__in_base": None})

    assert changed["fields"][fees]["tolerance"] == {"limits": [{"absolute": "0.05"}]}


@pytest.mark.parametrize("typed", ["a lot", "NaN", "0,25", "true", "1e999", "[1]"])
def test_what_is_no_number_is_told_beside_it(typed):
    edit = RuleEdit(RULES, posted(RuleEdit(RULES), auto_at=typed))

    (wrong,) = [knob for knob in edit._all() if knob.error]
    assert (wrong.name, wrong.given) == ("auto_at", typed)


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"auto_at": "1.5"}, "auto_at"),
        ({"fields__1__weight": "-1"}, "fields-1-weight"),
        ({"fields__2__agree_at": "2"}, "fields-2-agree_at"),
        ({"fields__2__tolerance__limits__0__percent": "-1"},
         "fields-2-tolerance-limits-0-percent"),
        ({"fields__2__tolerance__limits__0__absolute": "1,5"},
         "fields-2-tolerance-limits-0-absolute"),
        ({"passes__3__min_score": "3"}, "passes-3-min_score"),
    ],
)  # fmt: skip
def test_the_engine_s_sentence_stands_at_its_place(changed, where):
    edit = RuleEdit(RULES, posted(RuleEdit(RULES), **changed))
    with pytest.raises(RuleError) as refused:
        RuleSet.from_dict(edit.definition())

    edit.blame(str(refused.value))

    (wrong,) = [knob for knob in edit._all() if knob.error]
    assert (wrong.name, edit.error) == (where, str(refused.value))


def test_a_sentence_about_a_whole_row_stands_at_the_row():
    edit = RuleEdit(RULES, posted(RuleEdit(RULES), fields__0__compare="identity"))
    with pytest.raises(RuleError) as refused:
        RuleSet.from_dict(edit.definition())

    edit.blame(str(refused.value))

    assert edit.fields[0].error == str(refused.value)


def test_a_moved_pass_is_blamed_where_it_stands_in_the_form():
    changed = {"passes__8__place": "1", "passes__8__auto_at": "7"}
    edit = RuleEdit(RULES, posted(RuleEdit(RULES), **changed))
    with pytest.raises(RuleError, match=r"passes\[0\]") as refused:
        RuleSet.from_dict(edit.definition())

    edit.blame(str(refused.value))

    assert edit.passes[8].knobs["auto_at"].error
