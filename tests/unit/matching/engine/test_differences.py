"""What is reported as a difference, and what is not because something else already says it."""

from decimal import Decimal

import pytest

from matching.default_rules import TRADE_RULES
from matching.engine import RuleSet
from tests.unit.matching.engine.trades import compare, kinds, trade


def rules_with(name, **settings):
    fields = [{**one, **settings} if one["name"] == name else one for one in TRADE_RULES["fields"]]
    return RuleSet.from_dict({**TRADE_RULES, "fields": fields})


@pytest.mark.parametrize(
    ("left", "right", "reported"),
    [
        ("99990.00", "99992.00", []),
        ("99990.00", "99992.01", ["NET_AMOUNT"]),
        ("100001.00", "100026.00", []),
        ("100001.00", "100026.01", ["NET_AMOUNT"]),
    ],
)
def test_net_amounts_are_compared_in_bands(left, right, reported):
    assert (
        kinds(compare([trade("L1", net_amount=left)], [trade("R7", net_amount=right)])) == reported
    )


def test_a_rate_converts_the_tolerance_not_the_amount():
    rules = RuleSet.from_dict(
        {**TRADE_RULES, "currency": {**TRADE_RULES["currency"], "fx": {"JPY": "0.01"}}}
    )
    left = [trade("L1", currency="JPY", net_amount="9000")]

    assert kinds(compare(left, [trade("R7", currency="JPY", net_amount="9200")], rules)) == []
    assert kinds(compare(left, [trade("R7", currency="JPY", net_amount="9201")], rules)) == [
        "NET_AMOUNT"
    ]


@pytest.mark.parametrize(
    ("asset_class", "reported"), [("BOND", []), ("EQUITY", ["PRICE"]), (None, ["PRICE"])]
)
def test_an_override_by_asset_class_loosens_a_tolerance(asset_class, reported):
    rules = rules_with(
        "price",
        overrides=[{
            "when": {"asset_class": "bond"}, "tolerance": {"limits": [{"absolute": "0.50"}]},
        }],
    )  # fmt: skip

    result = compare([trade("L1", asset_class=asset_class)], [trade("R7", price="100.40")], rules)

    assert kinds(result) == reported


def test_the_tolerance_that_applied_is_reported():
    result = compare([trade("L1", price="10.00")], [trade("R7", price="10.05")])

    assert result.differences["tolerance"].tolist() == [Decimal("0.001")]


def test_a_net_amount_explained_by_the_price_is_not_reported_again():
    left = trade("L1", price="100.00", net_amount="10010.00")
    right = trade("R7", price="100.94", net_amount="10104.00")

    assert kinds(compare([left], [right])) == ["PRICE"]


def test_a_net_amount_the_price_does_not_explain_is_reported_too():
    left = trade("L1", price="100.00", net_amount="10010.00")
    right = trade("R7", price="100.94", net_amount="10204.00")

    assert kinds(compare([left], [right])) == ["PRICE", "NET_AMOUNT"]


def test_a_net_amount_explained_by_the_commission_is_not_reported_again():
    left = trade("L1", net_amount="10010.00", commission="10.00")
    right = trade("R7", net_amount="10025.00", commission="25.00")

    assert kinds(compare([left], [right])) == ["FEES"]


@pytest.mark.parametrize(
    ("right", "reported"),
    [
        ({"commission": "12.00", "fees": None}, []),
        ({"commission": "10.00", "fees": None}, []),
        ({"commission": "9.00", "fees": "3.00"}, []),
        ({"commission": "11.00", "fees": None}, ["FEES"]),
        ({"commission": "10.00", "fees": "4.00"}, ["FEES"]),
        ({"commission": None, "fees": None}, []),
    ],
)
def test_commission_and_fees_agree_in_sum_or_where_both_sides_have_them(right, reported):
    left = trade("L1", commission="10.00", fees="2.00")

    assert kinds(compare([left], [trade("R7", **right)])) == reported


def test_amounts_in_different_currencies_are_not_compared():
    left = trade("L1", currency="USD", net_amount="10000")
    right = trade("R7", currency="EUR", net_amount="9200")

    assert kinds(compare([left], [right])) == ["CURRENCY"]


@pytest.mark.parametrize("account", ["acc1", "ACC/1", "ACC-001", " ACC 1 "])
def test_spellings_of_one_account_do_not_differ(account):
    assert kinds(compare([trade("L1")], [trade("R7", account=account)])) == []


@pytest.mark.parametrize(
    ("left", "right", "reported"),
    [
        ({"counterparty_lei": "L" * 20}, {"counterparty": "X", "counterparty_lei": "L" * 20}, []),
        ({"counterparty_bic": "GSCOUS33"},
         {"counterparty": "X", "counterparty_bic": "GSCOUS33XXX"}, []),
        ({}, {"counterparty": "GOLDMAN SACHS AND COMPANY"}, []),
        ({}, {"counterparty": "Goldmann Sachs & Co"}, []),
        ({}, {"counterparty": "Barclays Bank plc"}, ["COUNTERPARTY"]),
        ({"counterparty": "Alpha Fund I"}, {"counterparty": "Alpha Fund II"}, ["COUNTERPARTY"]),
    ],
)  # fmt: skip
def test_counterparties_agree_by_lei_bic_or_name(left, right, reported):
    assert kinds(compare([trade("L1", **left)], [trade("R7", **right)])) == reported


@pytest.mark.parametrize(
    "other",
    [
        {"isin": None, "symbol": None, "security_name": None, "cusip": "037833100"},
        {"isin": None, "symbol": "AAPL", "security_name": "APPLE INCORPORATED"},
        {"isin": None, "symbol": None, "security_name": "Apple Inc"},
        {"symbol": "AAPL.OQ"},
    ],
)
def test_identifiers_of_different_schemes_are_one_instrument(other):
    result = compare(
        [trade("L1", execution_ref="X-77120")], [trade("R7", execution_ref="X-77120", **other)]
    )

    assert kinds(result) == []
    assert list(result.matches["decision"]) == ["AUTO"]


def test_spellings_of_a_currency_pair_are_one_instrument():
    nothing = {"isin": None, "security_name": None}
    for other in ("BTC-USD", "XBT/USD", "XXBTZUSD"):
        result = compare(
            [trade("L1", symbol="XBT/USD", **nothing)], [trade("R7", symbol=other, **nothing)]
        )
        assert len(result.matches) == 1, other
        assert kinds(result) == []
