"""Two at the same rows: whoever had to wait goes by what there is then, not by what was read."""

import threading
import time
from collections.abc import Callable
from copy import copy
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from breaks.models import SlaPolicy
from breaks.services import sla, work
from breaks.services.history import verify
from tests import factories
from tests.both_databases import on_both
from tests.concurrency import at_once
from tests.integration.breaks.conftest import Desk
from tests.integration.workflows.alerts.test_escalation import opened_break
from tests.integration.workflows.causes.test_analysing import hundredfold, look_again, only
from tests.integration.workflows.remediation import making
from trades.models import Counterparty
from workflows.models import Notification, RemediationSuggestion
from workflows.services import remediation
from workflows.services.causes import CauseRefused, dismiss, keeping
from workflows.services.escalation import check_sla
from workflows.services.routing import many
from workflows.services.routing.batch import route_batch

NOW = factories.NOW


def one_after_the_other(first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    """Do the first in a transaction that is still open when the second begins."""
    begun = threading.Event()

    def holding() -> Any:
        with transaction.atomic():
            done = first()
            begun.set()
            time.sleep(0.3)
            return done

    def waiting() -> Any:
        begun.wait(10)
        return second()

    return at_once(holding, waiting)


def what_is_told_names_team_and_person_as_they_are():
    row = opened_break()
    supervisor = factories.user("Supervisor")
    team = factories.team("rates", supervisor, name="Rates")

    def give() -> None:
        given = {"break_id": row.pk, "version": None, "by": supervisor, "at": NOW}
        work.route(**given, team=team)
        work.assign(**given, to=supervisor)

    one_after_the_other(give, lambda: check_sla(at=NOW))

    said = Notification.objects.get(kind="ESCALATION").text
    assert f"Assigned to {supervisor}, in the queue of Rates." in said
    assert list(verify()) == []


def of_two_edits_of_a_policy_the_later_is_refused():
    by = factories.user("Administrator")
    read = SlaPolicy.objects.get(code="standard", retired_at=None)
    ours, theirs = copy(read), copy(read)
    ours.high_minutes, theirs.high_minutes = 60, 90

    _, refusal = one_after_the_other(
        lambda: sla.save_policy(policy=ours, by=by, at=NOW),
        lambda: sla.save_policy(policy=theirs, by=by, at=NOW),
    )

    assert isinstance(refusal, sla.EditRefused), repr(refusal)
    assert SlaPolicy.objects.get(code="standard", retired_at=None).high_minutes == 60


def a_finding_is_not_written_over_what_somebody_says_of_it():
    hundredfold(12)
    look_again()
    row, by = only(), factories.user("Supervisor")
    said: list[Any] = []

    def speak() -> None:
        try:
            dismiss(finding_id=row.pk, version=row.version, by=by, at=NOW, reason="no")
            said.append("dismissed")
        except CauseRefused as refusal:
            said.append(refusal)
        finally:
            connection.close()

    speaker = threading.Thread(target=speak)
    fingerprint = keeping.fingerprint

    def interrupted(*given: Any) -> str:
        if speaker.ident is None:
            speaker.start()
            speaker.join(0.3)
        return fingerprint(*given)

    keeping.fingerprint = interrupted
    try:
        look_again(NOW + timedelta(hours=1))
    finally:
        keeping.fingerprint = fingerprint
        speaker.join()

    row.refresh_from_db()
    assert (row.status == "DISMISSED") == (said == ["dismissed"])
    assert row.events.filter(act="DISMISSED").exists() == (row.status == "DISMISSED")


def a_batch_routes_no_break_that_was_changed_since_it_was_looked_at():
    row, by = opened_break(), factories.user("Supervisor")
    factories.team("operations-analysts", by)
    read = many.rules_in_force

    def comment() -> None:
        try:
            work.comment(break_id=row.pk, version=None, by=by, at=NOW, text="wait")
        finally:
            connection.close()

    other = threading.Thread(target=comment)

    def meanwhile() -> Any:
        other.start()
        other.join(0.3)
        return read()

    many.rules_in_force = meanwhile
    try:
        batch = route_batch(selection={row.pk: row.version}, by=by, at=NOW)
    finally:
        many.rules_in_force = read
        other.join()

    kinds = list(row.events.order_by("sequence").values_list("kind", flat=True))
    assert kinds == ["OPENED", "ROUTED", "COMMENTED"]
    assert batch.rows[0]["version"] == 2
    assert list(verify()) == []


def of_two_who_ask_for_one_fix_the_later_is_told_so():
    row = making.alias(Desk())
    find = Counterparty.objects.get
    party, into = find(name=making.THEIRS), find(name=making.OURS)

    def ask(by: Any) -> Any:
        return remediation.propose_fix(
            kind="COUNTERPARTY_ALIAS", given={"party": party.pk, "into": into.pk},
            break_ids=[row.pk], by=by, at=NOW, reason="one firm",
        )  # fmt: skip

    first, second = factories.user("Analyst"), factories.user("Analyst")
    asked, refusal = one_after_the_other(lambda: ask(first), lambda: ask(second))

    assert isinstance(refusal, remediation.RemedyRefused), repr(refusal)
    assert "is asked for already" in str(refusal)
    assert RemediationSuggestion.objects.get(status="ASKED").approval == asked


test_on_sqlite, test_on_postgres = on_both(
    of_two_who_ask_for_one_fix_the_later_is_told_so,
    what_is_told_names_team_and_person_as_they_are,
    of_two_edits_of_a_policy_the_later_is_refused,
    a_finding_is_not_written_over_what_somebody_says_of_it,
    a_batch_routes_no_break_that_was_changed_since_it_was_looked_at,
)
