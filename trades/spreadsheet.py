"""Text in the cells of a CSV file that a spreadsheet can open without running anything."""

import re

# What a spreadsheet takes for the start of a formula; and the mark itself, so it can be undone.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def escape(text: str) -> str:
    """Put an apostrophe before a text a spreadsheet would run; a plain number is left as it is."""
    return f"'{text}" if text.startswith(RISKY) and not NUMBER.fullmatch(text) else text


def restore(cell: str) -> str:
    """Return the text that `escape` made a cell of."""
    return cell.removeprefix("'")
