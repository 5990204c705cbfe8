"""Two feeds with a counterparty's new spelling: broken, remedied, cleared, and taken back."""

from datetime import date

import pytest

from breaks.models import TradeBreak
from breaks.selectors import positions
from breaks.services import approvals
from breaks.services.history import verify
from matching.models import Match, Reconciliation, ReconciliationRun
from tests import factories
from trades.models import Counterparty, CounterpartyAlias, Trade
from workflows.models import RemediationSuggestion
from workflows.pipeline import reconcile
from workflows.services import remediation
from workflows.services.starting import reconciliation_between, start_reconciliation

DAY = date(2026, 3, 4)
OURS, NEW = "Harbour Lane Partners", "HLP Prime Services"
HEAD = "trade_id,trade_date,isin,side,quantity,price,currency,counterparty,account,order_ref\n"

pytestmark = pytest.mark.django_db


def rows(prefix: str, party: str) -> str:
    lines = [
        f"{prefix}{n},2026-03-04,US0378331005,BUY,{100 + n},187.{n}0,USD,{party},FUND1,R{n}"
        for n in range(1, 6)
    ]
    return HEAD + "\n".join(lines) + "\n"


@pytest.fixture
def broken(tmp_path, settings):
    """Load both files and reconcile them: five trades that agree in all but the name."""
    settings.FEED_ROOT = tmp_path
    for source, party in (("oms", OURS), ("custodian", NEW)):
        path = tmp_path / f"{source}.csv"
        path.write_text(rows(source[0].upper(), party))
        _receive(path, source)
    between = reconciliation_between(source1="oms", source2="custodian")
    start_reconciliation(
        reconciliation=between, from_date=DAY, to_date=DAY, by=None, at=factories.NOW, inline=True
    )
    return between


def _receive(path, source):
    from workflows.demo import desk

    desk.receive(path=path, source=source, by=None, at=factories.NOW)


def check(between: Reconciliation) -> None:
    assert positions(reconciliation=between, from_date=DAY, to_date=DAY).hold
    assert list(verify()) == []


def test_the_new_name_is_learnt_and_every_break_cleared(broken, analyst, supervisor):
    first = TradeBreak.objects.live().order_by("pk").first()
    assert set(TradeBreak.objects.live().values_list("break_type", flat=True)) == {"COUNTERPARTY"}
    assert TradeBreak.objects.live().count() == 5
    (made,) = remediation.suggest([first], at=factories.NOW)
    assert made.would_clear == 5

    request = remediation.remedy(
        suggestion_id=made.pk, version=first.version, by=analyst, at=factories.NOW
    ).request
    approvals.approve(request_id=request.pk, by=supervisor, at=factories.NOW)

    assert not TradeBreak.objects.live().exists()
    assert CounterpartyAlias.objects.get(spelling=NEW).counterparty.name == OURS
    assert set(Trade.objects.values_list("counterparty__name", flat=True)) == {OURS}
    # What the source said stays what it said.
    assert set(Trade.objects.values_list("counterparty_name", "version")) == {(OURS, 1), (NEW, 1)}
    check(broken)

    # The next run finds nothing, and a new report of the name means the same party.
    start_reconciliation(
        reconciliation=broken, from_date=DAY, to_date=DAY, by=None, at=factories.NOW, inline=True
    )
    assert not TradeBreak.objects.live().exists()
    check(broken)


def test_reversed_each_break_is_back_as_it_was(broken, analyst, supervisor):
    before = list(TradeBreak.objects.order_by("pk").values("pk", "status", "due_at", "rank"))
    first = TradeBreak.objects.order_by("pk").first()
    (made,) = remediation.suggest([first], at=factories.NOW)
    request = remediation.remedy(
        suggestion_id=made.pk, version=None, by=analyst, at=factories.NOW
    ).request
    approvals.approve(request_id=request.pk, by=supervisor, at=factories.NOW)

    remediation.reverse(suggestion_id=made.pk, by=analyst, at=factories.NOW, reason="two firms")

    after = list(TradeBreak.objects.order_by("pk").values("pk", "status", "due_at", "rank"))
    assert after == before
    assert Counterparty.objects.get(name=NEW).trades.count() == 5
    assert CounterpartyAlias.objects.get(spelling=NEW).counterparty.name == NEW
    check(broken)
    start_reconciliation(
        reconciliation=broken, from_date=DAY, to_date=DAY, by=None, at=factories.NOW, inline=True
    )
    assert TradeBreak.objects.live().count() == 5


def test_what_was_unpaired_is_for_a_run_that_is_queued_with_it(broken, analyst, supervisor):
    left = Trade.objects.get(source_trade_id="C1")
    match = Match.objects.live().get(legs__trade=left)
    from breaks.services import pairing

    pairing.unmatch(match_id=match.pk, reason="apart", by=supervisor, at=factories.NOW)
    row = TradeBreak.objects.live().filter(break_type="COUNTERPARTY").first()

    request = remediation.propose_fix(
        kind="COUNTERPARTY_ALIAS",
        given={
            "party": Counterparty.objects.get(name=NEW).pk,
            "into": Counterparty.objects.get(name=OURS).pk,
        },
        break_ids=list(TradeBreak.objects.live().values_list("pk", flat=True)),
        by=analyst,
        at=factories.NOW,
        reason="they were renamed on 1 March",
    )
    assert not ReconciliationRun.objects.filter(status="QUEUED").exists()
    with pytest.raises(approvals.ApprovalRefused):
        approvals.approve(request_id=request.pk, by=analyst, at=factories.NOW)
    approvals.approve(request_id=request.pk, by=supervisor, at=factories.NOW)

    row.refresh_from_db()
    assert row.status == "RESOLVED"
    queued = ReconciliationRun.objects.get(status="QUEUED")
    assert (queued.from_date, queued.to_date) == (DAY, DAY)
    fix = RemediationSuggestion.objects.get(status="APPLIED")
    assert (fix.waits_for_run, fix.outcome["reruns"][0]["run"]) == (False, queued.pk)
    reconcile(run_id=queued.pk, at=factories.NOW)
    check(broken)
