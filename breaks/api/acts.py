"""What a caller does to a break: one view an act, each a call of one service."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from breaks.api import inputs
from breaks.api.asked import AskedOutput, asked
from breaks.api.outputs import BreakOutput
from breaks.api.views import SeenBreaks, breaks_to_show
from breaks.models import ApprovalRequest, TradeBreak
from breaks.services import approvals, work
from breaks.services.lifecycle import TransitionNotAllowed, WorkRefused
from trades.api.preconditions import IF_MATCH, IF_MATCH_OPTIONAL, etag, version_named
from trades.api.problems import Conflict, Stale


@contextmanager
def refusals() -> Iterator[None]:
    """
    Turn what the services of breaks refuse into answers of the API.

    :raises Stale: with the break as it is now and who changed it.
    :raises Conflict: for any other refusal.
    """
    try:
        yield
    except work.StaleBreak as stale:
        last = stale.current.events.select_related("by").last()
        raise Stale(
            str(stale),
            current=BreakOutput(breaks_to_show().get(pk=stale.current.pk)).data,
            changed_by=last.by.get_username() if last and last.by else None,
            changed_at=last.at if last else None,
        ) from stale
    except TransitionNotAllowed as refusal:
        raise Conflict(str(refusal), code="transition_not_allowed") from refusal
    except WorkRefused as refusal:
        raise Conflict(str(refusal), code="refused") from refusal


class BreakAct(SeenBreaks):
    """An act on a break; the answer is the break as it then is."""

    needs = {"POST": "breaks.work_tradebreak"}
    queryset = TradeBreak.objects.all()
    serializer_class = BreakOutput
    header_parameters = [IF_MATCH]
    needs_version: ClassVar[bool] = True
    service: ClassVar[Callable[..., TradeBreak | ApprovalRequest]]

    def get_queryset(self) -> QuerySet:
        return self.seen(TradeBreak.objects.all())

    @extend_schema(responses={200: BreakOutput})
    def post(self, request: Request, pk: int) -> Response:
        trade_break = self.get_object()
        version = version_named(request, required=self.needs_version)
        given = self.given(request)
        with refusals():
            done = type(self).service(
                break_id=trade_break.pk,
                version=version,
                by=self.caller,
                at=timezone.now(),
                **given,
            )
        return asked(done) if isinstance(done, ApprovalRequest) else self._now(pk)

    def _now(self, pk: int) -> Response:
        trade_break = breaks_to_show().get(pk=pk)
        shown = self.get_serializer(trade_break).data
        return Response(shown, headers={"ETag": etag(trade_break.version)})


class Claim(BreakAct):
    """Take a break to work on it."""

    input_class = inputs.NothingInput
    service = staticmethod(work.claim)


class Assign(BreakAct):
    """Give a break to somebody, or back to the queue."""

    input_class = inputs.AssignInput
    service = staticmethod(work.assign)


class Route(BreakAct):
    """Give a break to a team; whoever works on it and is not of that team hands it over."""

    input_class = inputs.RouteInput
    service = staticmethod(work.route)


class Comment(BreakAct):
    """Comment on a break of any status."""

    input_class = inputs.CommentInput
    service = staticmethod(work.comment)
    needs_version = False
    header_parameters = [IF_MATCH_OPTIONAL]


class Await(BreakAct):
    """Say that the counterparty was asked."""

    input_class = inputs.AwaitInput
    service = staticmethod(work.await_counterparty)


class Resolve(BreakAct):
    """End a break; if the next run still finds it, it re-opens."""

    input_class = inputs.ResolveInput
    service = staticmethod(work.resolve)


class Accept(BreakAct):
    """
    Write a break off: it stays accepted until one of its values changes.

    202 where the policy wants a second person: it is asked for, and not done yet.
    """

    needs = {"POST": "breaks.accept_tradebreak"}
    input_class = inputs.AcceptInput
    service = staticmethod(approvals.accept)

    @extend_schema(responses={200: BreakOutput, 202: AskedOutput})
    def post(self, request: Request, pk: int) -> Response:
        return super().post(request, pk)


class Reopen(BreakAct):
    """Take up again a break that has ended."""

    input_class = inputs.ReasonInput
    service = staticmethod(work.reopen)


class Escalate(BreakAct):
    """Bring a live break before those above."""

    input_class = inputs.ReasonInput
    service = staticmethod(work.escalate)
