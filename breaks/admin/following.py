"""Edits that due times follow: what would move is said first, and done once that is agreed to."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldBooleanSwitchWidget

from trades.admin.acts import ActForm


class Unconfirmed(Exception):
    """Breaks would be due at another time, and nobody has agreed to that yet."""


def confirmation() -> forms.BooleanField:
    return forms.BooleanField(
        label="Move due times",
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text="Off: if live breaks would be due at another time, you are told how many, and "
        "nothing is changed.",
    )


class FollowedForm(ActForm):
    """The form of an act that due times follow."""

    confirmed = confirmation()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # After what it is about.
        self.order_fields([name for name in self.fields if name != "confirmed"])


def look_first(edit: Callable[[], Any], *, confirmed: bool) -> None:
    """
    Try an edit, a call with ``trial=True``, and see that its effect was agreed to.

    :raises Unconfirmed: if breaks would move and it was not.
    """
    from breaks.services import sla

    found = sla.foresee(edit, at=timezone.now())
    if found is None or not found.moved or confirmed:
        return
    among = f"{found.looked_at:,} live breaks" if found.is_whole else (
        f"the first {found.looked_at:,} live breaks (there are more)"
    )  # fmt: skip
    raise Unconfirmed(
        f"Of {among} that it may touch, {found.moved:,} would be due at another time: "
        f"{found.earlier:,} earlier, {found.moved - found.earlier:,} later or paused; "
        f"{found.become_late:,} would be late at once. Nothing was changed yet: switch on "
        "“Move due times” to do it."
    )


def refusals() -> tuple[type[Exception], ...]:
    from breaks.exchanges import UnknownExchange
    from breaks.services.lifecycle import WorkRefused

    return (Unconfirmed, WorkRefused, UnknownExchange)


def followed_words(change: Any) -> str:
    """Say what a change of due times has done so far."""
    if change is None:
        return "Saved; no due time follows from it."
    if change.finished_at is None:
        return (
            f"Saved. A worker recalculates {change.to_look_at:,} live breaks; see Changes of due "
            "times for how far it is."
        )
    return f"Saved. {change.moved:,} of {change.looked_at:,} live breaks are due at another time."
