"""On SQLite and Postgres alike: two at once, and an alias there and back."""

from breaks.models import BreakEvent, TradeBreak
from breaks.services.history import verify
from breaks.services.lifecycle import WorkRefused
from tests import factories
from tests.both_databases import on_both
from tests.concurrency import at_once
from tests.integration.breaks.conftest import Desk
from tests.integration.workflows.remediation import making
from workflows.models import RemediationSuggestion
from workflows.services import remediation
from workflows.services.remediation.automatic import Swept


def an_alias_there_and_back() -> None:
    desk, boss = Desk(), factories.user("Supervisor")
    row = making.alias(desk)
    making.let("NORMALISE_ALIAS", itself=True)
    made = making.suggested(row, desk)
    before = making.standing()

    remediation.remedy(suggestion_id=made.pk, version=None, by=boss, at=desk.later())

    assert not TradeBreak.objects.live().exists()
    remediation.reverse(suggestion_id=made.pk, by=boss, at=desk.later(), reason="two firms")
    assert making.standing() == before
    assert list(verify()) == []


def the_pipelines_step_is_done_once_by_two() -> None:
    desk = Desk()
    making.rounding(desk)
    making.alias(desk)
    making.let("NORMALISE_ALIAS", itself=True)

    results = at_once(*[lambda: remediation.auto_remediate_open(at=factories.NOW)] * 3)
    assert all(isinstance(one, Swept) for one in results), results

    assert RemediationSuggestion.objects.filter(status="APPLIED").count() == 2
    applied = BreakEvent.objects.filter(kind="REMEDIATED")
    assert applied.values("trade_break").distinct().count() == applied.count() == 2
    assert list(verify()) == []


def one_suggestion_is_applied_by_one_of_many() -> None:
    desk, boss = Desk(), factories.user("Supervisor")
    row = making.rounding(desk)
    made = making.suggested(row, desk)

    def apply() -> bool:
        try:
            return remediation.remedy(
                suggestion_id=made.pk, version=None, by=boss, at=factories.NOW
            ).applied
        except WorkRefused:
            return False

    assert sorted(at_once(*[apply] * 4)) == [False, False, False, True]
    assert BreakEvent.objects.filter(kind="REMEDIATED").count() == 1
    assert list(verify()) == []


test_on_sqlite, test_on_postgres = on_both(
    an_alias_there_and_back,
    the_pipelines_step_is_done_once_by_two,
    one_suggestion_is_applied_by_one_of_many,
)
