from typing import Any

from django.contrib.auth.models import User
from rest_framework import serializers

from breaks.choices import FOR_RESOLVING, ReasonCode
from breaks.models import Team
from matching.models import Reconciliation
from matching.selectors import UnknownReconciliation, reconciliation_named
from trades.api.serializing import LARGEST_KEY, Input

LONGEST_TEXT = 10_000
RESOLVING = [(code.value, code.label) for code in FOR_RESOLVING]


class Text(serializers.CharField):
    """What a person has to say; `required` also means not blank."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_TEXT)
        super().__init__(allow_blank=not kwargs.get("required", True), **kwargs)


class NothingInput(Input):
    """An empty object, or no body at all."""


class AssignInput(Input):
    assigned_to = serializers.CharField(
        source="to",
        allow_null=True,
        help_text="A user's name; null gives the break back to the queue.",
    )
    reason = Text(required=False)

    def validate_assigned_to(self, name: str | None) -> User | None:
        if name is None:
            return None
        found = User.objects.filter(username=name, is_active=True).first()
        if found is None:
            raise serializers.ValidationError(f"There is no active user {name!r}.")
        return found


class RouteInput(Input):
    team = serializers.SlugRelatedField(
        slug_field="code",
        queryset=Team.objects.all(),
        allow_null=True,
        help_text="A team's code; null gives the break to everybody.",
    )
    reason = Text(required=False)


class AttachInput(Input):
    file = serializers.FileField(max_length=1000, help_text="At most 10 MB.")


class CommentInput(Input):
    text = Text()


class AwaitInput(Input):
    reason = Text(help_text="What the counterparty was asked.")
    until = serializers.DateTimeField(
        required=False, allow_null=True, help_text="How long its answer is waited for."
    )


class ReasonInput(Input):
    reason = Text()


class OptionalReasonInput(Input):
    reason = Text(required=False, default="")


class ResolveInput(Input):
    reason_code = serializers.ChoiceField(RESOLVING)
    comment = Text(required=False, default="", help_text="Needed for NOT_A_BREAK.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["reason_code"] == ReasonCode.NOT_A_BREAK and not attrs["comment"]:
            raise serializers.ValidationError(
                {"comment": "Say in a comment why it is not a break."}, code="required"
            )
        return attrs


class AcceptInput(Input):
    comment = Text(help_text="Why the loss is accepted.")


class PairInput(Input):
    """Trades a person says are the same business, one or more a side, by their ids here."""

    reconciliation = serializers.SlugField()
    source1_trades = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_KEY),
        allow_empty=False,
        max_length=1000,
    )
    source2_trades = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_KEY),
        allow_empty=False,
        max_length=1000,
    )
    reason = Text()

    def validate_reconciliation(self, code: str) -> Reconciliation:
        try:
            return reconciliation_named(code)
        except UnknownReconciliation as unknown:
            raise serializers.ValidationError(str(unknown)) from unknown
