"""What a report may be narrowed by, in the address: what makes no sense is refused and named."""

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request

from breaks.models import Team
from matching.models import Reconciliation
from reporting.scope import Scope
from trades.api.base import ApiView
from trades.api.serializing import Input, TradeDate
from trades.models import Source

_NAMES: dict[str, tuple[Any, str]] = {
    "reconciliation": (Reconciliation, "reconciliation"),
    "source": (Source, "source"),
    "team": (Team, "team"),
}


class RunScopeInput(Input):
    """The dates, reconciliation and source a report is of; without them it is of all."""

    from_date = TradeDate(required=False, help_text="The first trade date.")
    to_date = TradeDate(required=False, help_text="The last trade date, included.")
    reconciliation = serializers.CharField(required=False, help_text="Its code.")
    source = serializers.CharField(  # type: ignore[assignment]
        required=False, help_text="Code of either side's source."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """:raises ValidationError: if the dates are in no order or a code is nothing's."""
        first, last = attrs.get("from_date"), attrs.get("to_date")
        if first and last and first > last:
            raise serializers.ValidationError(
                {"to_date": f"{last} lies before from_date, {first}; swap the two."}
            )
        for name in _NAMES.keys() & attrs.keys():
            model, word = _NAMES[name]
            codes = list(model.objects.order_by("code").values_list("code", flat=True))
            if attrs[name] not in codes:
                known = ", ".join(codes) or "none"
                raise serializers.ValidationError(
                    {name: f"There is no {word} {attrs[name]!r}; there are: {known}."}
                )
        return attrs


class ScopeInput(RunScopeInput):
    """The same, and the team whose breaks it is of."""

    team = serializers.CharField(required=False, help_text="Code of the team that works them.")


class ReportView(ApiView):
    """A view of what a scope holds; `passes` are parameters that others read."""

    scope_class: ClassVar[type[RunScopeInput]] = ScopeInput
    passes: ClassVar[frozenset[str]] = frozenset()

    def scope(self, request: Request) -> Scope:
        """
        Return what the address asks for.

        :raises ValidationError: if a parameter is wrong or not known.
        """
        given = {
            name: value for name, value in request.query_params.items() if name not in self.passes
        }
        checked = self.scope_class(data=given)
        checked.is_valid(raise_exception=True)
        return Scope(user=self.caller, **checked.validated_data)
