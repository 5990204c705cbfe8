"""
Plain functions that make rows with sensible defaults; every default can be overridden.

Money, prices and quantities may be given as text. Rows that the migrations make (the five
sources, the groups, the active rule set) are found, not made twice.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, User

from breaks.choices import CATEGORY, BreakStatus, BreakType, ReasonCode, Severity
from breaks.deadlines import due_after, rank_of
from breaks.models import BackTest, SlaPolicy, Team, TradeBreak
from breaks.models.sla import STANDARD
from breaks.models.trade_break import ENDED
from connectors.choices import DeliveryStatus
from connectors.models import Delivery, Feed, Layout, RejectedRow
from matching.choices import LIVE_MATCHES, Decision, LegSide, MatchStatus, RuleSetStatus, RunStatus
from matching.models import (
    Calibration,
    Match,
    MatchAlternative,
    MatchDifference,
    MatchLeg,
    QaDraw,
    QaSample,
    Reconciliation,
    ReconciliationRun,
    RuleSet,
)
from trades.choices import AssetClass, IdentifierScheme, Side, SourceKind
from trades.models import Account, Counterparty, Instrument, InstrumentIdentifier, Source, Trade

TRADE_DATE = date(2026, 3, 4)  # a Wednesday
NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"

_numbers = count(1)
_MONEY = (
    "quantity", "price", "gross_amount", "commission", "fees", "accrued_interest", "net_amount",
    "difference", "exposure",
)  # fmt: skip


def number() -> int:
    """Return the next number of this process: no two rows share one."""
    return next(_numbers)


def _exact(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: Decimal(value) if name in _MONEY and isinstance(value, str | int) else value
        for name, value in values.items()
    }


# --- people ----------------------------------------------------------------------------------


def user(group: str = "", **over: Any) -> User:
    """Make an active user, in `group` where one is named; the password is `PASSWORD`."""
    name = over.pop("username", f"{group.lower() or 'person'}-{number()}")
    password = over.pop("password", PASSWORD)
    made = User.objects.create_user(name, password=password, **{"is_staff": True} | over)
    if group:
        made.groups.add(Group.objects.get(name=group))
    return made


# --- trades ----------------------------------------------------------------------------------


def source(code: str = "oms", **over: Any) -> Source:
    kind = code.upper() if code.upper() in SourceKind else SourceKind.BROKER
    defaults = {"name": code.replace("_", " ").title(), "kind": kind} | over
    made, is_new = Source.objects.get_or_create(code=code, defaults=defaults)
    if over and not is_new:
        for name, value in over.items():
            setattr(made, name, value)
        made.save(update_fields=list(over))
    return made


def instrument(isin: str = "US0378331005", **over: Any) -> Instrument:
    """Find or make the instrument with this ISIN; empty makes one without identifiers."""
    known = InstrumentIdentifier.objects.filter(scheme=IdentifierScheme.ISIN, value=isin).first()
    if isin and known:
        return known.instrument
    defaults = {"name": "Apple Inc.", "asset_class": AssetClass.EQUITY, "currency": "USD"}
    made = Instrument.objects.create(**defaults | over)
    if isin:
        made.identifiers.create(scheme=IdentifierScheme.ISIN, value=isin)
    return made


def counterparty(name: str = "Goldman Sachs International", **over: Any) -> Counterparty:
    return Counterparty.objects.get_or_create(name=name, defaults=over)[0]


def account(code: str = "FUND1", **over: Any) -> Account:
    return Account.objects.get_or_create(code=code, defaults=over)[0]


def trade(**over: Any) -> Trade:
    """
    Make a trade: 100 AAPL bought at 187.50, reported by the OMS.

    `source` may be a code. Amounts follow quantity and price unless given. `instrument`,
    `counterparty` and `account` are made with the reported values; pass None for unresolved.
    """
    unique = number()
    values: dict[str, Any] = {
        "source_trade_id": f"T{unique:06d}",
        "trade_date": TRADE_DATE,
        "side": Side.BUY,
        "quantity": Decimal(100),
        "price": Decimal("187.50"),
        "currency": "USD",
        "commission": Decimal(0),
        "fees": Decimal(0),
        "symbol": "AAPL",
        "isin": "US0378331005",
        "security_name": "Apple Inc.",
        "asset_class": AssetClass.EQUITY,
        "counterparty_name": "Goldman Sachs International",
        "account_code": "FUND1",
        "digest": f"{unique:064x}",
        "received_at": NOW,
        "changed_at": NOW,
    } | _exact(over)
    if not isinstance(values.get("source"), Source):
        values["source"] = source(values.get("source") or "oms")
    values.setdefault("settlement_date", values["trade_date"] + timedelta(days=2))
    if values["price"] is not None:
        values.setdefault("gross_amount", values["quantity"] * values["price"])
        values.setdefault("net_amount", values["gross_amount"])
    if "instrument" not in values:
        values["instrument"] = instrument(values["isin"], name=values["security_name"])
    if "counterparty" not in values and values["counterparty_name"]:
        values["counterparty"] = counterparty(values["counterparty_name"])
    if "account" not in values and values["account_code"]:
        values["account"] = account(values["account_code"])
    values.setdefault("raw", {"trade_id": values["source_trade_id"]})
    return Trade.objects.create(**values)


# --- connectors ------------------------------------------------------------------------------


def layout(code: str | None = None, **over: Any) -> Layout:
    columns = {
        name: name
        for name in ("trade_id", "trade_date", "symbol", "isin", "side", "quantity", "price")
    }
    defaults = {"name": "Canonical names", "columns": columns, "date_formats": ["%Y-%m-%d"]}
    return Layout.objects.create(code=code or f"layout-{number()}", **defaults | over)


def feed(code: str | None = None, **over: Any) -> Feed:
    """Make an enabled feed; `source` may be a code."""
    code = code or f"feed-{number()}"
    values = {"name": code, "connector": "files", "source": "oms"} | over
    if not isinstance(values["source"], Source):
        values["source"] = source(values["source"])
    return Feed.objects.create(code=code, **values)


def delivery(**over: Any) -> Delivery:
    """Make a delivery of a file, LOADED with one row unless told otherwise."""
    unique = number()
    values: dict[str, Any] = {
        "source": "oms",
        "name": f"trades-{unique}.csv",
        "digest": f"{unique:064x}",
        "status": DeliveryStatus.LOADED,
        "received_at": NOW,
    } | over
    if not isinstance(values["source"], Source):
        values["source"] = source(values["source"])
    counts = ("loaded", "amended", "duplicates", "rejected")
    if values["status"] == DeliveryStatus.LOADED and not any(name in values for name in counts):
        values["loaded"] = 1
    values.setdefault("rows_in", sum(values.get(name, 0) for name in counts))
    return Delivery.objects.create(**values)


def rejected_row(**over: Any) -> RejectedRow:
    values: dict[str, Any] = {"line_number": 2, "raw": "T1,not a date", "reason": "no date"} | over
    if "delivery" not in values:
        values["delivery"] = delivery(rejected=1)
    return RejectedRow.objects.create(**values)


# --- matching --------------------------------------------------------------------------------


def rule_set(name: str = "trades", **over: Any) -> RuleSet:
    """Find the active version of these rules, or make a version, active if there is none."""
    active = RuleSet.objects.filter(name=name, status=RuleSetStatus.ACTIVE).first()
    if active and not over:
        return active
    last = RuleSet.objects.filter(name=name).order_by("-version").first()
    values: dict[str, Any] = {
        "version": last.version + 1 if last else 1,
        "status": RuleSetStatus.DRAFT if active else RuleSetStatus.ACTIVE,
        "definition": active.definition if active else {},
    } | over
    return RuleSet.objects.create(name=name, **values)


def reconciliation(code: str = "oms-custodian", **over: Any) -> Reconciliation:
    """Find or make a reconciliation of the OMS and the custodian; sources may be codes."""
    if (found := Reconciliation.objects.filter(code=code).first()) and not over:
        return found
    values: dict[str, Any] = {
        "name": code,
        "left_source": "oms",
        "right_source": "custodian",
    } | over
    for side in ("left_source", "right_source"):
        if not isinstance(values[side], Source):
            values[side] = source(values[side])
    return Reconciliation.objects.update_or_create(code=code, defaults=values)[0]


def run(**over: Any) -> ReconciliationRun:
    """Make a run of one day, SUCCEEDED unless told otherwise."""
    values: dict[str, Any] = {
        "from_date": TRADE_DATE,
        "status": RunStatus.SUCCEEDED,
        "requested_at": NOW,
    } | over
    values.setdefault("to_date", values["from_date"])
    if "reconciliation" not in values:
        values["reconciliation"] = reconciliation()
    if "rule_set" not in values:
        values["rule_set"] = rule_set(values["reconciliation"].rule_set_name)
    if values["status"] != RunStatus.QUEUED:
        values.setdefault("started_at", values["requested_at"])
    if values["status"] in (RunStatus.SUCCEEDED, RunStatus.FAILED):
        values.setdefault("finished_at", values["requested_at"])
    return ReconciliationRun.objects.create(**values)


def match(
    *,
    left: Sequence[Trade],
    right: Sequence[Trade],
    differences: Sequence[dict[str, Any]] = (),
    alternatives: Sequence[Trade] = (),
    **over: Any,
) -> Match:
    """
    Make a match of these trades with its legs, MATCHED unless told otherwise.

    A difference is a dict of `MatchDifference` fields; `alternatives` are trades on the right.
    """
    kind = f"{'1' if len(left) == 1 else 'N'}:{'1' if len(right) == 1 else 'N'}"
    values: dict[str, Any] = {
        "kind": "N:M" if kind == "N:N" else kind,
        "status": MatchStatus.MATCHED,
        "pass_name": "reference",
        "score": 1.0,
        "created_at": NOW,
    } | over
    proposed = values["status"] in (MatchStatus.PROPOSED, MatchStatus.REJECTED)
    values.setdefault("decision", Decision.REVIEW if proposed else Decision.AUTO)
    if "reconciliation" not in values:
        known = values.get("run")
        values["reconciliation"] = known.reconciliation if known else reconciliation()
    if "rule_set" not in values:
        values["rule_set"] = rule_set(values["reconciliation"].rule_set_name)
    days = [leg.trade_date for leg in (*left, *right)]
    values = {"first_trade_date": min(days), "last_trade_date": max(days)} | values
    made = Match.objects.create(**values)
    for side, legs in ((LegSide.LEFT, left), (LegSide.RIGHT, right)):
        for leg in legs:
            MatchLeg.objects.create(
                match=made,
                reconciliation=made.reconciliation,
                trade=leg,
                side=side,
                trade_version=leg.version,
                is_live=made.status in LIVE_MATCHES,
            )
    for difference in differences:
        MatchDifference.objects.create(match=made, **_exact(difference))
    for other in alternatives:
        MatchAlternative.objects.create(match=made, trade=other, side=LegSide.RIGHT, score=0.9)
    return made


def calibration(**over: Any) -> Calibration:
    """Make a calibration, SUCCEEDED with a draft that moves two weights unless told otherwise."""
    values: dict[str, Any] = {
        "from_date": TRADE_DATE, "to_date": TRADE_DATE, "status": RunStatus.SUCCEEDED,
        "requested_at": NOW,
    } | over  # fmt: skip
    if "reconciliation" not in values:
        values["reconciliation"] = reconciliation(f"learned-{number()}")
    values.setdefault("against", rule_set(values["reconciliation"].rule_set_name))
    if values["status"] != RunStatus.SUCCEEDED:
        return Calibration.objects.create(**values)
    values.setdefault("draft", rule_set(status=RuleSetStatus.DRAFT))
    values.setdefault("finished_at", values["requested_at"])
    values.setdefault("result", {
        "method": "PAIRS", "why": "Nobody has decided on a pair of these days yet.",
        "tried_from": TRADE_DATE.isoformat(), "used": {"confirmed": 3, "rejected": 0},
        "fields": [
            {"name": "price", "before": 0.15, "after": 0.2, "agrees": 9.1, "differs": -7.0},
            {"name": "quantity", "before": 0.2, "after": 0.15, "agrees": 8.2, "differs": -6.5},
        ],
        "auto_at": [0.95, 0.9], "review_at": [0.75, 0.75], "auto_share": [0.97, 0.98],
        "false_matches": {"rate": 0.0004, "low": 0.0001, "high": 0.001, "of": 900,
                          "basis": "Expected by the model of the pairs they would be."},
        "measured": [{"drawn": 9, "judged": 8, "wrong": 0, "rate": 0.0, "low": 0.0, "high": 0.37}],
        "notes": ["73 of the matches are groups."], "trades": {"left": 500, "right": 490},
    })  # fmt: skip
    return Calibration.objects.create(**values)


def qa_samples(
    between: Reconciliation, matches: Sequence[Match], *, wrong: int = 0, by: User | None = None
) -> list[QaSample]:
    """Draw these matches; with `by` they are judged, the first `wrong` of them as wrong."""
    drawn = list(matches)
    draw = QaDraw.objects.create(
        run=run(reconciliation=between), share_pct=1, most=25, automatic=len(drawn),
        drawn=len(drawn), drawn_at=NOW,
    )  # fmt: skip
    judged = {} if by is None else {"verdict_by": by, "verdict_at": NOW}
    return [
        QaSample.objects.create(
            match=one, draw=draw, reconciliation=between, trade_date=one.last_trade_date,
            verdict="" if by is None else "WRONG" if at < wrong else "RIGHT", **judged,
        )
        for at, one in enumerate(drawn)
    ]  # fmt: skip


# --- breaks ----------------------------------------------------------------------------------


def team(code: str | None = None, *members: User, **over: Any) -> Team:
    """Find or make a team, and add these people to it."""
    code = code or f"team-{number()}"
    made = Team.objects.get_or_create(code=code, defaults={"name": code} | over)[0]
    made.members.add(*members)
    made.refresh_from_db()  # times as times, where they were given as text
    return made


def back_test(**over: Any) -> BackTest:
    """Make a back-test that found that nothing would change."""
    nothing: dict[str, Any] = {"count": 0, "samples": []}
    no_breaks = nothing | {"types": []}
    result = {
        "from_date": TRADE_DATE.isoformat(),
        "to_date": TRADE_DATE.isoformat(),
        "left_out": "",
        "currency": "USD",
        "trades": {"left": 0, "right": 0},
        "matches": {
            "before": {}, "after": {}, "kept": 0,
            **dict.fromkeys(("gained", "lost", "to_review", "to_auto"), nothing),
        },
        "passes": [],
        "breaks": {
            "before": 0, "after": 0, "pending_before": 0, "pending_after": 0,
            "appear": no_breaks, "vanish": no_breaks,
        },
        "seconds": {"all": 0.1},
    }  # fmt: skip
    values: dict[str, Any] = {"definition_digest": "0" * 64, "result": result, "at": NOW} | over
    if "rule_set" not in values:
        values["rule_set"] = rule_set(status="DRAFT")
    values.setdefault("against", rule_set(values["rule_set"].name))
    if "run" not in values:
        values["run"] = run()
    if "by" not in values:
        values["by"] = user("Supervisor")
    return BackTest.objects.create(**values)


def trade_break(break_type: BreakType | str = BreakType.PRICE, **over: Any) -> TradeBreak:
    """
    Make an open break with the trade or trades its type needs.

    Give `left_trade`, `right_trade` (None for a missing side) or `match` to use your own. An
    ended `status` is given a reason, a time and a person. No history is written.
    """
    kind = BreakType(break_type)
    unique = number()
    values: dict[str, Any] = {
        "break_type": kind,
        "category": CATEGORY[kind],
        "field": "" if kind in (BreakType.MISSING_LEFT, BreakType.MISSING_RIGHT) else kind.lower(),
        "severity": Severity.HIGH,
        "status": BreakStatus.OPEN,
        "fingerprint": f"{unique:064x}",
        "opened_at": NOW,
        "currency": "USD",
    } | _exact(over)
    if "reconciliation" not in values:
        known = values.get("match")
        values["reconciliation"] = known.reconciliation if known else reconciliation()
    between = values["reconciliation"]
    if kind != BreakType.MISSING_LEFT and "left_trade" not in values:
        values["left_trade"] = trade(source=between.left_source)
    if kind != BreakType.MISSING_RIGHT and "right_trade" not in values:
        values["right_trade"] = trade(source=between.right_source)
    one = values.get("left_trade") or values.get("right_trade")
    values.setdefault("trade_date", one.trade_date if one else TRADE_DATE)
    values.setdefault("last_seen_at", values["opened_at"])
    values.setdefault("clock_from", values["opened_at"])
    if "sla_policy" not in values:
        values["sla_policy"] = SlaPolicy.objects.filter(code=STANDARD, retired_at=None).first()
    values.setdefault("due_at", due_after(values["severity"], values["opened_at"]))
    values.setdefault(
        "rank",
        rank_of(
            exposure=values.get("exposure"),
            severity=values["severity"],
            due_at=values["due_at"],
        ),
    )
    if values["status"] in ENDED:
        values.setdefault("resolved_at", values["opened_at"])
        values.setdefault("reason_code", ReasonCode.SOURCE_CORRECTED)
        if values["reason_code"] != ReasonCode.AUTO_CLEARED and "resolved_by" not in values:
            values["resolved_by"] = user()
    return TradeBreak.objects.create(**values)
