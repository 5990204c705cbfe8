"""The sign-off in the admin: who is offered which act, what is said, and that it prints."""

import pytest
from django.urls import reverse

from reporting.models import SignOff
from reporting.services import signing
from tests import factories
from tests.integration.breaks.conftest import PRICE, Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(analyst):
    desk = Desk()
    desk.pair(PRICE)
    desk.run()
    return SignOff.objects.create(
        reconciliation=desk.reconciliation, business_date=factories.TRADE_DATE
    )


def address(row, act="change"):
    return reverse(f"admin:reporting_signoff_{act}", args=[row.pk])


def do(browser, row, act, **form):
    row.refresh_from_db()
    return browser.post(address(row, act), {"version": row.version, **form}, follow=True)


def test_two_people_sign_and_a_third_reopens(row, browser_as, analyst, supervisor):
    preparer, signer = browser_as(analyst), browser_as(supervisor)

    do(preparer, row, "prepare", note="one price")
    page = do(signer, row, "sign").content.decode()

    row.refresh_from_db()
    assert (row.status, row.prepared_by, row.signed_by) == ("SIGNED", analyst, supervisor)
    assert "is signed and locked" in page
    assert do(preparer, row, "reopen", reason="x").status_code == 403
    do(browser_as(factories.user("Supervisor")), row, "reopen", reason="a late file")
    row.refresh_from_db()
    assert row.status == "OPEN"
    assert "a late file" in signer.get(address(row)).content.decode()


def test_a_refusal_is_said_in_the_form_and_keeps_what_was_typed(row, browser_as, supervisor):
    browser = browser_as(supervisor)

    assert "Say in the note why" in do(browser, row, "prepare").content.decode()
    do(browser, row, "prepare", note="mine")
    assert "another person has to sign" in do(browser, row, "sign").content.decode()
    row.refresh_from_db()
    assert row.status == "PREPARED"


def test_acts_are_offered_to_those_who_may(row, browser_as, analyst, supervisor, auditor):
    signing.prepare(sign_off_id=row.pk, version=None, by=supervisor, at=factories.NOW, note="x")

    def offered(user):
        page = browser_as(user).get(address(row)).content.decode()
        return [act for act in ("sign", "send-back", "prepare") if address(row, act) in page]

    assert offered(supervisor) == ["send-back"]
    assert offered(factories.user("Supervisor")) == ["sign", "send-back"]
    assert offered(analyst) == offered(auditor) == []


def test_what_waits_for_a_signature_is_counted_for_those_who_may_sign(
    row, browser_as, analyst, supervisor
):
    signing.prepare(sign_off_id=row.pk, version=None, by=analyst, at=factories.NOW, note="x")
    listed = reverse("admin:reporting_signoff_changelist") + "?view=prepared"

    rows = browser_as(supervisor).get(listed).context_data["cl"].result_list

    assert [one.pk for one in rows] == [row.pk]


def test_nobody_deletes_or_edits_one(row, browser_as, superuser):
    browser = browser_as(superuser)

    assert browser.post(reverse("admin:reporting_signoff_delete", args=[row.pk])).status_code == 403
    assert browser.post(address(row), {"status": "SIGNED"}).status_code == 403


def test_prints(row, browser_as, analyst):
    signing.prepare(sign_off_id=row.pk, version=None, by=analyst, at=factories.NOW, note="x")

    page = browser_as(analyst).get(address(row, "print")).content.decode()

    assert "Sign-off sheet" in page
    assert "Figures as they were kept" in page
    assert browser_as(factories.user()).get(address(row, "print")).status_code == 404


def test_opens_the_sheet_of_an_older_date(browser_as, analyst):
    between = factories.reconciliation()
    browser = browser_as(analyst)
    form = {"reconciliation": between.pk, "business_date": "2026-03-03"}

    browser.post(reverse("admin:reporting_signoff_open_one"), form)
    weekend = browser.post(
        reverse("admin:reporting_signoff_open_one"), {**form, "business_date": "2026-03-07"}
    )

    assert [str(one.business_date) for one in SignOff.objects.all()] == ["2026-03-03"]
    assert "no business day" in weekend.content.decode()
