"""The daily roots: what they cover, that they are written once, and the tampering they show."""

import hashlib
import json
import threading
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from breaks import append_only
from breaks.models import BreakEvent, HistoryRoot, TradeBreak
from breaks.services import roots, work
from breaks.services.history import verify
from breaks.services.roots import RootRefused, write_due_roots, write_root
from tests import factories
from tests.both_databases import on_both
from tests.concurrency import at_once
from tests.integration.breaks.conftest import PRICE, Desk
from workflows.tasks import write_history_root

DAY = factories.NOW.date()
NEXT = DAY + timedelta(days=1)


def midnight(day: date, **later: int) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(**later)


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def three_days() -> list[TradeBreak]:
    """Three breaks of one day, worked on the two days after; a root of each day."""
    desk = Desk()
    for _ in range(3):
        desk.pair(PRICE)
    desk.run()
    rows = list(TradeBreak.objects.order_by("pk"))
    by = factories.user("Analyst")
    for days, row in ((1, rows[0]), (1, rows[1]), (2, rows[1])):
        at = factories.NOW + timedelta(days=days)
        work.comment(break_id=row.pk, version=None, by=by, at=at, text="asked")
        if days == 2:
            work.resolve(break_id=row.pk, version=None, by=by, at=at, reason_code="BOOKED")
    write_root(day=DAY + timedelta(days=2), at=midnight(DAY, days=3, minutes=20))
    assert list(verify()) == []
    return rows


def a_root_is_the_digest_documented():
    """Recomputed here by hand: an auditor can do the same with two tables."""
    three_days()
    previous = ""
    for root in HistoryRoot.objects.order_by("day"):
        heads = {}
        for event in BreakEvent.objects.filter(pk__lte=root.last_event).order_by("sequence"):
            heads[event.trade_break_id] = event
        lines = [f"{pk}\t{heads[pk].sequence}\t{heads[pk].digest}\n" for pk in sorted(heads)]
        events = BreakEvent.objects.filter(pk__lte=root.last_event).count()
        at = root.at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
        own = f"{root.day}\t{root.last_event}\t{len(lines)}\t{events}\t{at}\t{previous}\n"

        assert (root.breaks, root.events, root.previous_digest) == (len(lines), events, previous)
        assert root.digest == hashlib.sha256("".join([*lines, own]).encode()).hexdigest()
        previous = root.digest
    assert list(HistoryRoot.objects.order_by("day").values_list("events", flat=True)) == [3, 5, 7]


def one_of_twenty_writers_wins_and_all_get_its_root():
    three_days()
    day, at = DAY + timedelta(days=4), midnight(DAY, days=5)

    answers = at_once(
        *(lambda n=n: write_root(day=day, at=at + timedelta(seconds=n)) for n in range(20))
    )

    assert all(isinstance(answer, HistoryRoot) for answer in answers), answers
    assert len({answer.digest for answer in answers}) == 1
    days = list(HistoryRoot.objects.order_by("day").values_list("day", flat=True))
    assert days == [DAY + timedelta(days=n) for n in range(5)]
    assert list(verify()) == []


def what_is_dated_back_belongs_to_the_next_root():
    rows = three_days()
    by = factories.user("Analyst")
    work.comment(break_id=rows[2].pk, version=None, by=by, at=factories.NOW, text="late")
    assert list(verify()) == []

    root = write_root(day=DAY + timedelta(days=3), at=midnight(DAY, days=4))

    assert (root.events, root.last_event) == (8, BreakEvent.objects.order_by("pk").last().pk)
    assert list(verify()) == []


# --- tampering that no chain shows by itself --------------------------------------------------


def found() -> list[str]:
    with pytest.raises(CommandError) as failure:
        call_command("verify_history", "--json", stdout=(out := StringIO()), stderr=StringIO())
    assert failure.value.returncode == 1
    links = [str(link) for link in verify()]
    assert len(json.loads(out.getvalue())["broken"]) == len(links)
    return links


def a_break_deleted_whole_shows():
    rows = three_days()
    append_only.remove(connection)
    sql("DELETE FROM breaks_breakcomment WHERE trade_break_id = %s", rows[0].pk)
    sql("DELETE FROM breaks_breakevent WHERE trade_break_id = %s", rows[0].pk)
    sql("DELETE FROM breaks_tradebreak WHERE id = %s", rows[0].pk)

    assert found() == [
        f"Root of {DAY}: it covered 3 breaks and 3 events; 2 breaks and 2 events of these are left."
    ]


def a_tail_cut_with_the_break_turned_back_shows():
    rows = three_days()
    append_only.remove(connection)
    sql("DELETE FROM breaks_breakevent WHERE trade_break_id = %s AND sequence > 2", rows[1].pk)
    sql(
        "UPDATE breaks_tradebreak SET version = 2, status = 'OPEN', resolved_at = NULL, "
        "resolved_by_id = NULL, reason_code = '' WHERE id = %s",
        rows[1].pk,
    )

    last = DAY + timedelta(days=2)
    [root] = found()
    assert root == (
        f"Root of {last}: it covered 3 breaks and 7 events; "
        "3 breaks and 5 events of these are left."
    )


def a_chain_written_anew_shows():
    """Every digest made anew from a change on: the chain holds, and the root does not."""
    from breaks.services.history import digest_of

    rows = three_days()
    append_only.remove(connection)
    event = BreakEvent.objects.get(trade_break=rows[0], sequence=2)
    event.reason = "never asked"
    BreakEvent.objects.filter(pk=event.pk).update(reason=event.reason, digest=digest_of(event))

    assert found() == [
        f"Root of {NEXT}: the histories are not those it covered, or it was changed itself."
    ]


def re_ordered_events_show_in_both():
    rows = three_days()
    append_only.remove(connection)
    for old, new in ((2, 99), (3, 2), (99, 3)):
        sql(
            "UPDATE breaks_breakevent SET sequence = %s "
            "WHERE trade_break_id = %s AND sequence = %s",
            new, rows[1].pk, old,
        )  # fmt: skip

    chain, root = found()
    assert chain == f"Break {rows[1].pk}, event 2: it does not continue the event before it."
    assert root.startswith(f"Root of {NEXT}: ")


def a_changed_root_shows():
    three_days()
    append_only.remove(connection)
    sql("UPDATE breaks_historyroot SET at = %s WHERE day = %s", midnight(NEXT, days=9), NEXT)

    assert found() == [
        f"Root of {NEXT}: the histories are not those it covered, or it was changed itself."
    ]


def a_removed_root_shows():
    three_days()
    append_only.remove(connection)
    sql("DELETE FROM breaks_historyroot WHERE day = %s", NEXT)

    last = DAY + timedelta(days=2)
    assert found() == [f"Root of {last}: the root before it, of {NEXT}, is missing."]


def a_root_put_in_between_shows():
    three_days()
    append_only.remove(connection)
    root = HistoryRoot.objects.get(day=NEXT)
    root.previous_digest = "0" * 64
    HistoryRoot.objects.filter(day=NEXT).update(previous_digest=root.previous_digest)

    assert found() == [f"Root of {NEXT}: it does not continue the root before it."]


test_on_sqlite, test_on_postgres = on_both(
    a_root_is_the_digest_documented,
    one_of_twenty_writers_wins_and_all_get_its_root,
    what_is_dated_back_belongs_to_the_next_root,
    a_break_deleted_whole_shows,
    a_tail_cut_with_the_break_turned_back_shows,
    a_chain_written_anew_shows,
    re_ordered_events_show_in_both,
    a_changed_root_shows,
    a_removed_root_shows,
    a_root_put_in_between_shows,
)


@pytest.mark.postgres
@pytest.mark.usefixtures("on_postgres")
def test_a_write_under_way_is_waited_for_and_covered():
    """It took its keys before the day's last event and commits after: without, a false alarm."""
    rows = three_days()
    by = factories.user("Analyst")
    at = midnight(DAY, days=3, hours=12)
    written, go_on = threading.Event(), threading.Event()

    def slowly():
        with transaction.atomic():
            work.comment(break_id=rows[0].pk, version=None, by=by, at=at, text="slow")
            written.set()
            assert go_on.wait(10)

    def quickly():
        assert written.wait(10)
        work.comment(break_id=rows[2].pk, version=None, by=by, at=at, text="quick")
        threading.Timer(0.5, go_on.set).start()
        return write_root(day=DAY + timedelta(days=3), at=midnight(DAY, days=4))

    nothing, root = at_once(slowly, quickly)

    assert nothing is None
    assert (root.breaks, root.events) == (3, 9)
    assert list(verify()) == []


@pytest.mark.postgres
@pytest.mark.usefixtures("on_postgres")
def test_a_write_that_does_not_end_keeps_the_root_waiting(monkeypatch):
    rows = three_days()
    monkeypatch.setattr(roots, "LONGEST_WAIT_SECONDS", 0.2)
    by = factories.user("Analyst")
    written, refused = threading.Event(), threading.Event()

    def slowly():
        with transaction.atomic():
            work.comment(
                break_id=rows[0].pk, version=None, by=by, at=midnight(DAY, days=3), text="slow"
            )
            written.set()
            assert refused.wait(10)

    def root():
        assert written.wait(10)
        try:
            return write_root(day=DAY + timedelta(days=3), at=midnight(DAY, days=4))
        finally:
            refused.set()

    _, answer = at_once(slowly, root)

    assert isinstance(answer, RootRefused)
    assert HistoryRoot.objects.count() == 3


class TestWhichDays:
    pytestmark = pytest.mark.django_db

    def test_a_day_that_is_not_over_is_refused(self):
        three_days()

        with pytest.raises(RootRefused, match="is not over yet in UTC"):
            write_root(day=DAY + timedelta(days=3), at=midnight(DAY, days=4) - timedelta.resolution)
        assert HistoryRoot.objects.count() == 3

    def test_the_same_day_again_is_the_same_root(self):
        three_days()
        before = list(HistoryRoot.objects.values())

        again = write_root(day=NEXT, at=midnight(DAY, days=9))

        assert again == HistoryRoot.objects.get(day=NEXT)
        assert list(HistoryRoot.objects.values()) == before

    def test_none_is_put_in_before_the_first(self):
        three_days()

        with pytest.raises(RootRefused, match="none is put in before that of"):
            write_root(day=DAY - timedelta(days=1), at=midnight(DAY, days=9))

    def test_without_history_there_is_none(self):
        assert write_due_roots(at=midnight(NEXT)) == []
        with pytest.raises(RootRefused, match="No history had begun"):
            write_root(day=DAY, at=midnight(NEXT))

    @pytest.mark.usefixtures("price_break")
    def test_nothing_is_due_before_the_first_day_is_over(self):
        assert write_due_roots(at=midnight(NEXT) - timedelta(seconds=1)) == []

    @pytest.mark.usefixtures("price_break")
    def test_missed_days_are_caught_up_and_then_nothing_is_due(self):
        at = midnight(DAY, days=4, minutes=20)

        days = [root.day for root in write_due_roots(at=at)]

        assert days == [DAY + timedelta(days=n) for n in range(4)]
        assert write_due_roots(at=at) == []
        assert list(verify()) == []

    def test_a_few_breaks_at_a_time_are_counted_as_all_at_once(self, monkeypatch):
        monkeypatch.setattr(roots.Recount, "BREAKS_AT_ONCE", 2)

        assert len(three_days()) == 3


class TestTheCommands:
    pytestmark = pytest.mark.django_db

    def test_writing_prints_what_to_keep(self):
        three_days()
        call_command("write_history_root", "--day", str(DAY), stdout=(out := StringIO()))

        digest = HistoryRoot.objects.get(day=DAY).digest
        assert out.getvalue() == f"{DAY} {digest} 3 breaks 3 events\n"

    def test_writing_refuses_in_a_sentence(self):
        with pytest.raises(CommandError, match="is not over yet"):
            call_command("write_history_root", "--day", f"{timezone.now():%Y-%m-%d}")

    def test_verifying_says_how_far_the_roots_go(self):
        three_days()
        call_command("verify_history", stdout=(out := StringIO()))

        said = f"The history of 3 breaks holds, 7 events, and 3 daily roots up to {DAY:%Y-%m}-"
        assert out.getvalue().startswith(said)

    def test_a_root_kept_elsewhere_has_to_be_there(self):
        three_days()
        kept = HistoryRoot.objects.get(day=NEXT).digest
        call_command("verify_history", "--known", f" {kept.upper()}", stdout=StringIO())

        with pytest.raises(CommandError, match=f"No root has the digest {'0' * 64}"):
            call_command("verify_history", "--known", kept, "--known", "0" * 64)


@pytest.mark.django_db
@pytest.mark.usefixtures("price_break")
def test_the_task_writes_what_is_due_and_does_no_harm_a_second_time(caplog):
    caplog.set_level("INFO")
    with time_machine.travel(midnight(DAY, days=2, minutes=20)):
        write_history_root()
        before = list(HistoryRoot.objects.values())
        write_history_root()

    assert len(before) == 2
    assert list(HistoryRoot.objects.values()) == before
    assert f"root of {DAY}: {HistoryRoot.objects.get(day=DAY).digest}" in caplog.text
