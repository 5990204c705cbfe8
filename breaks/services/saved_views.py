"""The ways a person looks at the queue, kept under names of their own."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import IntegrityError, transaction

from breaks.models import SavedView
from breaks.models.desk import LONGEST_NAME, LONGEST_QUERY

# A page by its number, or a mistake in the address, is nothing to come back to.
_PASSING = frozenset({"p", "e", "all"})


class ViewRefused(Exception):
    """A view cannot be kept like this; the sentence says why."""


def plain_query(query: str) -> str:
    """Write a query string as it is kept: in one order, without the page."""
    pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=False)
    return urlencode(sorted(pair for pair in pairs if pair[0] not in _PASSING))


def save_view(*, name: str, query: str, by: Any) -> SavedView:
    """
    Keep a query under a name; one this person gave that name before is replaced.

    :raises ViewRefused: if the name is empty or either of them too long.
    """
    name, query = _named(name), plain_query(query.replace("\0", ""))
    if len(query) > LONGEST_QUERY:
        raise ViewRefused("The view has more filters than can be kept: take some off.")
    return SavedView.objects.update_or_create(owner=by, name=name, defaults={"query": query})[0]


def rename_view(*, view_id: int, name: str, by: Any) -> SavedView | None:
    """
    Give one of this person's views another name; None if they have none like that.

    :raises ViewRefused: if the name is empty, too long, or another view's of theirs.
    """
    name = _named(name)
    view = SavedView.objects.filter(pk=view_id, owner=by).first()
    if view is None:
        return None
    view.name = name
    try:
        with transaction.atomic():
            view.save(update_fields=["name"])
    except IntegrityError as taken:
        raise ViewRefused(f"You have a view {name} already: choose another name.") from taken
    return view


def forget_view(*, view_id: int, by: Any) -> SavedView | None:
    """Forget one of this person's views and return it; None if they have none like that."""
    view = SavedView.objects.filter(pk=view_id, owner=by).first()
    if view is not None:
        view.delete()
    return view


def _named(given: str) -> str:
    name = " ".join(given.replace("\0", "").split())
    if not name:
        raise ViewRefused("Give the view a name.")
    if len(name) > LONGEST_NAME:
        raise ViewRefused(f"Give the view a name of {LONGEST_NAME} characters at most.")
    return name
