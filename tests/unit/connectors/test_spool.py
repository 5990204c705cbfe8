import hashlib
import io

import pytest

from connectors import delimited
from connectors.delimited import text_of
from connectors.protocol import Unreadable
from connectors.spool import Spool, TooLarge


def test_keeps_what_was_read_with_its_digest_and_size():
    spool = Spool(io.BytesIO(b"one\r\ntwo\n"))

    assert (spool.digest, spool.size) == (hashlib.sha256(b"one\r\ntwo\n").hexdigest(), 9)
    assert list(spool.lines("utf-8")) == list(spool.lines("utf-8")) == ["one\r\n", "two\n"]


def test_takes_no_more_than_the_limit():
    assert Spool(io.BytesIO(b"12345"), limit=5).size == 5
    with pytest.raises(TooLarge):
        Spool(io.BytesIO(b"123456"), limit=5)


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 64, 1024])
@pytest.mark.parametrize(
    ("content", "encoding", "where"),
    [
        ("a\nbé\nc".encode() + b"\xe9\nd", "utf-8-sig", "line 3 has the byte 0xE9"),
        (b"\xef\xbb\xbfa\nb\xe9\n", "utf-8", "line 2 has the byte 0xE9"),
        ("a\nb€".encode()[:-1], "utf-8-sig", "line 2 has the byte 0xE2"),
        (b"a\nb\nc\x81", "cp1252", "line 3 has the byte 0x81"),
    ],
)
def test_a_byte_that_is_none_of_the_encoding_is_found_wherever_a_piece_ends(
    monkeypatch, piece, content, encoding, where
):
    monkeypatch.setattr(delimited, "_PIECE", piece)

    with pytest.raises(Unreadable, match=where):
        text_of(Spool.of(content), encoding, "t.csv")
