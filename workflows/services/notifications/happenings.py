"""What is told of: assignments, approvals, runs that failed, files that are late."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.urls import reverse

from breaks.choices import ApprovalStatus, GuardedAct
from breaks.models import ApprovalRequest, TradeBreak
from breaks.services.history import Entry
from connectors.models import Feed
from matching.choices import RunStatus
from matching.models import ReconciliationRun
from workflows.choices import NoticeKind
from workflows.models import Notification
from workflows.services.notifications.outbox import Notice, notify
from workflows.services.notifications.words import SAID_OF, about, links_to, sees, subject_of

DECIDE = "breaks.decide_approvalrequest"
SET_UP = "matching.change_reconciliation"
# A run that failed longer ago is nobody's news.
TOLD_WITHIN = timedelta(days=2)
_BY_GROUPS = "django.contrib.auth.backends.ModelBackend"


def tell_history(entries: Sequence[Entry], at: datetime) -> None:
    """Tell whoever breaks were assigned to, but for those who took them themselves."""
    given = [
        (entry, str(entry.detail["assigned_to"]))
        for entry in entries
        if entry.detail.get("assigned_to")
        and entry.detail["assigned_to"] != (entry.by and entry.by.get_username())
    ]
    if not given:
        return
    people = _people(User.objects.filter(username__in={name for _, name in given}))
    by_name = {person.get_username(): person for person in people}
    keys = sorted({entry.trade_break.pk for entry, _ in given})
    rows, links = _said_of(keys), links_to(keys)
    notify(
        [
            Notice(
                kind=NoticeKind.ASSIGNMENT,
                key=f"assigned:{entry.trade_break.pk}:{entry.trade_break.version}",
                subject=f"Assigned to you: {subject_of(rows[entry.trade_break.pk])}",
                text=about(rows[entry.trade_break.pk], by=entry.by, reason=entry.reason),
                link=links[entry.trade_break.pk],
                trade_break_id=entry.trade_break.pk,
                people=[by_name[name]],
            )
            for entry, name in given
            if name in by_name
        ],
        at=at,
    )


def tell_asked(request: ApprovalRequest, at: datetime) -> None:
    """Tell those who may decide on a request, and may see its break, that it waits for them."""
    row = request.trade_break
    deciders = _people(with_permission(DECIDE).exclude(pk=request.made_by_id))
    act = GuardedAct(request.act).label
    notify(
        [
            Notice(
                kind=NoticeKind.APPROVAL_ASKED,
                key=f"asked:{request.pk}",
                subject=f"Waits for approval: {act.lower()}, asked by {request.made_by}",
                text=f"{request.summary}\n{request.reason}",
                link=_request_link(request),
                trade_break_id=request.trade_break_id,
                people=[one for one in deciders if row is None or sees(one, row)],
            )
        ],
        at=at,
    )


def tell_decided(request: ApprovalRequest, at: datetime) -> None:
    """Tell whoever made a request what became of it, unless they took it back themselves."""
    if request.decided_by_id == request.made_by_id:
        return
    outcome = ApprovalStatus(request.status).label.lower()
    act = GuardedAct(request.act).label.lower()
    said = [f"{request.summary}", f"{request.decided_by}: {request.decision_note}".rstrip(": ")]
    notify(
        [
            Notice(
                kind=NoticeKind.APPROVAL_DECIDED,
                key=f"decided:{request.pk}",
                subject=f"Request {request.pk} was {outcome}: {act}",
                text="\n".join(said),
                link=_request_link(request),
                trade_break_id=request.trade_break_id,
                people=[request.made_by],
            )
        ],
        at=at,
    )


def tell_failed_runs(*, at: datetime) -> None:
    """
    Tell the administrators of every run that failed of late; one told of before costs a query.

    A run fails in an app below, and its row is committed by then: looked for again at every
    sending, none is missed.
    """
    failed = ReconciliationRun.objects.filter(
        status=RunStatus.FAILED, finished_at__gt=at - TOLD_WITHIN
    ).select_related("reconciliation")
    runs = {f"run-failed:{run.pk}": run for run in failed.order_by("pk")}
    known = Notification.objects.filter(key__among=list(runs), kind=NoticeKind.RUN_FAILED)
    for key in set(known.values_list("key", flat=True)):
        del runs[key]
    if not runs:
        return
    people = list(with_permission(SET_UP))
    notify(
        [
            Notice(
                kind=NoticeKind.RUN_FAILED,
                key=key,
                subject=f"Run {run.pk} of {run.reconciliation.code} failed",
                text=f"Trade dates {run.from_date} to {run.to_date}.\n{run.error}",
                link=reverse("admin:matching_reconciliationrun_change", args=[run.pk]),
                people=people,
            )
            for key, run in runs.items()
        ],
        at=at,
    )


def tell_late_file(
    *, feed: Feed, business_date: date, sentence: str, at: datetime, people: Sequence[User] = ()
) -> list[str]:
    """
    Tell that the file of a feed is late, once a date; return the names of those who are told.

    `sentence` says since when. Without `people` the administrators are told.
    """
    told = list(people) or list(with_permission(SET_UP))
    notify(
        [
            Notice(
                kind=NoticeKind.LATE_FILE,
                key=f"late:{feed.pk}:{business_date}",
                subject=f"{feed.code} is late for {business_date}",
                text=sentence,
                link=reverse("admin:connectors_feed_change", args=[feed.pk]),
                people=told,
            )
        ],
        at=at,
    )
    return sorted(person.get_username() for person in told)


def with_permission(permission: str) -> QuerySet[User]:
    """Return the active people who hold a permission, superusers included."""
    holders: QuerySet[User] = User.objects.with_perm(permission, backend=_BY_GROUPS)
    return holders.filter(is_active=True, is_staff=True).order_by("pk")


def _said_of(break_ids: Sequence[int]) -> Mapping[int, TradeBreak]:
    """Return breaks with what words are made of; the few sources they are between, once."""
    rows = TradeBreak.objects.filter(pk__among=break_ids).only(*SAID_OF).order_by()
    between = rows.prefetch_related("reconciliation__left_source", "reconciliation__right_source")
    return {row.pk: row for row in between}


def _people(people: QuerySet[User]) -> list[User]:
    return list(people.prefetch_related("teams"))


def _request_link(request: ApprovalRequest) -> str:
    return reverse("admin:breaks_approvalrequest_change", args=[request.pk])
