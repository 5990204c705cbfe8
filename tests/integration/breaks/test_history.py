"""The chain of events of each break, and that every kind of tampering shows."""

import hashlib
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from breaks import append_only
from breaks.models import BreakEvent, TradeBreak
from breaks.services import work
from breaks.services.attaching import attach
from breaks.services.history import verify
from tests import factories
from tests.integration.breaks.conftest import PRICE, Desk


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def story(desk, analyst):
    """Return a break with four events, between two others."""
    for _ in range(3):
        desk.pair(PRICE)
    desk.run()
    row = TradeBreak.objects.order_by("pk")[1]
    ask = {"break_id": row.pk, "version": None, "by": analyst, "at": desk.at}
    work.claim(**ask)
    work.comment(**ask, text="asked, with “quotes” and a \U0001f4b7")
    work.resolve(**ask, reason_code="BOOKED")
    assert list(verify()) == []
    return row


@pytest.fixture
def exposed(story):
    """Return that break with the triggers dropped, as whoever owns the database can."""
    append_only.remove(connection)
    return story


def broken() -> str:
    [found] = verify()
    return str(found)


def test_the_digest_is_the_one_documented(story):
    """Recomputed here by hand: an auditor can do the same with the columns alone."""
    previous = ""
    for event in BreakEvent.objects.filter(trade_break=story).order_by("sequence"):
        content = [
            story.pk,
            event.sequence,
            event.kind,
            event.from_status,
            event.to_status,
            event.by_id,
            event.at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00"),
            event.reason,
            event.detail,
            previous,
        ]
        text = json.dumps(content, separators=(",", ":"), sort_keys=True)
        assert event.previous_digest == previous
        assert event.digest == hashlib.sha256(text.encode("ascii")).hexdigest()
        previous = event.digest


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("reason", "never asked"),
        ("kind", "ASSIGNED"),
        ("by_id", None),
        ("at", factories.NOW),
        ("detail", {"comment": 99}),
        ("to_status", "OPEN"),
        ("digest", "0" * 64),
    ],
)
def test_a_changed_event_shows(exposed, column, value):
    where = {"trade_break": exposed, "sequence": 3}
    BreakEvent.objects.filter(**where).update(**{column: value})

    assert broken() == f"Break {exposed.pk}, event 3: its content is not what was written."


def test_a_changed_event_with_a_digest_made_anew_shows_in_the_next(exposed):
    from breaks.services.history import digest_of

    event = BreakEvent.objects.get(trade_break=exposed, sequence=3)
    event.reason = "never asked"
    sql(
        "UPDATE breaks_breakevent SET reason = %s, digest = %s WHERE id = %s",
        event.reason,
        digest_of(event),
        event.pk,
    )

    assert broken() == f"Break {exposed.pk}, event 4: it does not continue the event before it."


@pytest.mark.parametrize(("sequence", "follows"), [(1, 2), (2, 3), (3, 4)])
def test_a_removed_event_shows(exposed, sequence, follows):
    sql(
        "DELETE FROM breaks_breakevent WHERE trade_break_id = %s AND sequence = %s",
        exposed.pk,
        sequence,
    )

    expected = f"Break {exposed.pk}, event {sequence}: it is missing; event {follows} follows."
    assert broken() == expected


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_a_truncated_tail_shows(exposed, kept):
    where = (exposed.pk, kept)
    sql("DELETE FROM breaks_breakevent WHERE trade_break_id = %s AND sequence > %s", *where)

    expected = f"event {kept + 1}: it is missing; the break was written 4 times."
    assert broken() == f"Break {exposed.pk}, {expected}"


def test_a_truncated_tail_shows_though_the_version_was_turned_back(exposed):
    sql("DELETE FROM breaks_breakevent WHERE trade_break_id = %s AND sequence = 4", exposed.pk)
    sql("UPDATE breaks_tradebreak SET version = 3 WHERE id = %s", exposed.pk)

    assert "leaves the break In progress, but it is Resolved" in broken()


def test_re_ordered_events_show(exposed):
    for old, new in ((2, 99), (3, 2), (99, 3)):
        sql(
            "UPDATE breaks_breakevent SET sequence = %s "
            "WHERE trade_break_id = %s AND sequence = %s",
            new,
            exposed.pk,
            old,
        )

    assert "event 2: it does not continue" in broken()


def test_an_added_event_shows(exposed):
    last = BreakEvent.objects.filter(trade_break=exposed).order_by("sequence").last()
    BreakEvent.objects.create(
        trade_break=exposed,
        sequence=5,
        kind="COMMENTED",
        at=factories.NOW,
        previous_digest=last.digest,
        digest="0" * 64,
    )

    assert "event 5: its content is not what was written" in broken()


def test_events_moved_to_another_break_show(exposed):
    first = TradeBreak.objects.order_by("pk")[0]
    sql(
        "UPDATE breaks_breakevent SET trade_break_id = %s "
        "WHERE trade_break_id = %s AND sequence = 4",
        first.pk,
        exposed.pk,
    )

    assert [link.break_id for link in verify()] == [first.pk, exposed.pk]


def test_a_status_changed_behind_the_desks_back_shows(exposed):
    first = TradeBreak.objects.order_by("pk")[0]
    sql("UPDATE breaks_tradebreak SET status = 'ESCALATED' WHERE id = %s", first.pk)

    assert "leaves the break Open, but it is Escalated" in broken()


@pytest.mark.parametrize("at", ["no date", "", "7", "2026-13-45 00:00:00"])
def test_a_time_that_is_none_shows_in_its_place(exposed, at):
    """SQLite alone keeps such a thing; Postgres refuses it."""
    sql("UPDATE breaks_breakevent SET at = %s WHERE trade_break_id = %s AND sequence = 2",
        at, exposed.pk)  # fmt: skip

    assert broken() == f"Break {exposed.pk}, event 2: its time is {at!r}, which is none."


def test_a_number_beyond_all_numbers_shows(exposed):
    sql("UPDATE breaks_breakevent SET detail = %s WHERE trade_break_id = %s AND sequence = 3",
        '{"comment": 1e999}', exposed.pk)  # fmt: skip

    assert broken().startswith(f"Break {exposed.pk}, event 3: its content is nothing that")


def test_a_status_that_is_none_shows(exposed):
    TradeBreak.objects.filter(pk=exposed.pk).update(
        status="FOO", resolved_at=None, resolved_by=None, reason_code=""
    )

    assert broken().endswith("it leaves the break Resolved, but it is FOO.")


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE breaks_breakattachment SET content = x'00'", "is not what was attached."),
        (
            "UPDATE breaks_breakattachment SET trade_break_id = trade_break_id - 1",
            "is not what was attached.",
        ),
        ("DELETE FROM breaks_breakattachment", "which was attached, is gone."),
    ],
)
def test_a_changed_or_removed_file_shows(exposed, analyst, statement, why):
    ask = {"break_id": exposed.pk, "version": None, "by": analyst, "at": factories.NOW}
    attach(**ask, name="mail.eml", content=b"187")
    assert list(verify()) == []

    sql(statement)

    found = broken()
    assert found.startswith(f"Break {exposed.pk}, event 5: the file 'mail.eml'")
    assert found.endswith(why)
    assert list(verify(break_ids=[exposed.pk + 1])) == []


def test_only_the_breaks_asked_for_are_read(exposed):
    sql("DELETE FROM breaks_breakevent WHERE trade_break_id = %s", exposed.pk)
    others = TradeBreak.objects.exclude(pk=exposed.pk).values_list("pk", flat=True)

    assert list(verify(break_ids=others)) == []
    assert [link.break_id for link in verify(break_ids=[exposed.pk])] == [exposed.pk]


def test_the_command_says_how_much_it_read(story):
    out = StringIO()
    call_command("verify_history", stdout=out)
    assert out.getvalue() == "The history of 3 breaks holds, 6 events.\n"


def test_the_command_names_the_first_broken_link_and_fails(exposed):
    sql("UPDATE breaks_breakevent SET reason = 'x' WHERE trade_break_id = %s", exposed.pk)

    with pytest.raises(CommandError, match=f"Break {exposed.pk}, event 1: its content") as failure:
        call_command("verify_history")
    assert failure.value.returncode == 1


def test_the_command_names_each_fault_and_answers_as_json(exposed):
    first = TradeBreak.objects.order_by("pk")[0]
    sql("UPDATE breaks_breakevent SET reason = 'x' WHERE trade_break_id = %s", exposed.pk)
    sql("UPDATE breaks_tradebreak SET status = 'ESCALATED' WHERE id = %s", first.pk)
    out, errors = StringIO(), StringIO()

    with pytest.raises(CommandError, match=f"Break {first.pk}, event 1: it leaves"):
        call_command("verify_history", "--json", stdout=out, stderr=errors)

    answer = json.loads(out.getvalue())
    assert (answer["holds"], answer["breaks"], answer["events"]) == (False, 3, 6)
    assert [link["break_id"] for link in answer["broken"]] == [first.pk, exposed.pk]
    assert len(answer["missing_triggers"]) == 15
    assert f"Break {exposed.pk}, event 1: its content" in errors.getvalue()


@pytest.mark.django_db(transaction=True)
def test_events_without_their_break_show_and_hide_nothing():
    """Their break is gone, which foreign keys refuse until they are off; the next is checked."""
    desk = Desk()
    for _ in range(2):
        desk.pair(PRICE)
    desk.run()
    append_only.remove(connection)
    gone, other = TradeBreak.objects.order_by("pk")
    sql("PRAGMA foreign_keys = off")
    try:
        sql("DELETE FROM breaks_tradebreak WHERE id = %s", gone.pk)
        sql("UPDATE breaks_breakevent SET reason = 'x' WHERE trade_break_id = %s", other.pk)

        assert [str(link) for link in verify()] == [
            f"Break {gone.pk}, event 1: its break is not there.",
            f"Break {other.pk}, event 1: its content is not what was written.",
        ]
    finally:
        sql("DELETE FROM breaks_breakevent")
        sql("PRAGMA foreign_keys = on")


def test_a_reading_tells_how_far_it_is(story, monkeypatch):
    from breaks.services import history

    monkeypatch.setattr(history, "BATCH", 2)
    told = []

    assert list(verify(on_progress=told.append)) == []
    assert told == [2]
