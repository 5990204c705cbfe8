from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from tests import factories
from trades.models import Account, AccountAlias, Counterparty, CounterpartyAlias
from trades.reports import TradeReport
from trades.services.parties import party_identity, resolve_accounts, resolve_counterparties

pytestmark = pytest.mark.django_db

BARE = TradeReport(
    source_trade_id="T1",
    trade_date=date(2026, 3, 4),
    side="BUY",
    quantity=Decimal(1),
    symbol="AAPL",
)
LEI, OTHER_LEI = "W22LROWP2IHZNBB6K528", "7LTWFZYICNSX8D621K86"


def said(name="", lei="", bic=""):
    return replace(BARE, counterparty_name=name, counterparty_lei=lei, counterparty_bic=bic)


def resolve(*reports):
    found = resolve_counterparties(reports)
    return [found.get(party_identity(one)) for one in reports]


def test_spellings_of_one_name_are_one_counterparty_and_are_kept():
    one, other = resolve(said("Goldman Sachs & Co. LLC"), said("GOLDMAN, SACHS AND CO"))

    assert one == other
    assert Counterparty.objects.count() == CounterpartyAlias.objects.count() == 1


def test_an_lei_ties_names_that_do_not_resemble_each_other():
    one, other = resolve(said("Goldman Sachs International", LEI), said("GSIL", LEI))

    assert one == other
    assert resolve(said("gsil")) == [one]


def test_a_name_with_another_lei_is_another_counterparty():
    one, other = resolve(said("Acme Ltd", LEI), said("Acme Ltd", OTHER_LEI))

    assert one != other
    assert sorted(Counterparty.objects.values_list("lei", flat=True)) == sorted([LEI, OTHER_LEI])


def test_a_known_counterparty_learns_its_lei_and_bic():
    (known,) = resolve(said("Acme Ltd"))

    assert resolve(said("ACME LIMITED", LEI, "ACMEUS33")) == [known]
    party = Counterparty.objects.get()
    assert (party.lei, party.bic) == (LEI, "ACMEUS33")


def test_a_bic_of_eight_is_the_head_office_of_eleven():
    one, other, branch = resolve(
        said("Acme", bic="ACMEUS33"),
        said("Zeta", bic="ACMEUS33XXX"),
        said("Nord", bic="ACMEUS33NYC"),
    )

    assert one == other
    assert branch != one


def test_an_alias_given_by_a_person_is_obeyed():
    party = factories.counterparty("Goldman Sachs International")
    CounterpartyAlias.objects.create(counterparty=party, spelling="GS INTL")

    assert resolve(said("gs intl.")) == [party.pk]


def test_a_spelling_cannot_mean_two():
    party, other = factories.counterparty("Acme"), factories.counterparty("Zeta")
    CounterpartyAlias.objects.create(counterparty=party, spelling="ACME Ltd")

    with pytest.raises(ValidationError, match=r"is Acme.* already"):
        CounterpartyAlias(counterparty=other, spelling="acme limited").full_clean()


@pytest.mark.parametrize("name", ["", "N/A", "--"])
def test_nobody_is_no_counterparty(name):
    assert resolve(said(name)) == [None]
    assert not Counterparty.objects.exists()


def test_an_account_is_found_by_this_sources_alias_before_our_own_code():
    ours = factories.account("FUND1")
    factories.account("0001")
    custodian, oms = factories.source("custodian"), factories.source("oms")
    AccountAlias.objects.create(account=ours, source=custodian, code="0001")
    reports = [replace(BARE, account_code="0001")]

    assert resolve_accounts(source=custodian, reports=reports) == {"0001": ours.pk}
    assert resolve_accounts(source=oms, reports=reports) == {
        "0001": Account.objects.get(code="0001").pk
    }


def test_an_unknown_account_is_made_once():
    reports = [replace(BARE, account_code=code) for code in ("A", "B", "A", "")]

    found = resolve_accounts(source=factories.source("oms"), reports=reports)

    assert sorted(found) == ["A", "B"]
    assert Account.objects.count() == 2
