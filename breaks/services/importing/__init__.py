"""
A file of breaks coming back: read, looked at row by row, and what it asks for done as one batch.

`read_file` and `look_at` write nothing; `apply` does, or asks for a second person's yes.
"""

from breaks.services.importing.applying import apply, packed, unpacked
from breaks.services.importing.asking import Change
from breaks.services.importing.lines import Line, Outcome, Review
from breaks.services.importing.looking import look_at
from breaks.services.importing.reading import MAX_BYTES, FileRefused, read_file

__all__ = [
    "MAX_BYTES",
    "Change",
    "FileRefused",
    "Line",
    "Outcome",
    "Review",
    "apply",
    "look_at",
    "packed",
    "read_file",
    "unpacked",
]
