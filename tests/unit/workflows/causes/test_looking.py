"""What is found in columns, and what is not."""

import subprocess
import sys

import numpy as np
import pytest

from tests.unit.workflows.causes.desks import Paired
from workflows.causes import look
from workflows.causes.concentrations import concentrations, telling
from workflows.causes.units import units_of


def tops(paired: Paired, **more):
    return [one for one in look(paired.desk(**more)).findings if one.beneath is None]


def test_the_package_needs_no_django():
    code = "import sys, workflows.causes; sys.exit('django' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_breaks_no_causes():
    assert tops(Paired()) == []


@pytest.mark.parametrize("seed", range(20))
def test_breaks_at_random_have_no_cause(seed):
    paired = Paired(2_000, seed)
    paired.breaks("PRICE", paired.some(30), lambda at: (100, 100 + (at % 97) / 40 + 0.3))
    paired.breaks("SETTLEMENT_DATE", paired.some(20), lambda _: ("2026-03-04", "2026-03-05"))
    paired.breaks("ACCOUNT", paired.some(20), lambda at: (f"A{at % 10}", f"B{at % 7}"))
    paired.breaks("MISSING_RIGHT", paired.some(25))

    assert [(one.mechanism, one.terms) for one in tops(paired)] == []


def test_a_place_with_too_many_breaks_is_a_concentration():
    paired = Paired()
    paired.breaks("QUANTITY", paired.places(account=3)[:40], lambda at: (100, 100 + at % 50 + 1))
    paired.breaks("QUANTITY", paired.some(10), lambda at: (100, 100 + at % 50 + 1))

    (found,) = tops(paired)

    assert found.mechanism == "CONCENTRATION"
    assert found.terms == (("account", (3,)),)
    assert found.lift > 5


def test_a_finer_place_that_explains_nothing_more_is_not_told():
    paired = Paired(4_000)
    desk = paired.breaks("QUANTITY", paired.places(account=3)[::2]).desk()
    units = units_of(desk)
    marks = {"QUANTITY": units.marked(np.arange(len(desk.breaks)))}
    found, tried = concentrations(units, marks)

    assert len(found) > 1, "pairs with account 3 are significant too"
    assert [one.terms for one in telling(found, tried, marks)] == [(("account", (3,)),)]


def test_the_finer_place_is_told_where_the_trouble_is():
    paired = Paired(4_000)
    desk = paired.breaks("QUANTITY", paired.places(account=3, side="SELL")).desk()
    units = units_of(desk)
    marks = {"QUANTITY": units.marked(np.arange(len(desk.breaks)))}
    found, tried = concentrations(units, marks)

    told = [dict(one.terms) for one in telling(found, tried, marks)]
    assert told == [{"account": (3,), "side": ("SELL",)}]


def test_a_mechanism_beats_the_concentration_of_the_same_breaks():
    paired = Paired()
    paired.breaks("PRICE", paired.places(account=3), lambda _: ("12.5", "1250"))
    findings = look(paired.desk()).findings

    assert findings[0].mechanism == "PRICE_FACTOR"
    assert findings[0].terms == (("account", (3,)),)
    lesser = [one for one in findings[1:] if one.mechanism == "CONCENTRATION"]
    assert lesser
    assert {one.beneath for one in findings[1:]} == {0}


def test_a_hundred_in_london_is_pence_and_elsewhere_a_factor():
    london, york = Paired(), Paired()
    london.breaks("PRICE", london.places(venue="XLON"), lambda _: ("12.5", "1250"))
    york.breaks("PRICE", york.places(venue="XETR"), lambda _: ("12.5", "1250"))
    everywhere = Paired()
    everywhere.breaks("PRICE", np.arange(1_000), lambda _: ("12.5", "1250"))

    assert tops(london)[0].mechanism == "PENCE_POUNDS"
    assert tops(york)[0].mechanism == "PRICE_FACTOR"
    assert tops(everywhere)[0].mechanism == "PRICE_FACTOR"


def test_a_shift_of_a_few_everywhere_is_ordinary_and_of_all_on_one_is_not():
    paired = Paired()
    paired.breaks("SETTLEMENT_DATE", paired.some(25), lambda _: ("2026-03-04", "2026-03-05"))
    assert tops(paired) == []

    more = Paired()
    more.breaks(
        "SETTLEMENT_DATE", more.places(counterparty=4), lambda _: ("2026-03-06", "2026-03-09")
    )
    (found,) = tops(more)
    assert (found.mechanism, found.figures["business_days"]) == ("SETTLEMENT_CYCLE", 1)
    assert found.terms == (("counterparty", (4,)),)


def test_the_order_of_the_rows_changes_nothing():
    paired = Paired()
    paired.breaks("PRICE", paired.places(venue="XNYS"), lambda _: ("12.5", "1250"))
    paired.breaks("QUANTITY", paired.places(account=3)[:40])
    desk = paired.desk()
    turned = paired.desk()
    object.__setattr__(turned, "breaks", desk.breaks.iloc[::-1])
    object.__setattr__(turned, "trades", desk.trades.sample(frac=1, random_state=3))

    def told(of):
        return [(one.mechanism, one.terms, len(one.breaks)) for one in look(of).findings]

    assert told(turned) == told(desk)


def test_hostile_values_are_no_numbers_and_no_crash():
    paired = Paired()
    odd = ["", "-", "NaN", "1e999", "0", "-5", "2026-13-45", "\0", "100"]
    for kind in ("PRICE", "NET_AMOUNT", "SETTLEMENT_DATE", "TRADE_DATE", "ACCOUNT", "SIDE"):
        paired.breaks(kind, np.arange(60), lambda at: (odd[at % 9], odd[(at * 3 + 1) % 9]))

    assert look(paired.desk()).tried > 0
