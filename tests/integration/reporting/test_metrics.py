"""Every figure once more by brute force, on a random desk; and the page that defines them."""

import random
import re
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from breaks.choices import LIVE, BreakStatus, BreakType, Severity
from breaks.models import TradeBreak
from matching.models import MatchLeg, Reconciliation, ReconciliationRun
from reporting.api.outputs import (
    AgedBreakOutput,
    RootCauseOutput,
    RunRowOutput,
    SummaryOutput,
)
from reporting.models import DailySnapshot
from reporting.scope import Scope
from reporting.selectors.aging import aging
from reporting.selectors.root_cause import root_cause
from reporting.selectors.summary import summary
from reporting.services.snapshots import COUNTS, STANDING
from tests import factories
from tests.both_databases import on_both
from tests.factories import NOW, TRADE_DATE
from trades.models import Trade

PAGE = Path(__file__).parents[3] / "docs/reference/metrics.md"
DAYS = 9


def filled(seed: int) -> SimpleNamespace:
    """Fill a desk: trades in matches and out, runs that overlap, breaks of every state."""
    dice = random.Random(seed)  # noqa: S311  repeatable, not secret
    pairs = [factories.reconciliation(), factories.reconciliation("oms-exchange",
             right_source="exchange")]  # fmt: skip
    boss, analyst = factories.user("Supervisor"), factories.user("Analyst")
    teams = [factories.team("ours", analyst), factories.team("theirs"), None]
    trades: dict[int, list[tuple[Trade, Trade]]] = {}
    for between in pairs:
        for offset in range(DAYS):
            for status in dice.choices(["MATCHED", "PROPOSED", None], k=dice.randint(0, 2)):
                day = TRADE_DATE + timedelta(offset)
                left, right = (
                    factories.trade(source=source, trade_date=day, counterparty=None, account=None)
                    for source in (between.left_source, between.right_source)
                )
                trades.setdefault(between.pk, []).append((left, right))
                if status:
                    factories.match(
                        left=[left], right=[right], reconciliation=between, status=status,
                        decision="AUTO" if status == "MATCHED" else "REVIEW",
                    )  # fmt: skip
                elif dice.random() < 0.5:
                    Trade.objects.filter(pk=left.pk).update(state="CANCELLED")
        for _ in range(7):
            first = dice.randint(0, DAYS)
            factories.run(
                reconciliation=between, from_date=TRADE_DATE + timedelta(first),
                to_date=TRADE_DATE + timedelta(first + dice.choice([0, 0, 1])),
                status=dice.choice(["SUCCEEDED", "SUCCEEDED", "FAILED"]),
                finished_at=NOW + timedelta(hours=dice.randint(0, 6)),
                **{name: dice.randint(20, 40) for name in ("left_trades", "right_trades")},
                **{name: dice.randint(0, 20) for name in ("matched_left", "matched_right",
                   "auto_matched", "manual_review", "breaks_identified")},
            )  # fmt: skip
    for _ in range(45):
        between = dice.choice(pairs)
        left, right = dice.choice(trades[between.pk])
        opened = NOW - timedelta(hours=dice.randint(0, 500))
        status = dice.choice(list(BreakStatus))
        factories.trade_break(
            dice.choice([BreakType.PRICE, BreakType.QUANTITY, BreakType.FEES]),
            reconciliation=between, left_trade=left, right_trade=right, status=status,
            severity=dice.choice(list(Severity)), team=dice.choice(teams), opened_at=opened,
            resolved_at=opened + timedelta(minutes=dice.randint(1, 900))
            if status not in LIVE else None,
            resolved_by=boss if status not in LIVE else None,
            due_at=opened + timedelta(hours=dice.randint(1, 400)),
            paused_at=NOW - timedelta(hours=9) if status == "AWAITING_COUNTERPARTY" else None,
            exposure=dice.choice([None, Decimal(dice.randint(1, 10**20)) / 10**6]),
            currency="USD", assigned_to=dice.choice([None, analyst, boss]),
        )  # fmt: skip
    return SimpleNamespace(boss=boss, analyst=analyst)


def scopes(desk: SimpleNamespace) -> list[Scope]:
    days: dict[str, Any] = {
        "from_date": TRADE_DATE + timedelta(2),
        "to_date": TRADE_DATE + timedelta(5),
    }
    return [
        Scope(user=desk.boss),
        Scope(user=desk.analyst),
        Scope(user=desk.boss, **days),
        Scope(user=desk.analyst, **days, source="exchange"),
        Scope(user=desk.boss, reconciliation="oms-custodian", team="ours"),
    ]


# --- plain Python ----------------------------------------------------------------------------


def seen(scope: Scope) -> list[TradeBreak]:
    return [row for row in TradeBreak.objects.select_related(
        "reconciliation__left_source", "reconciliation__right_source", "team", "assigned_to"
    ) if may_see(scope.user, row) and within(scope, row.trade_date)
        and compares(scope, row.reconciliation)
        and scope.team in (None, row.team and row.team.code)]  # fmt: skip


def may_see(user: User, row: TradeBreak) -> bool:
    every = user.groups.filter(name="Supervisor").exists()
    ours = row.team is None or user in row.team.members.all()
    return every or ours or row.assigned_to == user


def within(scope: Scope, day: date) -> bool:
    return (scope.from_date or date.min) <= day <= (scope.to_date or date.max)


def compares(scope: Scope, between: Reconciliation) -> bool:
    sides = (between.left_source.code, between.right_source.code)
    return scope.reconciliation in (None, between.code) and scope.source in (None, *sides)


def paired(scope: Scope) -> Counter:
    """Count trades by going over each run against each, and each date that none tells."""
    total: Counter = Counter()
    for between in Reconciliation.objects.select_related("left_source", "right_source"):
        if compares(scope, between):
            told = by_runs(scope, between, total)
            by_hand(scope, between, told, total)
    return total


def sides_of(scope: Scope, between: Reconciliation) -> list[str]:
    both = {"left": between.left_source.code, "right": between.right_source.code}
    return [side for side, code in both.items() if scope.source in (None, code)]


def by_runs(scope: Scope, between: Reconciliation, total: Counter) -> set[date]:
    """Add what the runs tell, and return the dates they do."""
    told: set[date] = set()
    ended = list(ReconciliationRun.objects.filter(reconciliation=between, status="SUCCEEDED"))
    for run in ended:
        newer = [one for one in ended if (one.finished_at, one.pk) > (run.finished_at, run.pk)]
        if any(one.from_date <= run.to_date and one.to_date >= run.from_date for one in newer):
            continue
        if not (within(scope, run.from_date) and within(scope, run.to_date)):
            continue
        length = (run.to_date - run.from_date).days + 1
        told |= {run.from_date + timedelta(n) for n in range(length)}
        for side in sides_of(scope, between):
            total["trades"] += getattr(run, f"{side}_trades")
            total["matched"] += getattr(run, f"matched_{side}")
        total["auto"] += run.auto_matched
        total["review"] += run.manual_review
    return told


def by_hand(scope: Scope, between: Reconciliation, told: set[date], total: Counter) -> None:
    """Add the trades of all other dates, one by one."""
    live = MatchLeg.objects.filter(reconciliation=between, is_live=True)
    legs = {leg.trade_id: leg.match for leg in live.select_related("match")}
    matches = set()
    for side in ("left", "right"):
        for trade in Trade.objects.filter(source=getattr(between, f"{side}_source")):
            match = legs.get(trade.pk)
            if trade.trade_date in told or not within(scope, trade.trade_date):
                continue
            if match:
                matches.add(match)
            if side in sides_of(scope, between) and (match or trade.state != "CANCELLED"):
                total["trades"] += 1
                total["matched"] += bool(match and match.status == "MATCHED")
    total["auto"] += sum((one.status, one.decision) == ("MATCHED", "AUTO") for one in matches)
    total["review"] += sum(one.status == "PROPOSED" for one in matches)


def expected(scope: Scope, at: datetime) -> dict[str, Any]:
    rows, pairs = seen(scope), paired(scope)
    live = [row for row in rows if row.status in LIVE]
    ended = [row for row in rows if row.status not in LIVE]
    known = [row.exposure for row in live if row.exposure is not None]
    ends = [(row.resolved_at or at, row) for row in ended]
    took = [(end - row.opened_at).total_seconds() for end, row in ends]
    found = pairs["auto"] + pairs["review"]
    return {
        "total_trades": pairs["trades"],
        "match_rate": round(pairs["matched"] / pairs["trades"], 4) if pairs["trades"] else None,
        "auto_match_rate": round(pairs["auto"] / found, 4) if found else None,
        "total_breaks": len(rows),
        "open_breaks": len(live),
        "resolved_breaks": len(ended),
        "overdue_breaks": sum(row.due_at <= (row.paused_at or at) for row in live),
        "open_exposure": sum(known, Decimal(0)),
        "open_exposure_by_currency": {"USD": sum(known, Decimal(0))} if known else {},
        "open_exposure_unknown": len(live) - len(known),
        "mean_time_to_resolve_seconds": sum(took) / len(took) if took else None,
        "sla_met_pct": round(
            100 * sum(end <= row.due_at for end, row in ends) / len(ended), 4
        ) if ended else None,
    }  # fmt: skip


def money(told: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with its money as numbers, and without its time."""
    told.pop("timestamp")
    told["open_exposure"] = Decimal(told["open_exposure"])
    by = told["open_exposure_by_currency"]
    return told | {"open_exposure_by_currency": {code: Decimal(by[code]) for code in by}}


def each_figure_equals_one_counted_by_hand():
    desk, sums = filled(seed=5), []
    for scope in scopes(desk):
        told = money(dict(SummaryOutput(summary(scope, at=NOW)).data))
        wanted = expected(scope, NOW)
        for name in ("mean_time_to_resolve_seconds", "sla_met_pct"):
            assert abs((told.pop(name) or 0) - (wanted.pop(name) or 0)) < 0.001, name
        assert told == wanted, scope
        sums.append(told)

        rows = seen(scope)
        live = [row for row in rows if row.status in LIVE]
        for bucket in aging(scope, at=NOW):
            most = timedelta(bucket["to_days"] or 10_000)
            of_age = [row.severity for row in live
                      if timedelta(bucket["from_days"]) <= NOW - row.opened_at < most]  # fmt: skip
            assert bucket["by_severity"] == {one.value: of_age.count(one) for one in Severity}
            assert bucket["total"] == len(of_age)

        causes = root_cause(scope)
        for name, top, of in (
            ("break_type", causes.top_break_types, lambda row: row.break_type),
            ("field", causes.top_fields, lambda row: row.field),
            ("assigned_to", causes.top_assignees,
             lambda row: row.assigned_to and row.assigned_to.username),
        ):  # fmt: skip
            every = Counter(of(row) for row in rows if of(row))
            opened = Counter(of(row) for row in live if of(row))
            assert {row[name]: (row["breaks"], row["open_breaks"]) for row in top} == {
                key: (count, opened[key]) for key, count in every.items()
            }
    # It could have failed: each scope is another.
    assert len({(one["total_trades"], one["total_breaks"]) for one in sums}) == len(sums)
    assert all(0 < one["overdue_breaks"] < one["open_breaks"] for one in sums[:3])


test_on_sqlite, test_on_postgres = on_both(each_figure_equals_one_counted_by_hand, commits=False)


# --- the page --------------------------------------------------------------------------------


def defined() -> dict[str, str]:
    """Return the metrics the page names, each with its query; empty where it says there is none."""
    found: dict[str, str] = {}
    for line in PAGE.read_text().splitlines():
        if cells := re.fullmatch(r"\| (`.*?) \| (.*) \| (.*) \|", line):
            query = cells[3].strip("`") if "SELECT" in cells[3] else ""
            found |= dict.fromkeys(re.findall(r"`(\w+)`", cells[1]), query)
    return found


def test_the_page_names_what_the_code_tells():
    kept = {field.name for field in DailySnapshot._meta.get_fields()}
    told = {
        *SummaryOutput().fields, *RootCauseOutput().fields, "buckets", *COUNTS, *STANDING,
        *(name for name in AgedBreakOutput.Meta.fields if name.endswith("_hours")),
    } - {"timestamp"}  # fmt: skip
    told |= {"matched_trades", "breaks_identified", "duration_seconds"} & {*RunRowOutput().fields}

    assert set(defined()) == told
    assert {*COUNTS, *STANDING} <= kept


def a_query_of_the_page_gives_the_figure():
    desk = filled(seed=8)
    told = money(dict(SummaryOutput(summary(Scope(user=desk.boss), at=NOW)).data))
    queries = defined()
    for name in ("total_breaks", "open_breaks", "resolved_breaks", "overdue_breaks",
                 "open_exposure", "open_exposure_unknown", "sla_met_pct",
                 "mean_time_to_resolve_seconds"):  # fmt: skip
        sql = queries[name].replace("now()", f"'{NOW.isoformat()}'::timestamptz")
        with connection.cursor() as cursor:
            cursor.execute(sql)
            (value,) = cursor.fetchone()
        assert abs(Decimal(value) - Decimal(told[name])) < Decimal("0.001"), name


_, test_queries_on_postgres = on_both(a_query_of_the_page_gives_the_figure, commits=False)
