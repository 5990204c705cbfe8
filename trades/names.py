"""Which spellings of a party's name are one: without case, punctuation and legal form."""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

_NOT_A_NAME = frozenset({"", "na", "nil", "none", "null", "tbc", "tbd", "unknown"})
_PUNCTUATION = re.compile(r"[^\w]+|_+")
_DOTTED_LETTERS = re.compile(r"\b(?:\w\.){2,}")


@cache
def _legal_forms() -> Any:
    from cleanco import prepare_default_terms

    return prepare_default_terms()


@lru_cache(maxsize=65_536)
def party_key(name: str) -> str:
    """
    Return what all spellings of a name share; empty where it names nobody (``N/A``, ``-``).

    >>> party_key("Goldman, Sachs & Co. LLC") == party_key("GOLDMAN SACHS AND CO")
    True
    """
    from cleanco.clean import custom_basename

    folded = unicodedata.normalize("NFKD", name).casefold()
    folded = "".join(letter for letter in folded if not unicodedata.combining(letter))
    folded = _DOTTED_LETTERS.sub(lambda found: found[0].replace(".", "") + " ", folded)
    words = _spaced(folded.replace("&", " and "))
    if words.replace(" ", "") in _NOT_A_NAME:
        return ""
    bare = words
    # "co llc": what one pass leaves may end in another legal form.
    for _ in range(2):
        bare = _spaced(
            custom_basename(bare, _legal_forms(), prefix=False, suffix=True, middle=False)
        )
        bare = bare.removesuffix(" and")
    return (bare or words)[:200]


def _spaced(text: str) -> str:
    return _PUNCTUATION.sub(" ", text).strip()
