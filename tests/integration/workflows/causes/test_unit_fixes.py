"""A factor that becomes a layout's habit by four eyes, and the forms of what the desk cannot do."""

from decimal import Decimal

import pytest
from django.urls import reverse

from breaks.services import approvals
from connectors.services.layouts import habits_of
from tests import factories
from tests.causes import root_cause
from trades.models import FxRate
from workflows.models import RemediationSuggestion
from workflows.services import causes, remediation

pytestmark = pytest.mark.django_db
NOW = factories.NOW
PENCE = {"kind": "price_unit", "factor": "100", "where": [["currency", ["GBP"]]]}


@pytest.fixture
def layout():
    return factories.layout("custodian-file")


@pytest.fixture
def cause(layout):
    """A finding whose right trades came in a file read by the layout."""

    def cause(fix, **over):
        rows = [factories.trade_break(exposure="10") for _ in range(3)]
        delivery = factories.delivery(
            source=rows[0].reconciliation.right_source, layout=layout, feed=None
        )
        for row in rows:
            row.right_trade.delivery_id = delivery.pk
            row.right_trade.save()
        return root_cause(rows, reconciliation=rows[0].reconciliation, proposed_fix=fix, **over)

    return cause


def ask(row, by):
    return causes.ask_for_fix(finding_id=row.pk, version=None, by=by, at=NOW, reason="pence")


def test_pence_become_a_habit_once_approved_and_are_put_back(cause, layout, analyst, supervisor):
    request = ask(cause(PENCE), analyst)
    layout.refresh_from_db()
    assert layout.unit_factors == {}
    with pytest.raises(approvals.ApprovalRefused):
        approvals.approve(request_id=request.pk, by=analyst, at=NOW)

    approvals.approve(request_id=request.pk, by=supervisor, at=NOW)

    layout.refresh_from_db()
    assert layout.unit_factors == {"price GBP": "100"}
    assert habits_of(layout, factories.source("custodian")).power("price", "GBP") == 2
    fix = RemediationSuggestion.objects.get(status="APPLIED")
    remediation.reverse(suggestion_id=fix.pk, by=analyst, at=NOW, reason="they mended it")
    layout.refresh_from_db()
    assert layout.unit_factors == {}


@pytest.mark.parametrize(
    ("known", "fix", "after"),
    [
        ({}, {"field": "QUANTITY", "factor": "0.01"}, {"quantity": "0.01"}),
        ({}, {"field": "NET_AMOUNT", "factor": "1e+06"}, {"net_amount": "1000000"}),
        ({"price": "10"}, {"field": "PRICE", "factor": "100"}, {"price": "1000"}),
        ({"price": "100"}, {"field": "PRICE", "factor": "0.01"}, {}),
        ({"price": "10", "price GBP": "100"}, {"field": "PRICE", "factor": "10"},
         {"price": "100", "price GBP": "1000"}),
        ({"price": "10"}, {"field": "PRICE", "factor": "10", "where": [["currency", ["JPY"]]]},
         {"price": "10", "price JPY": "100"}),
    ],
)  # fmt: skip
def test_factors_add_to_what_the_layout_has(  # noqa: PLR0917  fixtures
    known, fix, after, cause, layout, analyst, supervisor
):
    layout.unit_factors = known
    layout.save()

    request = ask(cause({"kind": "unit_factor", **fix}), analyst)
    approvals.approve(request_id=request.pk, by=supervisor, at=NOW)

    layout.refresh_from_db()
    assert layout.unit_factors == after


@pytest.mark.parametrize(
    "fix",
    [
        {"factor": "1.034"},
        {"factor": "100", "where": [["account", [4]]]},
        {"factor": "100", "where": [["currency", ["GBP"]], ["side", ["SELL"]]]},
    ],
)
def test_what_a_layout_cannot_say_leads_to_the_form(fix, cause, analyst, administrator, browser_as):
    row = cause({"kind": "unit_factor", "field": "PRICE", **fix})

    assert not causes.can_be_applied(row)
    with pytest.raises(causes.CauseRefused, match="put right at the source"):
        ask(row, analyst)
    assert reverse("admin:connectors_layout_changelist") in page(row, administrator, browser_as)


def test_a_layout_that_another_source_shares_is_not_changed(cause, layout, analyst):
    factories.feed(source=factories.source("broker", name="The Broker"), layout=layout)

    with pytest.raises(causes.CauseRefused, match="reads The Broker too"):
        ask(cause(PENCE), analyst)


def test_trades_that_no_layout_read_are_refused_with_what_to_do(analyst):
    row = root_cause(proposed_fix=PENCE)

    with pytest.raises(causes.CauseRefused, match="read by no layout here"):
        ask(row, analyst)


def page(row, who, browser_as):
    address = reverse("admin:workflows_rootcausefinding_change", args=[row.pk])
    return browser_as(who).get(address).content.decode()


class TestForms:
    def test_a_stale_rate_leads_to_a_prefilled_one(self, administrator, browser_as):
        row = root_cause(proposed_fix={"kind": "fx_rate", "currency": "EUR",
                                       "stale_side": "right"})  # fmt: skip
        body = page(row, administrator, browser_as)

        link = f"{reverse('admin:trades_fxrate_add')}?currency=EUR&amp;base=USD"
        assert link in body
        form = browser_as(administrator).get(
            reverse("admin:trades_fxrate_add"),
            {"currency": "EUR", "base": "USD", "as_of_date": "2026-03-04"},
        )
        assert form.context["adminform"].form.initial["currency"] == "EUR"
        assert not FxRate.objects.filter(rate=Decimal(0)).exists()

    @pytest.mark.parametrize("kind", ["timezone", "settlement_offset", "trade_date_offset"])
    def test_a_setting_of_the_source_leads_to_its_form(self, kind, administrator, browser_as):
        row = root_cause(proposed_fix={"kind": kind, "minutes": 60, "business_days": 1})
        source = row.reconciliation.right_source

        body = page(row, administrator, browser_as)

        assert reverse("admin:trades_source_change", args=[source.pk]) in body

    def test_who_may_not_edit_is_told_whom_to_ask(self, analyst, browser_as):
        row = root_cause(proposed_fix={"kind": "timezone", "minutes": 60})

        body = page(row, analyst, browser_as)

        assert "Ask an administrator" in body
        assert "/trades/source/" not in body.split("What would put it right")[1].split("</p>")[2]
