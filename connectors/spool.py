"""An arrived file at rest: an unnamed local copy, read as often as needed and never held whole."""

import hashlib
import io
import os
import tempfile
import weakref
from collections.abc import Iterator
from typing import BinaryIO

_PIECE = 1024 * 1024


class TooLarge(Exception):
    """The file has more bytes than may be taken."""


class Spool:
    """
    The bytes of one file, in the folder for temporary files for as long as this object lives.

    What is loaded is what was digested, even if the file itself changes meanwhile. `digest` is
    the SHA-256 in hex, `size` counts bytes.
    """

    def __init__(self, file: BinaryIO, *, limit: int | None = None) -> None:
        """:raises TooLarge: if there are more than `limit` bytes."""
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  it closes with this object
        weakref.finalize(self, self._file.close)
        self.size = 0
        seen = hashlib.sha256()
        while piece := file.read(_PIECE):
            self.size += len(piece)
            if limit is not None and self.size > limit:
                raise TooLarge
            seen.update(piece)
            self._file.write(piece)
        self.digest = seen.hexdigest()

    @classmethod
    def of(cls, content: "bytes | Spool") -> "Spool":
        return content if isinstance(content, Spool) else cls(io.BytesIO(content))

    def binary(self) -> BinaryIO:
        """Return a reader from the first byte; two at once would disturb each other."""
        self._file.seek(0)
        return os.fdopen(os.dup(self._file.fileno()), "rb", buffering=_PIECE)

    def lines(self, encoding: str) -> Iterator[str]:
        """Yield the decoded lines, their ends as they are."""
        with io.TextIOWrapper(self.binary(), encoding, newline="") as text:
            yield from text
