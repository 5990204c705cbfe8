"""What a person says of an automatic match that was drawn at random: right, or wrong."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from breaks.models import ApprovalRequest
from breaks.services.acting import check_actor, clean
from breaks.services.approvals.doors import unmatch
from breaks.services.lifecycle import WorkRefused
from matching.choices import MatchStatus, QaVerdict
from matching.models import Match, QaSample


class VerdictRefused(WorkRefused):
    """No verdict was written; the sentence says why and what to do."""


@transaction.atomic
def judge(
    *, sample_id: int, verdict: QaVerdict, note: str = "", by: User, at: datetime
) -> tuple[QaSample, Match | ApprovalRequest | None]:
    """
    Write what a person found, once; a wrong match is taken apart, or that is asked for.

    Return the sample, and what became of the match if it is wrong. "Right" changes nothing of the
    match: it is a measurement and not a decision, and a later run may still pair it anew.

    :raises VerdictRefused: if it is judged already, does not stand any more, is the work of
        whoever judges, or is wrong without a reason.
    :raises DecisionRefused: as `unmatch` does.
    :raises WorkRefused: if the actor may not act, or may not see one of the match's breaks.
    """
    check_actor(by)
    said = clean(note)
    sample = _standing(sample_id, by)
    if verdict == QaVerdict.WRONG and not said:
        raise VerdictRefused("Say what is wrong with it: the reason is kept with the trades.")
    written = QaSample.objects.filter(pk=sample.pk, verdict="").update(
        verdict=verdict, verdict_by=by, verdict_at=at, note=said
    )
    sample.refresh_from_db()
    if not written:
        raise VerdictRefused(_judged(sample))
    if verdict == QaVerdict.RIGHT:
        return sample, None
    became = unmatch(match_id=sample.match_id, reason=f"QA sample: {said}", by=by, at=at)
    return sample, became


def _standing(sample_id: int, by: User) -> QaSample:
    sample = QaSample.objects.select_related("match", "verdict_by").filter(pk=sample_id).first()
    if sample is None:
        raise VerdictRefused(f"There is no QA sample {sample_id}.")
    if sample.verdict:
        raise VerdictRefused(_judged(sample))
    match = sample.match
    if match.status != MatchStatus.MATCHED:
        raise VerdictRefused(
            f"{match} is {match.get_status_display().lower()}: there is nothing left to judge. "
            "Take the next one."
        )
    if match.decided_by_id == by.pk:
        raise VerdictRefused(
            f"You decided on {match} yourself; somebody else has to say whether it is right."
        )
    return sample


def _judged(sample: QaSample) -> str:
    return (
        f"{sample.verdict_by} called it {sample.get_verdict_display().lower()} at "
        f"{sample.verdict_at:%Y-%m-%d %H:%M} UTC; a verdict is given once."
    )
