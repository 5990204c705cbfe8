"""Rows side by side are read as each alone is."""

import csv
import io
import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.batches import Batch, batches_of_file, batches_of_records, read_batch
from connectors.delimited import lines_of, read_header, read_rows, record_of
from connectors.habits import Habits
from connectors.protocol import Record
from connectors.rows import CANONICAL, RowRefused, report_of

USUAL = Habits(timezone=ZoneInfo("America/New_York"))
EUROPEAN = Habits(
    timezone=ZoneInfo("Europe/Berlin"), date_formats=("%d.%m.%Y",), decimal_separator=",",
    side_words={"k": "BUY"}, signed_quantity=True,
)  # fmt: skip

IN_OTHER_UNITS = Habits(
    timezone=ZoneInfo("Europe/London"), net_reversed=True,
    units={"price": 2, "price GBP": 4, "quantity USD": -2, "net_amount": 3},
)  # fmt: skip

NOISE = st.text(max_size=8)
NUMBERS = st.sampled_from(
    ["100", "1,000.50", "1.000,50", "(12)", "12-", "-5", "0", "1e400", "many", "1.5E+3", " 7 ",
     "12345678901234567890", "0.12345678901", "NaN", "٣", "-0", "+3"]
)  # fmt: skip
CELLS = {
    "trade_id": st.sampled_from(["T1", " T2 ", "", "x" * 129, "T\ud800", "T\\3"]),
    "trade_date": st.sampled_from(["2026-03-04", "20260304", "04.03.2026", "never", "1969-12-31"]),
    "settlement_date": st.sampled_from(["2026-03-06", "", "06.03.2026", "N/A"]),
    "executed_at": st.sampled_from(
        ["2026-03-04T14:30:00", "2026-03-04T14:30:00.123456Z", "9:30", "14:30:00", "", "noon"]
    ),
    "isin": st.sampled_from(["US0378331005", "us 037833 1005", "US0378331006", ""]),
    "cusip": st.sampled_from(["037833100", "bad", ""]),
    "side": st.sampled_from(["BUY", "s", "k", "up", ""]),
    "currency": st.sampled_from(["USD", "gbp", "GBp", "US$", ""]),
    "state": st.sampled_from(["new", "cxl", "?", ""]),
    "venue": st.sampled_from(["xnys", "TOO LONG A VENUE", ""]),
    "counterparty_lei": st.sampled_from(["W22LROWP2IHZNBB6K528", "W22LROWP2IHZNBB6K529"]),
    "counterparty_bic": st.sampled_from(["GOLDUS33XXX", "nope"]),
    **dict.fromkeys(
        ("quantity", "price", "gross_amount", "commission", "fees", "accrued_interest",
         "net_amount"), NUMBERS,
    ),
}  # fmt: skip
NEEDED = ("trade_id", "trade_date", "side", "quantity")
ROW = st.fixed_dictionaries(
    {name: CELLS[name] for name in NEEDED},
    optional={
        name: st.one_of(CELLS.get(name, NOISE), NOISE) for name in CANONICAL if name not in NEEDED
    },
)


def one_by_one(records, habits):
    contents, reasons = [], []
    for record in records:
        try:
            contents.append((record.number, report_of(record, habits).content()))
        except RowRefused as refusal:
            reasons.append((record.number, record.text, str(refusal)))
    return contents, reasons


def side_by_side(batches, habits):
    contents, reasons = [], []
    for batch in batches:
        reports, rejects = read_batch(batch, habits)
        contents += zip(reports.lines, zip(*reports.contents, strict=True), strict=True)
        reasons += [(one.number, one.text, one.reason) for one in rejects]
        assert len(reports.sent) == len(reports.raws) == len(reports.lines)
    return contents, sorted(reasons)


@given(rows=st.lists(ROW, max_size=8), habits=st.sampled_from([USUAL, EUROPEAN, IN_OTHER_UNITS]))
def test_records_of_an_interface(rows, habits):
    records = [Record(number, f"row {number}", row, {}) for number, row in enumerate(rows, 1)]

    assert side_by_side(batches_of_records(records), habits) == one_by_one(records, habits)


@given(
    rows=st.lists(st.one_of(ROW.map(lambda row: [row.get(n, "") for n in CANONICAL]),
                            st.lists(NOISE, max_size=31)), max_size=8),
    habits=st.sampled_from([USUAL, EUROPEAN, IN_OTHER_UNITS]),
)  # fmt: skip
def test_rows_of_a_file(rows, habits):
    out = io.StringIO(newline="")
    csv.writer(out).writerows([CANONICAL, *rows])
    table = read_header(lines_of(out.getvalue()), ",", "t.csv")
    records = [record_of(row, table, CANONICAL) for row in read_rows(table)]

    found = side_by_side(batches_of_file(table, CANONICAL), habits)

    assert found == one_by_one(records, habits)


@given(st.lists(st.text(max_size=6), min_size=3, max_size=3))
def test_the_payload_is_what_json_makes_of_the_row(cells):
    header = ["100%", 'a "name"', "größe"]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, cells])
    table = read_header(lines_of(out.getvalue()), ",", "t.csv")

    raws = [raw for batch in batches_of_file(table, ["", "", ""]) for raw in batch.raws]

    rows = [row for row in read_rows(table) if not row.problem]
    assert raws == [json.dumps(dict(zip(header, row.fields, strict=True))) for row in rows]


def test_a_batch_gives_a_row_back_as_a_record():
    batch = Batch([7], ["T1,BUY"], ['{"Id": "T1"}'], {"trade_id": ["T1"], "side": ["BUY"]})

    assert batch.record(0) == Record(7, "T1,BUY", {"trade_id": "T1", "side": "BUY"}, {"Id": "T1"})


@pytest.mark.parametrize("habits", [USUAL, EUROPEAN, IN_OTHER_UNITS])
def test_no_rows_make_no_reports(habits):
    reports, rejects = read_batch(Batch([], [], [], {}), habits)

    assert (list(reports.lines), rejects) == ([], [])
