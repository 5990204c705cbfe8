"""What the queue's filters and saved views offer: read once a page, in one query."""

from collections import defaultdict
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest

from breaks.models import SavedView, Team
from matching.admin.comparison import MIXED
from matching.models import Reconciliation
from trades.models import Source

_KEPT = "_queue_choices"


class Choice(NamedTuple):
    """A row to choose: its key, its name, and something more that depends on what it is."""

    key: int
    name: str
    more: str


def choices_of(request: HttpRequest) -> dict[str, list[Choice]]:
    """
    Return what there is to choose from, by name:

    - ``reconciliation``, whose `more` is ``left,right``, the keys of its sources;
    - ``source``, ``team``, and ``person``: who may sign in to the desk;
    - ``view``: this person's saved ones, whose `more` is the query.
    """
    if not hasattr(request, _KEPT):
        found: dict[str, list[Choice]] = defaultdict(list)
        for kind, *choice in _rows(request.user):
            found[kind].append(Choice(*choice))
        for each in found.values():
            each.sort(key=lambda choice: choice.name.casefold())
        setattr(request, _KEPT, found)
    kept: dict[str, list[Choice]] = getattr(request, _KEPT)
    return kept


def side_names(request: HttpRequest) -> tuple[str, str]:
    """Name the two sides of the list: by source where only one pair is compared."""
    choices = choices_of(request)
    if len(choices["reconciliation"]) != 1:
        return MIXED
    names = {str(source.key): source.name for source in choices["source"]}
    left, right = choices["reconciliation"][0].more.split(",")
    return names[left], names[right]


def _rows(user: Any) -> QuerySet:
    people = get_user_model().objects.filter(is_active=True, is_staff=True)
    nothing = Value("")
    kinds: dict[str, tuple[QuerySet, str, Any]] = {
        "reconciliation": (Reconciliation.objects.all(), "name",
                           Concat("left_source_id", Value(","), "right_source_id",
                                  output_field=TextField())),
        "source": (Source.objects.all(), "name", nothing),
        "team": (Team.objects.all(), "name", nothing),
        "person": (people, "username", nothing),
        "view": (SavedView.objects.filter(owner=user), "name", F("query")),
    }  # fmt: skip
    first, *rest = (
        rows.order_by()
        .annotate(
            chosen_as=Value(kind),
            label=Cast(name, TextField()),
            more=Cast(more, TextField()),
        )
        .values_list("chosen_as", "pk", "label", "more")
        for kind, (rows, name, more) in kinds.items()
    )
    return first.union(*rest, all=True)
