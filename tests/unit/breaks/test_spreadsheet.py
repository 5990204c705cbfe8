import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breaks.spreadsheet import write_csv
from trades.spreadsheet import escape, restore

HOSTILE = st.text(alphabet=st.sampled_from("=+-@\t\r\n'\",;0.1aé"), max_size=6)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-x", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'", "-1-1", "-\u0661"]
)
def test_what_a_spreadsheet_would_run_is_quoted(text):
    assert escape(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "T1", "-12.50", "-0", "1e5", "a=b", "2026-03-04"])
def test_harmless_text_is_left_alone(text):
    assert escape(text) == text


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
