import csv
import io
from decimal import Decimal

import pytest

from connectors.choices import DeliveryStatus
from connectors.models import Delivery, Layout, RejectedRow
from connectors.protocol import Unreadable
from connectors.services import receive_file
from tests import factories
from trades.models import Instrument, Trade, TradeVersion

pytestmark = pytest.mark.django_db

HEADER = "trade_id,trade_date,symbol,isin,side,quantity,price,currency,counterparty,account\n"
GOOD = "T1,2026-03-04,AAPL,US0378331005,BUY,100,187.50,USD,Goldman Sachs,FUND1\n"
CUSTODIAN = (
    "TradeID,TradeDate,SettleDate,ExecTime,Symbol,CUSIP,BuySellIndicator,Quantity,Price,"
    "GrossAmount,NetAmount,Currency,Counterparty,Account,Portfolio,Commission,Fees,Reference,OrderRef\n"
)


@pytest.fixture
def received(tmp_path):
    """Return a function that receives a file with this content: text or bytes."""

    def receive(content, *, source="oms", layout=None, name="trades.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return receive_file(
            path=path, source=factories.source(source), layout=layout, by=None, at=factories.NOW
        )

    return receive


def counts(delivery):
    return (
        delivery.rows_in,
        delivery.loaded,
        delivery.amended,
        delivery.duplicates,
        delivery.rejected,
    )


class TestGoodFiles:
    def test_a_file_of_canonical_names_is_loaded(self, received):
        delivery = received(HEADER + GOOD)

        assert (delivery.status, counts(delivery)) == (DeliveryStatus.LOADED, (1, 1, 0, 0, 0))
        assert delivery.layout.code == "canonical"
        assert str(delivery.from_date) == str(delivery.to_date) == "2026-03-04"
        trade = Trade.objects.get()
        assert trade.delivery_id == delivery.pk
        assert trade.raw["price"] == "187.50"

    def test_a_custodians_file_chooses_its_layout_by_its_header(self, received):
        row = (
            'C1,03/04/2026,03/06/2026,2026-03-04T14:30:00,AAPL,037833100,B,"1,000",187.5,187500,'
            "187512.25,USD,GS,ACC1,P1,10.25,2,R1,O1\n"
        )

        delivery = received(CUSTODIAN + row, source="custodian")

        assert (delivery.layout.code, counts(delivery)) == ("custodian", (1, 1, 0, 0, 0))
        trade = Trade.objects.get()
        assert (trade.side, trade.quantity, trade.net_amount) == (
            "BUY",
            Decimal(1000),
            Decimal("187512.25"),
        )
        assert (trade.execution_ref, trade.order_ref, trade.fees) == ("R1", "O1", Decimal(2))
        assert str(trade.settlement_date) == "2026-03-06"
        assert trade.executed_at.isoformat() == "2026-03-04T19:30:00+00:00"
        assert trade.raw["Portfolio"] == "P1"

    def test_two_systems_naming_one_security_differently_mean_one_instrument(self, received):
        received(HEADER + GOOD)
        received(
            CUSTODIAN + "C1,2026-03-04,,,,037833100,B,100,187.5" + "," * 10 + "\n",
            source="custodian",
        )

        assert Instrument.objects.count() == 1

    def test_a_layout_of_ones_own_reads_a_european_file(self, received):
        layout = Layout.objects.create(
            code="bank", name="Bank", delimiter=";", encoding="cp1252", decimal_separator=",",
            columns={"Geschäft": "trade_id", "Datum": "trade_date", "ISIN": "isin", "K/V": "side",
                     "Stück": "quantity", "Kurs": "price", "Händler": "counterparty"},
            date_formats=["%d.%m.%Y"], side_words={"K": "BUY", "V": "SELL"},
        )  # fmt: skip
        text = (
            "Geschäft;Datum;ISIN;K/V;Stück;Kurs;Händler\n"
            "1;04.03.2026;DE0007164600;K;1.250;112,75;Börse Köln\n"
        )

        delivery = received(text.encode("cp1252"), layout=layout)

        assert counts(delivery) == (1, 1, 0, 0, 0)
        trade = Trade.objects.get()
        assert (trade.quantity, trade.price) == (Decimal(1250), Decimal("112.75"))
        assert trade.counterparty_name == "Börse Köln"

    def test_a_file_with_a_header_and_no_rows_is_loaded_with_none(self, received):
        delivery = received(HEADER)

        assert (delivery.status, counts(delivery)) == (DeliveryStatus.LOADED, (0, 0, 0, 0, 0))

    def test_case_17_an_amount_of_24_digits_survives_from_file_to_database(self, received):
        received("trade_id,trade_date,isin,side,quantity,net_amount\n"
                 "T1,2026-03-04,US0378331005,B,1,\"12,345,678,901,234.0123456789\"\n")  # fmt: skip

        assert str(Trade.objects.get().net_amount) == "12345678901234.0123456789"


class TestBadRows:
    def test_each_goes_to_quarantine_with_its_line_its_text_and_why(self, received):
        bad_date = GOOD.replace("T1", "T2").replace("2026-03-04", "04.03.2026")
        noted = GOOD.replace("T1", "T3").replace("Goldman Sachs", '"Goldman\nSachs"')
        zero = GOOD.replace("T1", "T4").replace(",100,", ",0,")

        delivery = received(HEADER + GOOD + bad_date + noted + zero)

        assert counts(delivery) == (4, 2, 0, 0, 2)
        found = [(row.line_number, row.raw, row.reason) for row in delivery.rejects.all()]
        assert [(line, raw) for line, raw, _ in found] == [(3, bad_date.strip()), (6, zero.strip())]
        assert "trade_date '04.03.2026' is not a date" in found[0][2]
        assert "quantity is zero" in found[1][2]

    def test_rows_that_contradict_each_other_are_rejected_with_both_lines(self, received):
        delivery = received(
            HEADER + GOOD + GOOD.replace("187.50", "188") + GOOD.replace("T1", "T2")
        )

        assert counts(delivery) == (3, 1, 0, 0, 2)
        assert [row.line_number for row in delivery.rejects.all()] == [2, 3]
        assert all("lines 2 and 3" in row.reason for row in delivery.rejects.all())
        assert not Trade.objects.filter(source_trade_id="T1").exists()


class TestUnreadableFiles:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "is empty"),
            ((HEADER + GOOD).encode("utf-16-le"), "binary"),
            (
                (HEADER + GOOD.replace("Goldman", "Söhne")).encode("cp1252"),
                "not written in utf-8-sig: line 2",
            ),
            (b"\x89PNG\r\n\x1a\n\x00\x00", "not written in"),
            ("one,two\n1,2\n", "lacks trade_id, trade_date, quantity, side, one of isin"),
            (HEADER.replace("trade_date", "when") + GOOD, "lacks trade_date"),
            (HEADER.replace(",", ";") + GOOD.replace(",", ";"), "separated by semicolons"),
            (HEADER.replace(",", "\t") + GOOD.replace(",", "\t"), "separated by tabs"),
            ("{\"trades\": []}", "lacks"),
        ],
    )  # fmt: skip
    def test_is_failed_with_a_sentence_and_nothing_is_loaded(self, received, content, said):
        delivery = received(content)

        assert (delivery.status, counts(delivery)) == (DeliveryStatus.FAILED, (0, 0, 0, 0, 0))
        assert said in delivery.error
        assert "trades.csv" in delivery.error
        assert not Trade.objects.exists()
        assert not RejectedRow.objects.exists()

    def test_a_named_layout_that_does_not_fit_is_named(self, received):
        delivery = received(HEADER + GOOD, layout=Layout.objects.get(code="custodian"))

        assert delivery.status == DeliveryStatus.FAILED
        assert "layout 'custodian'" in delivery.error

    def test_a_file_larger_than_allowed_is_not_read(self, received, settings):
        settings.MAX_UPLOAD_BYTES = 100

        delivery = received(HEADER + GOOD)

        assert "MAX_UPLOAD_BYTES allows 100" in delivery.error

    def test_a_file_that_is_not_there_makes_no_delivery(self, tmp_path):
        with pytest.raises(Unreadable, match="cannot be read: No such file"):
            receive_file(
                path=tmp_path / "no.csv", source=factories.source(), by=None, at=factories.NOW
            )

        assert not Delivery.objects.exists()


def test_case_12_the_same_file_twice_renamed_reordered_and_split_changes_nothing(received):
    rows = [
        f"T{n},2026-03-04,AAPL,US0378331005,{'BUY' if n % 2 else 'SELL'},{n},187.50,USD,"
        f"Goldman Sachs,FUND{n % 3}\n"
        for n in range(1, 41)
    ]
    received(HEADER + "".join(rows))
    before = list(Trade.objects.order_by("pk").values())

    for name, part in (
        ("trades.csv", rows),
        ("renamed.csv", rows),
        ("reordered.csv", rows[::-1]),
        ("first.csv", rows[:13]),
        ("second.csv", rows[13:]),
        ("twice.csv", rows + rows),
    ):
        delivery = received(HEADER + "".join(part), name=name)
        assert counts(delivery) == (len(part), 0, 0, len(part), 0)

    assert list(Trade.objects.order_by("pk").values()) == before
    assert not TradeVersion.objects.exists()


def test_the_columns_may_come_in_another_order_too(received):
    received(HEADER + GOOD)
    names, values = HEADER.strip().split(","), GOOD.strip().split(",")
    turned = io.StringIO()
    csv.writer(turned).writerows([names[::-1], values[::-1]])

    assert counts(received(turned.getvalue())) == (1, 0, 0, 1, 0)
