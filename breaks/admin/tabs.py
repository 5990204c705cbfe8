"""The views of the queue that everybody has, with their counts."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from breaks.choices import ApprovalStatus
from breaks.models import ApprovalRequest
from trades.admin.counting import ask_count, count_words, counted
from trades.admin.desk import ViewFilter


def team_keys(user: Any) -> list[int]:
    """Return the keys of a person's teams; they are read once if they were fetched before."""
    return [team.pk for team in user.teams.all()]


def _awaiting(live: QuerySet) -> QuerySet:
    waiting = ApprovalRequest.objects.filter(status=ApprovalStatus.PENDING)
    return live.filter(pk__in=waiting.order_by().values("trade_break"))


_LIVE: dict[str, tuple[str, Callable[[Any, Any], QuerySet]]] = {
    "open": ("All open", lambda live, _: live),
    "mine": ("Mine", lambda live, user: live.filter(assigned_to=user.pk)),
    "team": ("My team", lambda live, user: live.filter(team__in=team_keys(user))),
    "unassigned": ("Unassigned", lambda live, _: live.filter(assigned_to=None)),
    "overdue": ("Overdue", lambda live, _: live.overdue(timezone.now())),
    "approval": ("Awaiting approval", lambda live, _: _awaiting(live)),
}
ALL = "all"


class QueueFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (*((value, label) for value, (label, _) in _LIVE.items()), (ALL, "All"))

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        # What is asked for by a status, or by when it ended, the open view would hide.
        self._default = default_view(request.GET)
        super().__init__(request, params, model, model_admin)
        everything = model_admin.get_queryset(request)
        # Asked for now, so that they are counted together with what the navigation counts.
        ask_count(
            request,
            {_named(value): self.narrow(everything, value, request) for value, _ in self.views},
        )

    def default(self) -> str:
        return self._default

    def narrow(self, queryset: Any, value: str, request: HttpRequest) -> QuerySet:
        if value not in _LIVE:
            return queryset  # type: ignore[no-any-return]
        return _LIVE[value][1](queryset.live(), request.user)

    def count(self, everything: QuerySet, value: str, request: HttpRequest) -> Any:
        # Read when shown, by when the navigation has asked for its counts too.
        return SimpleLazyObject(lambda: count_words(counted(request)[_named(value)]))


def _named(view: str) -> str:
    return f"tab_{view}"


def default_view(asked: Iterable[str]) -> str:
    return ALL if any(name.startswith(("status", "ended")) for name in asked) else "open"
