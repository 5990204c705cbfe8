import pytest

from connectors.columns import check_header, map_header, missing, propose
from connectors.protocol import Unreadable


def test_a_column_is_known_whatever_its_case_and_punctuation():
    layout = {"TradeID": "trade_id", "TRADE_DATE": "trade_date"}

    mapped = map_header(["Trade ID", "trade-date", "Nope"], layout)

    assert mapped == ["trade_id", "trade_date", ""]


def test_says_what_is_missing_and_what_there_is():
    with pytest.raises(Unreadable, match="lacks trade_date, side, one of isin"):
        check_header(
            ["trade_id", "quantity"], ["trade_id", "quantity"],
            name="t.csv", layout="canonical", signed_quantity=False,
        )  # fmt: skip


def test_a_signed_quantity_needs_no_side():
    header = ["trade_id", "trade_date", "quantity", "isin"]

    assert missing(header, signed_quantity=False) == ["side"]
    assert missing(header, signed_quantity=True) == []


def test_two_columns_for_one_thing_are_refused():
    mapped = ["trade_id", "trade_date", "quantity", "side", "isin", "price", "price"]
    with pytest.raises(Unreadable, match="price more than once"):
        check_header(
            [*mapped[:5], "Px", "Price"], mapped, name="t", layout="l", signed_quantity=False
        )


def test_proposes_the_likely_meaning_of_a_brokers_header():
    header = ["Deal ID", "Trade Date", "Value Date", "B/S", "Qty", "Px", "Ccy", "ISIN Code",
              "Broker", "Fund", "Our Own Column", "Exec ID"]  # fmt: skip

    assert propose(header) == {
        "Deal ID": "trade_id",
        "Trade Date": "trade_date",
        "Value Date": "settlement_date",
        "B/S": "side",
        "Qty": "quantity",
        "Px": "price",
        "Ccy": "currency",
        "ISIN Code": "isin",
        "Broker": "counterparty",
        "Fund": "account",
        "Our Own Column": "",
        "Exec ID": "execution_ref",
    }


def test_proposes_each_meaning_once_and_canonical_names_first():
    proposed = propose(["Reference", "execution_ref", "ExecID"])

    assert proposed == {"Reference": "", "execution_ref": "execution_ref", "ExecID": ""}
