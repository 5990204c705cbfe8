import pytest

from breaks.models import TradeBreak
from reporting.services import signing
from tests import factories
from tests.integration.breaks.conftest import PRICE, Desk
from tests.integration.reporting.conftest import AT

LIST = "/api/v1/reports/sign-offs"


@pytest.fixture
def signed(db, analyst, supervisor):
    """Return a signed date of one broken pair, whose break is another team's."""
    desk = Desk()
    desk.pair(PRICE)
    desk.run()
    TradeBreak.objects.update(team=factories.team())
    row = signing.open_sheet(
        reconciliation_id=desk.reconciliation.pk,
        business_date=factories.TRADE_DATE,
        by=analyst,
        at=AT,
    )
    ask = {"sign_off_id": row.pk, "version": None, "at": AT}
    signing.prepare(**ask, by=analyst, note="one price")
    return signing.sign(**ask, by=supervisor)


def test_lists_dates_by_reconciliation_and_status(api_as, auditor, signed):
    client = api_as(auditor)

    found = client.get(f"{LIST}?status=SIGNED&reconciliation=oms-custodian").json()["results"]

    assert [(row["id"], row["broken"], row["unresolved"]) for row in found] == [(signed.pk, 2, 1)]
    assert client.get(f"{LIST}?status=OPEN").json()["results"] == []
    assert client.get(f"{LIST}?colour=red").status_code == 400


def test_one_has_its_sheet_and_who_did_what(api_as, auditor, signed):
    answer = api_as(auditor).get(f"{LIST}/{signed.pk}")

    found = answer.json()
    assert answer.headers["ETag"] == f'"{signed.version}"'
    assert found["is_kept"]
    assert len(found["sheet"]["unresolved"]) == 1
    assert found["changed_since"] == []
    assert [event["act"] for event in found["events"]] == ["PREPARED", "SIGNED"]


def test_names_no_break_of_another_team(api_as, analyst, signed):
    sheet = api_as(analyst).get(f"{LIST}/{signed.pk}").json()["sheet"]

    assert (sheet["unresolved"], sheet["hidden"]) == ([], 1)


def test_shows_what_changed_since(api_as, auditor, signed):
    TradeBreak.objects.update(
        status="RESOLVED", resolved_at=AT, reason_code="AUTO_CLEARED", resolved_by=None
    )

    found = api_as(auditor).get(f"{LIST}/{signed.pk}").json()

    assert {one["figure"] for one in found["changed_since"]} >= {"Unresolved breaks"}
    assert found["broken"] == 2
