"""A back-test and the queue of proposals on the other database."""

from copy import deepcopy

import pytest

from breaks.services.backtest import back_test
from matching.admin import review
from matching.models import Match
from matching.services import rule_sets
from tests import factories
from workflows.services.starting import start_reconciliation

pytestmark = pytest.mark.postgres


def test_both_say_what_they_say_on_sqlite(on_postgres):
    for quantity in ("10", "1000", "100"):
        factories.trade(quantity=quantity, price="10", symbol="", isin="", security_name="Apple")
        factories.trade(
            source="custodian", quantity=quantity, price="10.4", symbol="", isin="",
            security_name="Apple",
        )  # fmt: skip
    boss = factories.user("Supervisor")
    run = start_reconciliation(
        reconciliation=factories.reconciliation(), from_date=factories.TRADE_DATE,
        to_date=factories.TRADE_DATE, by=boss, at=factories.NOW, inline=True,
    )  # fmt: skip
    assert run.manual_review == 3
    definition = deepcopy(factories.rule_set().definition)
    definition["review_at"] = definition["auto_at"] = 0.999
    draft = rule_sets.draft(name="trades", definition=definition, by=boss, at=factories.NOW)

    kept = back_test(rule_set_id=draft.pk, run_id=run.pk, by=boss, at=factories.NOW)

    kept.refresh_from_db()
    assert kept.result["matches"]["lost"]["count"] == 3
    stakes = [one["stake"] for one in kept.result["matches"]["lost"]["samples"]]
    assert stakes == ["10400", "1040", "104"]
    assert kept.result["breaks"]["appear"]["count"] == 6
    queue = review.with_stakes(Match.objects.to_review()).order_by(*review.ORDER)
    amounts = [review.notional(match.legs.all())[0] for match in queue]
    assert amounts == sorted(amounts, reverse=True)
    first, second, third = queue
    assert review.beside(second) == (first.pk, third.pk)
