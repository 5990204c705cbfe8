import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breaks.spreadsheet import write_csv
from trades.spreadsheet import Mode, csv_lines, escape, guard, mode_of, read, restore, seal, written

HOSTILE = st.text(alphabet=st.sampled_from("=+-@\t\r\n'\",;|0.1aé＝"), max_size=6)  # noqa: RUF001


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-x", "@SUM(A1)", "\t1", "\r1", "\n1", "'", "-1-1", "-\u0661", "＝1"],  # noqa: RUF001
)
def test_what_a_spreadsheet_would_run_is_quoted(text):
    assert escape(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "T1", "-12.50", "-0", "1e5", "a=b", "2026-03-04"])
def test_harmless_text_is_left_alone(text):
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [("A;=1", "A;'=1"), ("A,@x", "A,'@x"), ("a\t-x\n+y", "a\t'-x\n'+y"), ("\t=1", "'\t'=1")],
)
def test_nor_is_it_run_where_another_country_splits_the_cell(text, cell):
    assert escape(text) == cell
    assert restore(cell) == text


@pytest.mark.parametrize(
    "text",
    ["00012", "123456789012", "1234567.89012", "187.50", "1e5", "12E5", "3-4", "1/2", "10:30",
     "2026-03-04", "2026-03-05T12:00:00+00:00", "MAR5", "1 MAR", "TRUE", "5%", "(5)", "1,234", "-0",
     "9" * 80],
)  # fmt: skip
def test_what_a_spreadsheet_would_change_is_kept_from_it(text):
    assert guard(text) == f"'{text}"
    assert restore(guard(text)) == text


@pytest.mark.parametrize("text", ["", "0", "7", "-12.5", "12345678901", "0.5", "T1", "100 AAPL"])
def test_what_it_keeps_is_left_to_it(text):
    assert guard(text) == text


def test_a_hostile_cell_costs_no_time():
    for text in (" " * 20_000 + "x", "1" * 20_000 + "x", "(" * 20_000, ";'" * 20_000):
        assert restore(guard(text)) == text


@given(st.one_of(HOSTILE, st.text(), st.decimals(allow_nan=False, places=10).map(str)))
def test_a_cell_reads_back_in_both_modes(text):
    for mode in Mode:
        assert read(written(text, mode), mode) == text


@given(st.lists(st.lists(HOSTILE, min_size=3, max_size=3), max_size=3), st.sampled_from(Mode))
def test_lines_read_back_in_both_modes(rows, mode):
    text = "".join(csv_lines(("a", "b", "c"), rows, mode)).removeprefix("\ufeff")

    header, *lines = list(csv.reader(io.StringIO(text, newline="")))
    assert header == ["a", "b", "c"]
    assert [[read(cell, mode) for cell in line] for line in lines] == rows


@given(HOSTILE.filter(bool))
def test_no_safe_cell_begins_as_a_formula_does(text):
    cell = guard(text)
    for begun in (cell, *cell.split(";")[1:], *cell.split(",")[1:]):
        assert not begun.startswith(("=", "+", "@", "\t", "\r", "\n", "＝"))  # noqa: RUF001


def test_a_seal_names_the_mode_and_changes_with_any_cell():
    assert mode_of(seal(["a", "b"], Mode.SAFE)) == Mode.SAFE
    assert mode_of(seal(["a", "b"], Mode.EXACT)) == Mode.EXACT
    assert guard(seal(["a"], Mode.SAFE)) == seal(["a"], Mode.SAFE)
    assert len({seal(row, Mode.SAFE) for row in (["a", "b"], ["ab", ""], ["", "ab"])}) == 3
    assert mode_of("") is mode_of("s123") is mode_of("1" * 17) is None


@given(HOSTILE)
def test_restoring_gives_the_text_back(text):
    assert restore(escape(text)) == text


@given(st.lists(st.lists(HOSTILE, min_size=13, max_size=13), max_size=3))
def test_the_file_reads_back_as_it_was_written(lines):
    file = io.StringIO(newline="")

    count = write_csv(iter(lines), file)

    header, *read = list(csv.reader(io.StringIO(file.getvalue(), newline="")))
    assert count == len(lines)
    assert header[0] == "id"
    assert read == lines
