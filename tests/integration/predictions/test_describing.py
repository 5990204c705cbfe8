"""A trade described as JSON is read as a row of a file is, and nothing is kept of it."""

import pytest

from predictions.services.describing import TradeRefused, trade_described
from tests import factories
from tests.factories import NOW
from trades.models import Account, Counterparty, Instrument, Trade
from trades.reports import value_fields

pytestmark = pytest.mark.django_db

TRADE = {
    "source": "oms",
    "trade_id": "T-1",
    "trade_date": "2026-03-04",
    "side": "B",
    "quantity": "1000",
    "price": "187.50",
    "currency": "USD",
    "isin": "US0378331005",
    "counterparty": "Goldman Sachs International",
    "account": "FUND1",
}


def refused(**over) -> dict[str, list[str]]:
    values = {name: value for name, value in (TRADE | over).items() if value is not ...}
    with pytest.raises(TradeRefused) as refusal:
        trade_described(values, at=NOW)
    return refusal.value.problems


class TestDescribed:
    def test_is_what_a_file_with_that_row_would_load(self, tmp_path):
        from django.core.management import call_command

        columns = [name for name in TRADE if name != "source"]
        file = tmp_path / "one.csv"
        row = ",".join(TRADE[name] for name in columns)
        file.write_text(",".join(columns) + f"\n{row}\n")
        call_command("ingest", str(file), source="oms")
        loaded = Trade.objects.get(source_trade_id="T-1")

        described = trade_described(TRADE, at=NOW)

        for name in (*value_fields(), "instrument_id", "counterparty_id", "account_id", "digest"):
            assert getattr(described, name) == getattr(loaded, name), name
        assert described.pk is None

    def test_unknown_parties_are_left_empty_and_nothing_is_made(self):
        factories.source("oms")

        described = trade_described(TRADE, at=NOW)

        assert described.instrument is described.counterparty is described.account is None
        for model in (Trade, Instrument, Counterparty, Account):
            assert not model.objects.exists()

    def test_what_says_nothing_is_left_out(self):
        described = trade_described(TRADE | {"price": None, "venue": "N/A"}, at=NOW)

        assert (described.price, described.venue) == (None, "")


class TestRefused:
    def test_everything_that_is_wrong_is_said_under_its_column(self):
        problems = refused(
            side="sideways", quantity="many", price="abc", trade_date=..., currency="dollars"
        )

        assert set(problems) == {"side", "quantity", "price", "trade_date", "currency"}
        assert problems["trade_date"] == ["trade_date is missing."]
        assert "'abc'" in problems["price"][0]
        assert "'sideways'" in problems["side"][0]

    @pytest.mark.parametrize("value", [187.5, 187, True, ["187.50"], {"amount": "187.50"}])
    def test_money_that_is_no_text(self, value):
        assert refused(price=value) == {
            "price": ['Give it as text, as in "187.50": a JSON number is not exact.']
        }

    def test_a_quantity_of_nothing(self):
        assert refused(quantity="0") == {"quantity": ["quantity is zero."]}

    def test_no_identifier_at_all(self):
        [(_, [said])] = refused(isin=...).items()

        assert "no identifier of the instrument" in said

    def test_a_source_there_is_not(self):
        said = refused(source="nobody")["source"]

        assert said[0].startswith("There is no source 'nobody'; there is: ")
        assert "custodian" in said[0]

    def test_no_source(self):
        assert refused(source=...)["source"][0].startswith("Say which source reports it")

    def test_a_key_no_trade_has(self):
        [said] = refused(colour="blue")["colour"]

        assert said.startswith("Unknown key; a trade takes source, trade_id")

    def test_a_value_with_a_zero_byte(self):
        assert "holds a character that no text has" in refused(account="A\x00B")["account"][0]

    def test_more_digits_than_are_kept(self):
        assert set(refused(quantity="1" * 40)) == {"quantity"}
