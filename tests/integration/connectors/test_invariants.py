"""Invariants 1 and 2 of reliability.md, over files and replies that hypothesis makes up."""

import csv
import io
import json
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from connectors.choices import DeliveryStatus
from connectors.json_api import JsonApiConnector
from connectors.models import Delivery
from connectors.protocol import Order, RecordArrival
from connectors.services.arrivals import load_reading
from connectors.services.claims import Claim
from connectors.services.reading import open_arrival
from connectors.services.receiving import receive_file
from tests import factories
from trades.models import Trade, TradeVersion

pytestmark = pytest.mark.django_db

COLUMNS = ("trade_id", "trade_date", "isin", "side", "quantity", "price", "counterparty")
few = limits(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])

NOISE = st.text(st.characters(blacklist_categories=("Cs",)), max_size=10)
ANYTHING = st.text(max_size=10)  # half surrogates too: JSON can spell them
CELLS = {
    "trade_id": st.sampled_from(["T1", "T2", "T3", "T4", ""]),
    "trade_date": st.sampled_from(["2026-03-04", "20260304", "04/03/2026", "never"]),
    "isin": st.sampled_from(["US0378331005", "US5949181045", "US0378331006", ""]),
    "side": st.sampled_from(["BUY", "s", "up"]),
    "quantity": st.sampled_from(["100", "1,000", "-5", "0", "many", "1e400"]),
    "price": st.sampled_from(["187.50", "(2)", "", "1.2.3"]),
    "counterparty": st.one_of(st.just("Goldman Sachs"), NOISE),
}
ROW = st.tuples(*(CELLS[name] for name in COLUMNS)).map(list)
ODD_ROW = st.lists(NOISE, max_size=9)
ROWS = st.lists(st.one_of(ROW, ROW, ODD_ROW), max_size=12)


def write(rows, *, ends="\r\n", bom=False, encoding="utf-8"):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=ends).writerows([COLUMNS, *rows])
    return (b"\xef\xbb\xbf" if bom else b"") + out.getvalue().encode(encoding)


def count_records(content):
    """Count the records below the header as a plain reader sees them; blank lines are none."""
    text = content.decode("utf-8-sig")
    rows = csv.reader(io.StringIO(text, newline=""))
    found = [row for row in rows if row and not (len(row) == 1 and not row[0].strip())]
    return len(found) - 1


@pytest.fixture
def receive(tmp_path):
    def received(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        return receive_file(path=path, source=factories.source(), by=None, at=factories.NOW)

    return received


def clear():
    for delivery in Delivery.objects.all():
        delivery.rejects.all().delete()
    Delivery.objects.all().delete()
    Trade.objects.all().delete()


def dump():
    trades = Trade.objects.order_by("source_trade_id")
    return list(
        trades.values("source_trade_id", "version", "state", "digest", "raw", "price")
    ), list(
        TradeVersion.objects.order_by("trade__source_trade_id", "version").values(
            "version", "digest"
        )
    )


def assert_adds_up(delivery, rows):
    if delivery.status == DeliveryStatus.FAILED:
        assert delivery.error
        assert delivery.rows_in == 0
        assert not Trade.objects.filter(delivery_id=delivery.pk).exists()
        return
    parts = delivery.loaded + delivery.amended + delivery.duplicates + delivery.rejected
    assert delivery.rows_in == rows == parts
    rejects = list(delivery.rejects.all())
    assert len(rejects) == delivery.rejected
    assert all(reject.reason and reject.line_number >= 1 for reject in rejects)


@few
@given(rows=ROWS, ends=st.sampled_from(["\r\n", "\n"]), bom=st.booleans())
def test_every_row_of_a_file_is_counted_once(receive, rows, ends, bom):
    clear()
    content = write(rows, ends=ends, bom=bom)

    delivery = receive(content)

    assert delivery.status == DeliveryStatus.LOADED
    assert_adds_up(delivery, count_records(content))
    lines = io.StringIO(content.decode("utf-8-sig"), newline="").readlines()
    for reject in delivery.rejects.all():
        from_there = "".join(lines[reject.line_number - 1 :]).replace("\x00", "\ufffd")
        assert from_there.startswith(reject.raw), "the text is what stands on that line"


@few
@given(rows=ROWS, cut=st.integers(min_value=0, max_value=400))
def test_every_row_of_a_file_cut_off_anywhere_is_counted_once(receive, rows, cut):
    clear()
    content = write(rows)[:cut]

    try:
        expected = count_records(content)
    except UnicodeDecodeError:
        expected = 0
    delivery = receive(content)

    assert_adds_up(delivery, expected)


@few
@given(rows=ROWS, encoding=st.sampled_from(["utf-16", "cp1252", "utf-16-le", "cp037"]))
def test_a_file_in_another_encoding_is_read_whole_or_not_at_all(receive, rows, encoding):
    clear()
    readable = [
        [cell.encode("cp1252", "ignore").decode("cp1252").encode("cp037", "ignore").decode("cp037")
         for cell in row]
        for row in rows
    ]  # fmt: skip

    delivery = receive(write(readable, encoding=encoding))

    if delivery.status == DeliveryStatus.LOADED:
        assert_adds_up(delivery, count_records(write(readable)))
    else:
        assert_adds_up(delivery, 0)


@few
@given(rows=ROWS, seed=st.randoms(use_true_random=False), cut=st.integers(0, 12))
def test_the_same_rows_again_renamed_reordered_or_split_change_nothing(receive, rows, seed, cut):
    clear()
    receive(write(rows))
    before = dump()
    shuffled = list(rows)
    seed.shuffle(shuffled)

    receive(write(rows))
    receive(write(shuffled), name="renamed.csv")
    receive(write(rows + shuffled), name="twice.csv")

    assert dump() == before
    if not any(
        "reported differently" in r.reason for d in Delivery.objects.all() for r in d.rejects.all()
    ):
        receive(write(rows[:cut]), name="one.csv")
        receive(write(rows[cut:]), name="two.csv")
        assert dump() == before


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), ANYTHING)
RECORDS = st.lists(
    st.one_of(
        st.fixed_dictionaries({name: CELLS[name] for name in COLUMNS}),
        st.dictionaries(st.sampled_from([*COLUMNS, "other"]), VALUES),
        st.dictionaries(NOISE, st.one_of(VALUES, st.dictionaries(NOISE, VALUES))),
        VALUES,
    ),
    max_size=10,
)


@few
@given(records=RECORDS)
def test_every_record_of_a_json_reply_is_counted_once(records):
    clear()
    natives = json.loads(json.dumps(records), parse_float=str, parse_int=str)
    order = Order(
        settings={}, from_date=date(2026, 3, 4), to_date=date(2026, 3, 4), timezone=ZoneInfo("UTC")
    )
    read = [
        JsonApiConnector().read(one, place, order) for place, one in enumerate(natives, start=1)
    ]
    source = factories.source()

    reading = open_arrival(
        arrival=RecordArrival("reply", "0" * 64, read), source=source, layout=None
    )
    delivery = load_reading(
        delivery=Delivery(source=source, name="reply", received_at=factories.NOW),
        reading=reading,
        claim=Claim(None, factories.NOW),
    )

    assert_adds_up(delivery, len(records))


def test_two_identical_legitimate_rows_with_ids_of_their_own_stay_two(receive):
    row = ["2026-03-04", "US0378331005", "BUY", "100", "187.50", "GS"]

    delivery = receive(write([["T1", *row], ["T2", *row]]))

    assert delivery.loaded == 2
