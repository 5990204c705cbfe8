import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.delimited import lines_of, parse_line, read_header, read_rows, record_of, text_of
from connectors.protocol import Unreadable
from connectors.spool import Spool

TEXT = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00\ufeff"), max_size=12
)


def table_of(text, delimiter=","):
    return read_header(lines_of(text), delimiter, "t.csv")


def records(text, delimiter=","):
    table = table_of(text, delimiter)
    return [record_of(row, table, table.header) for row in read_rows(table)]


def decode(content, encoding, name):
    return "".join(text_of(Spool.of(content), encoding, name)())


class TestDecode:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
    def test_a_byte_order_mark_overrules_the_layout(self, encoding):
        mark = "\ufeff" if encoding == "utf-16-le" else ""
        assert decode(f"{mark}é".encode(encoding), "utf-8-sig", "t.csv").lstrip("\ufeff") == "é"

    def test_another_encoding_is_named_with_its_line(self):
        with pytest.raises(Unreadable, match=r"t\.csv is not written in utf-8-sig: line 2 .* 0xE9"):
            decode("id\nSociété\n".encode("cp1252"), "utf-8-sig", "t.csv")

    @pytest.mark.parametrize("content", [b"", b"\n \r\n"])
    def test_an_empty_file_is_unreadable(self, content):
        with pytest.raises(Unreadable, match="empty"):
            decode(content, "utf-8-sig", "t.csv")

    def test_binary_data_is_unreadable(self):
        with pytest.raises(Unreadable, match="binary"):
            decode(b"PK\x03\x04\x00\x00\x00", "utf-8-sig", "t.csv")

    def test_an_encoding_nobody_knows_is_named(self):
        with pytest.raises(Unreadable, match="klingon"):
            decode(b"id\n", "klingon", "t.csv")


class TestRecords:
    def test_line_numbers_are_those_of_the_file(self):
        text = 'id,note\r\n1,"two\nlines"\r\n\r\n2,"three\r\nmore\r\nlines"\r\n3,x\r\n'

        found = records(text)

        assert [(one.number, one.values["id"]) for one in found] == [(2, "1"), (5, "2"), (8, "3")]
        assert found[1].text == '2,"three\r\nmore\r\nlines"'

    def test_a_row_with_another_number_of_fields_has_a_problem_and_its_text(self):
        short, fine, trailing = records("a,b,c\n1,2\n1,2,3\n1,2,3,,\n")

        assert short.problem.startswith("The row has 2 fields where the header has 3")
        assert short.text == "1,2"
        assert not fine.problem
        assert not trailing.problem

    def test_a_quote_that_is_never_closed_is_one_bad_row(self):
        found = records('a,b\n1,2\n3,"4\n5,6\n')

        assert [one.number for one in found] == [2, 3]
        assert "quote" in found[1].problem
        assert found[1].text == '3,"4\n5,6'

    def test_a_file_cut_off_inside_a_field_is_one_bad_row_beside_a_stray_quote(self):
        (cut,) = records('a,b\n1"x,"2\n')

        assert cut.problem == "A quote is opened and never closed."

    @pytest.mark.parametrize("header", ["x" * 200_000, ",\na,\x00b\n1,2\n", 'a,"b\n\x00"\n1,2\n'])
    def test_a_header_that_cannot_be_read_makes_the_file_unreadable(self, header):
        with pytest.raises(Unreadable, match=r"no header that can be read|binary data"):
            table_of(header)

    def test_columns_of_one_name_are_kept_apart_in_the_payload(self):
        table = table_of("Id,Ref,Ref,\n1,2,3,4\n")
        (row,) = (record_of(one, table, ["trade_id", "", "", ""]) for one in read_rows(table))

        assert row.raw == {"Id": "1", "Ref": "2", "Ref (3)": "3", "column 4": "4"}
        assert row.values == {"trade_id": "1"}

    def test_a_zero_byte_far_into_the_file_costs_its_row_only(self):
        text = "a,b\n" + "1,2\n" * 5000 + "1,\x00\n1,2\n"

        bad = [one for one in records(text) if one.problem]

        assert [one.number for one in bad] == [5002]
        assert "\x00" not in bad[0].text

    @given(
        st.lists(st.lists(TEXT, min_size=2, max_size=4), max_size=8),
        st.sampled_from([",", ";", "\t", "|"]),
    )
    def test_agrees_with_an_independent_reader_on_any_file(self, rows, delimiter):
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=delimiter)
        writer.writerows([["first", "second", "third"], *rows])

        found = records(out.getvalue(), delimiter)

        rebuilt = list(csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=delimiter))[1:]
        expected = [row for row in rebuilt if row and not (len(row) == 1 and not row[0].strip())]
        assert len(found) == len(expected)
        for one, row in zip(found, expected, strict=True):
            fits = len(row) == 3 or (len(row) > 3 and not any(cell.strip() for cell in row[3:]))
            assert bool(one.problem) is not fits
            if fits:
                assert list(one.values.values()) == row[:3]


def test_a_corrected_row_is_read_below_its_own_header():
    (row,) = parse_line("b,a\r\n", "2,1", ",", ["quantity", "trade_id"])

    assert row.values == {"quantity": "2", "trade_id": "1"}
