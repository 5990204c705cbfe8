"""Who is told when the active model is past a limit of the watch."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from predictions.choices import Watched
from predictions.models import Crossing
from workflows.choices import NoticeKind
from workflows.services.notifications import Notice, notify
from workflows.services.notifications.happenings import with_permission

# Whoever sets the limits hears of them.
SET_LIMITS = "predictions.change_scoringsettings"


def watch_and_tell(*, at: datetime) -> list[Crossing]:
    """
    Count the weeks of the active model, and tell of each limit it passed since the last time.

    A limit it is still past is told of no more until the model was back within it.

    :raises ModelAbsent: if there is no model.
    :raises ModelAltered: if its file is not the one that was registered.
    """
    # Only here, since it loads pandas.
    from predictions.services.watching import count_weeks, pass_limits

    count_weeks(at=at)
    with transaction.atomic():
        crossed = pass_limits(at=at)
        _tell(crossed, at)
    return crossed


def _tell(crossed: Sequence[Crossing], at: datetime) -> None:
    from predictions.words import words_of

    people = list(with_permission(SET_LIMITS))
    notify(
        [
            Notice(
                kind=NoticeKind.MODEL_WATCH,
                key=f"model-watch:{row.pk}",
                subject=_subject(row, words_of(row.feature)),
                text=f"Week of {row.week}: {row.value:.3f}, and the limit is {row.limit:g}. The "
                "page shows the weeks; training again lets the model learn from the newest "
                "trades.",
                link=reverse("admin:predictions_watchedweek_changelist"),
                people=people,
            )
            for row in crossed
        ],
        at=at,
    )


def _subject(row: Crossing, words: str) -> str:
    if row.watched == Watched.CALIBRATION:
        return "Predictions are off: probabilities no longer meet the share that breaks"
    return f"Trades are unlike those the model learnt from: {words[:1].lower()}{words[1:]}"
