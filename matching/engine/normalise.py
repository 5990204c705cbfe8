"""The forms that text is brought into before it is compared: one function a form."""

import re
import unicodedata
from collections.abc import Callable, Mapping

from cleanco import basename

from trades.identifiers import cusip_of_isin, normal_symbol

PLACEHOLDERS = frozenset(
    {"", "NA", "NONE", "NULL", "NAN", "UNKNOWN", "TBD", "TBA", "NOTAPPLICABLE"}
)
_NOT_CODE = re.compile(r"[^A-Z0-9]+")
_SPACES = re.compile(r"\s+")
_APOSTROPHES = re.compile(r"[.'`\u2019]")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_BETWEEN = re.compile(r"(?<!\d)-|-(?!\d)")
BIC_WITHOUT_BRANCH = 8


def upper(text: str) -> str:
    """Return the text in capitals with single spaces."""
    return _SPACES.sub(" ", text.strip()).upper()


def code(text: str) -> str:
    """Return only the letters and digits, in capitals; a placeholder word becomes empty."""
    bare = _NOT_CODE.sub("", text.upper())
    return "" if bare in PLACEHOLDERS or not bare.strip("0") else bare


def account(text: str) -> str:
    """
    Return an account's code without punctuation and without the leading zeros of any number in it.

    A dash stays between two numbers, so that ``1-12`` is not ``11-2``.
    """
    parted = _NOT_CODE.sub("-", text.upper()).strip("-")
    short = _BETWEEN.sub("", _ZEROS.sub("", parted))
    return short if code(short) else ""


def bic(text: str) -> str:
    """Return a BIC of eleven characters; eight stand for the head office, branch XXX."""
    bare = code(text)
    return bare + "XXX" if len(bare) == BIC_WITHOUT_BRANCH else bare


def isin_cusip(text: str) -> str:
    """Return the CUSIP inside a US or CA ISIN, or nothing (ISO 6166)."""
    return code(cusip_of_isin(code(text)) or "")


def symbol(text: str) -> str:
    """Return one spelling of a ticker or currency pair; a placeholder word becomes empty."""
    return normal_symbol(text.strip()) if code(text) else ""


def plain(text: str) -> str:
    """Return lower-case words of ASCII letters and digits, single spaces between."""
    decomposed = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    joined = _APOSTROPHES.sub("", decomposed.lower().replace("&", " and "))
    return _NOT_WORD.sub(" ", joined).strip()


FORMS: Mapping[str, Callable[[str], str]] = {
    "upper": upper,
    "code": code,
    "account": account,
    "bic": bic,
    "isin_cusip": isin_cusip,
    "symbol": symbol,
    "plain": plain,
}


def name(text: str, words: Mapping[str, str], *, legal_forms: bool) -> str:
    """
    Return a name's telling words: abbreviations written out and, if asked, legal forms dropped.

    `words` maps a lower-case word to what it stands for; an empty meaning drops the word. A name
    of legal forms only is kept as it is.
    """
    bare = plain(text)
    short = plain(basename(_APOSTROPHES.sub("", text))) if legal_forms else bare
    spelled = (words.get(word, word) for word in (short or bare).split())
    return " ".join(word for word in spelled if word) or bare
