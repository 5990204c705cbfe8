"""Findings through their life: found, found again, dismissed, gone."""

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django_celery_beat.models import PeriodicTask

from breaks.models import TradeBreak
from matching.models import Match
from tests import factories
from trades.models import Trade
from workflows import tasks
from workflows.models import RootCauseAnalysis, RootCauseBreak, RootCauseFinding
from workflows.services.causes import AnalysisBusy, analyse, dismiss

pytestmark = pytest.mark.django_db
DAY, NOW = factories.TRADE_DATE, factories.NOW


def hundredfold(count: int, account: str = "FUND1", others: int = 60) -> list[TradeBreak]:
    """Put pairs on the desk whose custodian price is a hundredfold, among others that agree."""
    for number in range(others):
        factories.trade(account_code=f"ELSE{number % 6}", executed_at=NOW, venue="XNYS")
    found = []
    for number in range(count):
        one = {"account_code": account, "executed_at": NOW, "venue": "XNYS"}
        left = factories.trade(price=f"{100 + number}", **one)
        right = factories.trade(source="custodian", price=f"{(100 + number) * 100}", **one)
        match = factories.match(left=[left], right=[right])
        found.append(
            factories.trade_break(
                match=match, left_trade=left, right_trade=right, exposure="1000000.0000000001",
                left_value=f"{100 + number}", right_value=f"{(100 + number) * 100}",
            )
        )  # fmt: skip
    return found


def test_a_settlement_cycle_is_counted_in_business_days():
    """Thursday's trades settle over Good Friday: one business day apart is four by the calendar."""
    thursday, settled = date(2026, 4, 2), [date(2026, 4, 6), date(2026, 4, 7)]
    for number in range(40):
        one = {"trade_date": thursday, "account_code": f"F{number % 4}", "executed_at": NOW}
        left, right = (
            factories.trade(source=source, settlement_date=day, **one)
            for source, day in zip(("oms", "custodian"), settled, strict=True)
        )
        match = factories.match(left=[left], right=[right])
        if number % 4 == 0:
            factories.trade_break(
                match=match, left_trade=left, right_trade=right, break_type="SETTLEMENT_DATE",
                trade_date=thursday, left_value=str(settled[0]), right_value=str(settled[1]),
            )  # fmt: skip

    analyse(reconciliation=factories.reconciliation(), from_date=thursday, to_date=thursday, at=NOW)

    assert only().headline.startswith("OMS settles T+1 and Custodian T+2")


def look_again(at=NOW) -> RootCauseAnalysis:
    between = factories.reconciliation()
    return analyse(reconciliation=between, from_date=DAY, to_date=DAY, at=at)


def only() -> RootCauseFinding:
    return RootCauseFinding.objects.get(beneath=None)


def test_a_finding_is_kept_with_exact_figures_and_its_breaks():
    rows = hundredfold(8)

    analysis = look_again()

    found = only()
    assert (found.mechanism, found.status, found.break_count) == ("PRICE_FACTOR", "OPEN", 8)
    assert str(found.exposure) == "8000000.0000000008"
    assert set(found.breaks.all()) == set(rows)
    assert (analysis.status, analysis.progress_pct, analysis.breaks_explained) == (
        "SUCCEEDED", 100, 8,
    )  # fmt: skip
    assert found.events.get().act == "FOUND"


def test_trying_the_fix_writes_nothing():
    hundredfold(8)
    before = [list(model.objects.order_by("pk").values()) for model in (Trade, Match, TradeBreak)]

    look_again()

    after = [list(model.objects.order_by("pk").values()) for model in (Trade, Match, TradeBreak)]
    assert after == before
    assert only().would_clear == 8


def test_the_next_analysis_refreshes_and_opens_no_twin():
    hundredfold(8)
    look_again()
    first = only()
    hundredfold(4, others=0)

    look_again(NOW + timedelta(days=1))

    found = only()
    assert (found.pk, found.break_count, found.made_at) == (first.pk, 12, NOW)
    assert found.seen_at == NOW + timedelta(days=1)
    assert RootCauseBreak.objects.filter(finding=found).count() == 12


def test_dismissed_stays_so_for_the_same_breaks_and_opens_for_more():
    hundredfold(8)
    look_again()
    person = factories.user("Supervisor")
    dismiss(finding_id=only().pk, version=None, by=person, at=NOW, reason="They quote so.")

    look_again()
    assert only().status == "DISMISSED"

    hundredfold(1, others=0)
    look_again()
    assert (only().status, only().decided_by) == ("OPEN", None)
    assert only().events.last().act == "REOPENED"


def test_it_is_fixed_once_none_of_its_breaks_is_live():
    rows = hundredfold(8)
    look_again()
    done = {"status": "RESOLVED", "resolved_at": NOW, "reason_code": "AUTO_CLEARED"}
    TradeBreak.objects.filter(pk__in=[row.pk for row in rows]).update(**done)

    look_again()
    assert only().status == "FIXED"

    undone = {"status": "OPEN", "resolved_at": None, "reason_code": ""}
    TradeBreak.objects.update(**undone)
    look_again()
    assert only().status == "OPEN"
    assert [one.act for one in only().events.all()] == ["FOUND", "FIXED", "FOUND_AGAIN"]


def test_one_analysis_of_a_reconciliation_at_a_time_and_a_lost_one_is_overtaken():
    between = factories.reconciliation()
    running = RootCauseAnalysis.objects.create(
        reconciliation=between, from_date=DAY, to_date=DAY, started_at=NOW
    )

    with pytest.raises(AnalysisBusy, match="wait until it ends"):
        look_again(NOW + timedelta(minutes=5))
    look_again(NOW + timedelta(hours=1))

    running.refresh_from_db()
    assert (running.status, running.error) == ("FAILED", "Its worker was lost.")


def test_what_fails_half_way_leaves_no_finding(monkeypatch):
    hundredfold(8)
    # A column remembers its table: read before, it does not keep the wrong one for later tests.
    assert all(one.cached_col for one in RootCauseBreak._meta.fields)
    monkeypatch.setattr(
        RootCauseBreak._meta, "db_table", "no_such_table"
    )  # the last write of an analysis

    with pytest.raises(Exception, match="no_such_table"):
        look_again()

    assert RootCauseFinding.objects.count() == 0
    assert RootCauseAnalysis.objects.get().status == "FAILED"


def test_the_number_of_queries_does_not_grow_with_the_breaks(django_assert_max_num_queries):
    hundredfold(40)

    with django_assert_max_num_queries(70):
        look_again()


def test_the_nightly_task_and_the_command_look_at_every_enabled_one():
    hundredfold(8)
    assert PeriodicTask.objects.get(task="tasks.find_causes").enabled

    tasks.find_causes()
    out = StringIO()
    call_command("find_causes", "--json", stdout=out)

    (told,) = json.loads(out.getvalue())
    assert (told["mechanism"], told["breaks"], told["would_clear"]) == ("PRICE_FACTOR", 8, 8)
    assert RootCauseFinding.objects.filter(beneath=None).count() == 1


def test_the_command_says_what_is_wrong():
    with pytest.raises(CommandError, match="no reconciliation 'nope'"):
        call_command("find_causes", "--reconciliation", "nope")
    with pytest.raises(CommandError, match="both --from-date and --to-date"):
        call_command("find_causes", "--from-date", "2026-03-04")
