"""What a list is asked for: keys that no row has are stopped before they reach the database."""

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Field, IntegerField
from django.http import QueryDict

# Digits of the longest number that every database takes for a key.
KEY_LENGTH = 18
_RANGES = ("_from", "_to")


def is_key(text: str) -> bool:
    """Tell whether a word may be the number of a row."""
    return text.isascii() and text.isdecimal() and len(text) <= KEY_LENGTH


def names_no_row(query: QueryDict) -> bool:
    """Tell whether a filter asks for a number that is none of any row, and no database takes."""
    return any(
        word.lstrip("-").isdecimal() and len(word) > KEY_LENGTH
        for name, values in query.lists()
        if name != SEARCH_VAR and not name.endswith(_RANGES)
        for value in values
        for word in value.split(",")
    )


def selects_no_row(posted: QueryDict, key: Field) -> bool:
    """Tell whether a form selects rows by what cannot be a key of them."""
    if not isinstance(key, IntegerField):
        return False
    return not all(map(is_key, posted.getlist(ACTION_CHECKBOX_NAME)))
