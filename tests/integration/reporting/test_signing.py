"""Sign-off: two people, figures that add up and are kept, and a lock that only a reason opens."""

import pytest
from django.db import IntegrityError, connection, transaction

from breaks.models import TradeBreak
from reporting.models import SignOff, SignOffEvent
from reporting.selectors.sign_off import changes, seen_by, sheet_of
from reporting.services import signing
from tests import factories
from tests.both_databases import on_both
from tests.concurrency import at_once
from tests.integration.breaks.conftest import PRICE, Desk
from tests.integration.reporting.conftest import AT


def sheet(desk):
    return sheet_of(reconciliation=desk.reconciliation, business_date=factories.TRADE_DATE, at=AT)


def opened(desk, by):
    return signing.open_sheet(
        reconciliation_id=desk.reconciliation.pk, business_date=factories.TRADE_DATE, by=by, at=AT
    )


def prepared(desk, by):
    row = opened(desk, by)
    return signing.prepare(sign_off_id=row.pk, version=row.version, by=by, at=AT, note="one price")


def signed(desk, by, other):
    row = prepared(desk, by)
    return signing.sign(sign_off_id=row.pk, version=row.version, by=other, at=AT)


class TestSheet:
    def test_its_parts_make_up_the_trades_of_the_date(self, desk):
        found = sheet(desk)

        assert (found["matched"], found["broken"], found["pending"]) == (2, 2, 2)
        assert found["trades"] == 6
        assert found["nowhere"] == found["several"] == []
        assert sum(one["trades"] for one in found["sources"]) == 6

    def test_names_the_unresolved_breaks_and_their_exposure(self, desk):
        row = desk.only()
        TradeBreak.objects.filter(pk=row.pk).update(exposure="50.10", currency="USD")

        found = sheet(desk)

        assert [one["id"] for one in found["unresolved"]] == [row.pk]
        assert found["exposure"] == {"USD": "50.10"}
        assert found["by_severity"][row.severity] == found["breaks"] == 1

    def test_a_row_in_quarantine_makes_a_source_incomplete(self, desk):
        came = factories.delivery(
            from_date=factories.TRADE_DATE, to_date=factories.TRADE_DATE, rejected=1, loaded=2
        )
        factories.rejected_row(delivery=came)

        one = sheet(desk)["sources"][0]

        assert (one["complete"], one["why"]) == (False, "1 row in quarantine")
        assert [file["rows_in"] for file in one["files"]] == [3]

    def test_trades_of_a_weekend_are_signed_for_with_monday(self, desk, analyst):
        monday = factories.TRADE_DATE.replace(day=9)

        found = sheet_of(reconciliation=desk.reconciliation, business_date=monday, at=AT)

        assert (found["from_date"], found["to_date"]) == ("2026-03-07", "2026-03-09")
        with pytest.raises(signing.SignOffRefused, match="signed for with 2026-03-09"):
            signing.open_sheet(
                reconciliation_id=desk.reconciliation.pk,
                business_date=factories.TRADE_DATE.replace(day=7),
                by=analyst,
                at=AT,
            )


class TestPreparing:
    def test_keeps_the_figures(self, desk, analyst):
        row = prepared(desk, analyst)

        assert (row.trades, row.matched, row.broken, row.pending) == (6, 2, 2, 2)
        assert signing.kept_sheet(row)["unresolved"][0]["id"] == desk.only().pk

    def test_what_is_not_clean_needs_a_note(self, desk, analyst):
        row = opened(desk, analyst)

        with pytest.raises(signing.SignOffRefused, match="Unresolved: 1 break on 2 trades"):
            signing.prepare(sign_off_id=row.pk, version=None, by=analyst, at=AT, note=" \x00 ")
        assert not row.events.exists()

    def test_figures_that_do_not_add_up_cannot_be_signed_for(self, desk, analyst):
        row = opened(desk, analyst)
        desk.left()

        with pytest.raises(signing.SignOffRefused, match="1 trade in none of matched"):
            signing.prepare(sign_off_id=row.pk, version=None, by=analyst, at=AT, note="x")

    def test_a_date_that_nobody_ran_cannot_be_signed_for(self, db, analyst):
        desk = Desk()
        row = opened(desk, analyst)

        with pytest.raises(signing.SignOffRefused, match="run the reconciliation first"):
            signing.prepare(sign_off_id=row.pk, version=None, by=analyst, at=AT, note="x")

    def test_a_date_that_has_not_ended_has_no_sheet(self, desk, analyst):
        with pytest.raises(signing.SignOffRefused, match="has not ended"):
            signing.open_sheet(
                reconciliation_id=desk.reconciliation.pk, business_date=AT.date(), by=analyst, at=AT
            )


class TestSigning:
    def test_needs_another_person_superusers_included(self, desk, superuser):
        row = prepared(desk, superuser)

        with pytest.raises(signing.SignOffRefused, match="another person has to sign"):
            signing.sign(sign_off_id=row.pk, version=None, by=superuser, at=AT)
        assert SignOff.objects.get().status == "PREPARED"

    def test_the_database_refuses_one_person_too(self, desk, analyst, supervisor):
        row = signed(desk, analyst, supervisor)

        with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
            SignOff.objects.filter(pk=row.pk).update(signed_by=analyst)

    def test_figures_that_moved_since_are_refused(self, desk, analyst, supervisor):
        row = prepared(desk, analyst)
        desk.pair(PRICE)
        desk.run()

        with pytest.raises(signing.SignOffRefused, match="trades in scope, broken"):
            signing.sign(sign_off_id=row.pk, version=None, by=supervisor, at=AT)

    def test_locks_the_date(self, desk, analyst, supervisor):
        row = signed(desk, analyst, supervisor)

        for act in (signing.prepare, signing.sign):
            with pytest.raises(signing.SignOffRefused, match="signed and locked"):
                act(sign_off_id=row.pk, version=None, by=supervisor, at=AT, note="again")

    def test_later_changes_are_shown_and_change_nothing(self, desk, analyst, supervisor):
        row = signed(desk, analyst, supervisor)
        kept = signing.kept_sheet(row)
        desk.pair(PRICE)
        desk.run()

        found = {one.label: (one.then, one.now) for one in changes(kept, sheet(desk))}

        assert found["Trades in scope"] == ("6", "8")
        assert found["Broken"] == ("2", "4")
        assert "Breaks arisen since" in found
        assert signing.kept_sheet(row) == kept

    def test_a_stale_version_is_refused_and_says_who(self, desk, analyst, supervisor):
        row = prepared(desk, analyst)

        with pytest.raises(signing.SignOffRefused, match=f"prepared by {analyst}"):
            signing.sign(sign_off_id=row.pk, version=row.version - 1, by=supervisor, at=AT)

    def test_an_unknown_actor_is_refused(self, desk, analyst):
        row = prepared(desk, analyst)
        left = factories.user("Supervisor", is_active=False)

        with pytest.raises(Exception, match="signed-in, active"):
            signing.sign(sign_off_id=row.pk, version=None, by=left, at=AT)


class TestReopening:
    def test_needs_a_reason(self, desk, analyst, supervisor):
        row = signed(desk, analyst, supervisor)

        with pytest.raises(signing.SignOffRefused, match="Give a reason"):
            signing.reopen(sign_off_id=row.pk, version=None, by=supervisor, at=AT, reason="  ")

    def test_leaves_what_was_signed_in_the_history(self, desk, analyst, supervisor):
        row = signed(desk, analyst, supervisor)
        row = signing.reopen(
            sign_off_id=row.pk, version=row.version, by=supervisor, at=AT, reason="a late file"
        )

        acts = list(row.events.values_list("act", "by__username", "note"))

        assert acts == [
            ("PREPARED", analyst.username, "one price"),
            ("SIGNED", supervisor.username, ""),
            ("REOPENED", supervisor.username, "a late file"),
        ]
        assert (row.status, row.signed_by, row.trades) == ("OPEN", None, None)
        row = signing.prepare(sign_off_id=row.pk, version=None, by=analyst, at=AT, note="again")
        assert row.status == "PREPARED"
        assert signing.first_break_of_chain(row) is None

    def test_a_prepared_sheet_is_sent_back_by_either(self, desk, analyst):
        row = prepared(desk, analyst)

        row = signing.send_back(sign_off_id=row.pk, version=None, by=analyst, at=AT, reason="oops")

        assert row.status == "OPEN"
        with pytest.raises(signing.SignOffRefused, match="not prepared yet"):
            signing.reopen(sign_off_id=row.pk, version=None, by=analyst, at=AT, reason="x")


class TestOpeningByItself:
    def test_makes_the_sheets_of_ended_business_dates_once(self, desk):
        made = signing.open_due_sheets(at=AT)

        days = [row.business_date.isoformat() for row in made]
        assert "2026-03-04" in days
        assert not {"2026-02-28", "2026-03-01", "2026-03-05"} & set(days)
        assert signing.open_due_sheets(at=AT) == []


class TestWhoSees:
    def test_breaks_of_other_teams_are_counted_and_not_named(self, desk, analyst):
        TradeBreak.objects.update(team=factories.team())

        found = seen_by(analyst, sheet(desk))

        assert (found["unresolved"], found["hidden"], found["breaks"]) == ([], 1, 1)


def sql(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        connection.check_constraints()


def history_is_append_only_and_chained() -> None:
    desk = Desk()
    desk.pair()
    desk.run()
    analyst, supervisor = factories.user("Analyst"), factories.user("Supervisor")
    row = signed(desk, analyst, supervisor)
    for statement in (
        "UPDATE reporting_signoffevent SET note = 'x'",
        "DELETE FROM reporting_signoffevent",
        "DELETE FROM reporting_signoff",
    ):
        with pytest.raises(IntegrityError):
            sql(statement)
    assert signing.first_break_of_chain(row) is None
    forged = SignOffEvent(sign_off=row, sequence=3, act="REOPENED", by=analyst, at=AT, note="x")
    forged.digest = "0" * 64
    forged.save(force_insert=True)
    assert signing.first_break_of_chain(row) == 3


def of_two_signatures_at_once_one_counts() -> None:
    desk = Desk()
    desk.pair()
    desk.run()
    row = prepared(desk, factories.user("Analyst"))
    people = [factories.user("Supervisor") for _ in range(4)]

    def one(person):
        try:
            signing.sign(sign_off_id=row.pk, version=row.version, by=person, at=AT)
        except signing.SignOffRefused:
            return False
        return True

    assert sum(at_once(*(lambda person=person: one(person) for person in people))) == 1
    assert SignOffEvent.objects.filter(act="SIGNED").count() == 1


test_on_sqlite, test_on_postgres = on_both(
    history_is_append_only_and_chained, of_two_signatures_at_once_one_counts
)
