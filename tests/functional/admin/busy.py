"""A desk in use: the demo's week, and what people did to it, all through the services."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from breaks.models import HistoryRoot, Team, TradeBreak
from breaks.services import approvals, batches, work
from breaks.services.attaching import attach
from breaks.services.backtest import back_test
from breaks.services.batches import Asked
from breaks.services.saved_views import save_view
from matching.models import ReconciliationRun, RuleSet
from matching.services import rule_sets
from tests import factories


@dataclass(frozen=True)
class Desk:
    """Who sits there: two analysts of one team, their supervisor, who sees every page."""

    analyst: User
    other: User
    supervisor: User
    everything: User


def busy_desk(*, trades: int) -> Desk:
    """Seed the demo with so many trades, and let three people and a superuser work on it."""
    call_command("seed_demo", trades=trades, verbosity=0, json=True)
    desk = Desk(
        analyst=factories.user("Analyst", username="ana", first_name="Ana", last_name="Ruiz"),
        other=factories.user("Analyst", username="chen", first_name="Wei", last_name="Chen"),
        supervisor=factories.user("Supervisor", username="sam", first_name="Sam"),
        everything=factories.user(username="ada", is_superuser=True),
    )
    for team in Team.objects.filter(code__in=("operations", "operations-analysts")):
        team.members.add(desk.analyst, desk.other, desk.supervisor)
    _work_breaks(desk)
    _try_rules(desk)
    for person in (desk.analyst, desk.everything):
        save_view(name="Critical ones", query="severity__exact=CRITICAL", by=person)
        save_view(name="Prices", query="break_type__exact=PRICE", by=person)
    return desk


def _work_breaks(desk: Desk) -> None:
    now = timezone.now()
    live = TradeBreak.objects.live().visible_to(desk.analyst).order_by("-rank", "-pk")
    keys = list(live.values_list("pk", flat=True)[:24])
    ana = {"by": desk.analyst, "at": now, "version": None}
    for key in keys[:4]:
        work.claim(break_id=key, **ana)
    work.claim(break_id=keys[4], version=None, by=desk.other, at=now)
    work.comment(break_id=keys[0], text="Called the custodian; they look at their side.", **ana)
    attach(break_id=keys[0], name="their-mail.eml", content=b"Subject: your fill", **ana)
    work.escalate(break_id=keys[1], reason="No answer since yesterday.", **ana)
    until = now + timedelta(hours=3)
    work.await_counterparty(break_id=keys[2], reason="Their confirmation", until=until, **ana)
    for key in keys[5:8]:
        approvals.accept(break_id=key, comment="Below what a claim would cost.", **ana)
    asked = [Asked(key, None, "comment", {"text": "In their mail too."}) for key in keys[3:7]]
    batches.do(asked=asked, act="comment", by=desk.analyst, at=now)
    booked = {"reason_code": "BOOKED", "comment": "late ticket"}
    asked = [Asked(key, None, "resolve", booked) for key in keys[8:11]]
    batches.do(asked=asked, act="resolve", by=desk.analyst, at=now)
    asked = [Asked(key, None, "escalate", {"reason": "end of day"}) for key in keys[11:13]]
    taken_back = batches.do(asked=asked, act="escalate", by=desk.supervisor, at=now)
    batches.undo_batch(batch_id=taken_back.pk, by=desk.supervisor, at=now)
    yesterday = timezone.localdate() - timedelta(days=1)
    HistoryRoot.objects.create(
        day=yesterday, breaks=0, events=0, last_event=0, digest="0" * 64, previous_digest="", at=now
    )


def _try_rules(desk: Desk) -> None:
    now, by = timezone.now(), desk.supervisor
    active = RuleSet.objects.filter(status="ACTIVE").first()
    definition = dict(active.definition) | {"name": "Trades, dearer prices"}
    draft = rule_sets.draft(
        name=active.name, definition=definition, note="Prices weigh more", by=by, at=now
    )
    run = ReconciliationRun.objects.filter(status="SUCCEEDED").first()
    back_test(rule_set_id=draft.pk, run_id=run.pk, by=by, at=now)
    approvals.activate_rules(rule_set_id=draft.pk, reason="Nothing is lost by it.", by=by, at=now)
