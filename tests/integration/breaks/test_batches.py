"""One act done to many breaks, and taken back."""

import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from breaks.models import ActBatch, ApprovalPolicy, ApprovalRequest, BreakEvent, TradeBreak
from breaks.services import approvals, batches, work
from breaks.services.batches import Asked, BatchRefused, do, undo_batch
from breaks.services.history import Entry, NewBreak, append, verify
from breaks.services.lifecycle import WorkRefused
from tests import factories

NOW, LATER = factories.NOW, factories.NOW + timedelta(hours=1)
RESOLVE = {"reason_code": "BOOKED"}


def some(count: int, **over) -> list[TradeBreak]:
    """Make breaks with the history that a run gives them."""
    trade = factories.trade()
    rows = [factories.trade_break(left_trade=trade, right_trade=None, **over) for _ in range(count)]
    opened = [Entry(trade_break=NewBreak(row.pk), kind="OPENED", to_status="OPEN") for row in rows]
    append(opened, at=NOW)
    return rows


def ask(rows, act="resolve", version=1, **given) -> list[Asked]:
    given = given or (RESOLVE if act == "resolve" else {})
    return [Asked(row.pk, version, act, given) for row in rows]


def resolve(rows, by, at=NOW, **more) -> ActBatch:
    return do(asked=ask(rows, **more), act="resolve", by=by, at=at)


def statuses(rows) -> list[str]:
    found = dict(TradeBreak.objects.values_list("pk", "status"))
    return [found[row.pk] for row in rows]


class TestDo:
    def test_does_each_and_says_so(self, analyst):
        rows = some(3)

        batch = resolve(rows, analyst)

        batch.refresh_from_db()
        assert statuses(rows) == ["RESOLVED"] * 3
        assert (batch.act, batch.by, batch.given) == ("resolve", analyst, RESOLVE)
        assert batch.rows == [
            {"break": row.pk, "act": "resolve", "version": 2, "said": ""} for row in rows
        ]
        assert list(verify()) == []

    def test_refuses_a_row_by_itself(self, analyst):
        rows = some(4)
        work.resolve(break_id=rows[1].pk, version=1, reason_code="BOOKED", by=analyst, at=NOW)
        work.comment(break_id=rows[2].pk, version=1, text="mine", by=analyst, at=NOW)
        gone = Asked(999_999, 1, "resolve", RESOLVE)

        batch = do(
            asked=[*ask(rows[:2], version=None), *ask(rows[2:]), gone],
            act="resolve",
            by=analyst,
            at=LATER,
        )

        said = [row["said"] for row in batch.rows]
        assert said[0] == said[3] == ""
        assert "is resolved already" in said[1]
        assert f"was changed by {analyst} meanwhile (commented" in said[2]
        assert said[4] == "There is no break 999999."
        assert [row["version"] for row in batch.rows] == [2, None, None, 2, None]
        assert statuses(rows) == ["RESOLVED", "RESOLVED", "OPEN", "RESOLVED"]

    def test_refuses_a_break_one_may_not_see_as_unknown(self, analyst):
        ours, theirs = some(2)
        TradeBreak.objects.filter(pk=theirs.pk).update(team=factories.team("equities"))

        batch = resolve([ours, theirs], analyst)

        assert batch.rows[1]["said"] == f"There is no break {theirs.pk}."
        assert statuses([ours, theirs]) == ["RESOLVED", "OPEN"]

    def test_marks_what_was_so_already(self, analyst):
        one, two = some(2)
        work.claim(break_id=one.pk, version=1, by=analyst, at=NOW)

        batch = do(asked=ask([one, two], "claim", None), act="claim", by=analyst, at=LATER)

        assert [row.get("unchanged", False) for row in batch.rows] == [True, False]

    def test_several_acts_on_one_break_follow_each_other(self, analyst, supervisor):
        [row] = some(1)
        asked = [
            Asked(row.pk, 1, "assign", {"to": analyst}),
            Asked(row.pk, 1, "resolve", RESOLVE),
            Asked(row.pk, 1, "comment", {"text": "as agreed"}),
        ]

        batch = do(asked=asked, act="import", by=supervisor, at=NOW, file_name="acts.csv")

        assert [line["version"] for line in batch.rows] == [2, 3, 4]
        assert (batch.file_name, batch.given) == ("acts.csv", {})

    def test_keeps_what_was_given_as_text(self, analyst, supervisor):
        batch = do(
            asked=ask(some(2), "assign", to=analyst, reason="knows it"),
            act="assign",
            by=supervisor,
            at=NOW,
        )

        batch.refresh_from_db()
        assert batch.given == {"to": analyst.username, "reason": "knows it"}

    def test_nothing_is_a_batch_too(self, analyst):
        assert do(asked=[], act="claim", by=analyst, at=NOW).rows == []

    @pytest.mark.django_db
    def test_an_unknown_actor_does_nothing(self):
        asked = ask(some(1))
        with pytest.raises(WorkRefused, match="Sign in"):
            do(asked=asked, act="resolve", by=AnonymousUser(), at=NOW)
        assert not ActBatch.objects.exists()

    def test_an_act_that_is_not_done_in_bulk(self, analyst):
        with pytest.raises(ValueError, match="check_actor is none of"):
            do(asked=ask(some(1), "check_actor"), act="x", by=analyst, at=NOW)

    def test_what_was_done_before_a_failure_is_on_record(self, analyst, monkeypatch):
        rows = some(3)
        real = work.resolve

        def fails(*, break_id, **more):
            if break_id == rows[2].pk:
                raise OSError("disk full")
            return real(break_id=break_id, **more)

        monkeypatch.setattr(work, "resolve", fails)

        with pytest.raises(OSError, match="disk full"):
            resolve(rows, analyst)

        batch = ActBatch.objects.get()
        assert [row["break"] for row in batch.rows] == [row.pk for row in rows[:2]]
        monkeypatch.undo()
        undo_batch(batch_id=batch.pk, by=analyst, at=LATER)
        assert statuses(rows) == ["OPEN"] * 3

    def test_a_thousand_take_seconds(self, analyst):
        rows = some(1000)
        began = time.monotonic()

        batch = resolve(rows, analyst)

        assert time.monotonic() - began < 30  # a few seconds on an idle machine
        assert all(row["version"] == 2 for row in batch.rows)


class TestUndo:
    def test_takes_all_back(self, analyst):
        rows = some(3)
        batch = resolve(rows, analyst)

        undone = undo_batch(batch_id=batch.pk, by=analyst, at=LATER)

        assert statuses(rows) == ["OPEN"] * 3
        assert (undone.undone_by, undone.undone_at) == (analyst, LATER)
        undone.refresh_from_db()
        assert [(row["undone"], row["undo_said"]) for row in undone.rows] == [(3, "")] * 3
        assert list(verify()) == []

    def test_leaves_alone_what_somebody_acted_on_since(self, analyst, supervisor):
        rows = some(2)
        batch = resolve(rows, analyst)
        work.reopen(break_id=rows[0].pk, version=2, reason="not so", by=supervisor, at=NOW)

        undone = undo_batch(batch_id=batch.pk, by=analyst, at=LATER)

        assert undone.rows[0]["undone"] is None
        assert f"was changed by {supervisor} meanwhile (re-opened" in undone.rows[0]["undo_said"]
        assert undone.rows[1]["undone"] == 3
        assert BreakEvent.objects.filter(trade_break=rows[0]).last().kind == "REOPENED"

    def test_only_what_was_done(self, analyst):
        one, two, three = some(3)
        work.claim(break_id=one.pk, version=1, by=analyst, at=NOW)
        asked = [*ask([one], "claim", None), *ask([two], "claim"), *ask([three], "claim", 7)]
        batch = do(asked=asked, act="claim", by=analyst, at=LATER)

        undone = undo_batch(batch_id=batch.pk, by=analyst, at=LATER)

        assert ["undone" in row for row in undone.rows] == [False, True, False]
        assert statuses([one, two, three]) == ["IN_PROGRESS", "OPEN", "OPEN"]

    def test_once(self, analyst):
        batch = resolve(some(1), analyst)
        undo_batch(batch_id=batch.pk, by=analyst, at=LATER)
        events = BreakEvent.objects.count()

        with pytest.raises(BatchRefused, match=f"was undone by {analyst} on 2026-03-05 13:00"):
            undo_batch(batch_id=batch.pk, by=analyst, at=LATER)
        assert BreakEvent.objects.count() == events

    def test_several_acts_on_one_break_the_last_first(self, analyst, supervisor):
        [row] = some(1)
        asked = [
            Asked(row.pk, 1, "assign", {"to": analyst}),
            Asked(row.pk, 1, "resolve", RESOLVE),
        ]
        batch = do(asked=asked, act="import", by=supervisor, at=NOW)

        undo_batch(batch_id=batch.pk, by=supervisor, at=LATER)

        row.refresh_from_db()
        assert (row.status, row.assigned_to) == ("OPEN", None)

    def test_not_while_it_is_still_running(self, analyst, monkeypatch):
        rows = some(3)
        refused = []

        def meddle(*, break_id, version, by, at):
            batch = ActBatch.objects.get()
            with pytest.raises(BatchRefused, match="still running") as refusal:
                undo_batch(batch_id=batch.pk, by=by, at=at)
            refused.append(str(refusal.value))
            return work.claim(break_id=break_id, version=version, by=by, at=at)

        monkeypatch.setitem(batches.IN_BULK, "meddle", lambda: meddle)
        batch = do(asked=ask(rows, "meddle"), act="meddle", by=analyst, at=NOW)

        assert len(refused) == 3
        batch.refresh_from_db()
        assert (batch.has_ended, batch.undone_at, len(batch.rows)) == (True, None, 3)
        undone = undo_batch(batch_id=batch.pk, by=analyst, at=LATER)
        assert statuses(rows) == ["OPEN"] * 3
        assert [row["undo_said"] for row in undone.rows] == [""] * 3

    def test_one_that_was_killed_is_taken_back_as_far_as_it_came(self, analyst):
        rows = some(2)
        batch = resolve(rows, analyst)
        ActBatch.objects.update(has_ended=False)

        with pytest.raises(BatchRefused, match="still running"):
            undo_batch(batch_id=batch.pk, by=analyst, at=LATER)
        undo_batch(batch_id=batch.pk, by=analyst, at=LATER + timedelta(minutes=1))

        assert statuses(rows) == ["OPEN"] * 2

    def test_not_somebody_elses(self, analyst):
        batch = resolve(some(1), analyst)

        with pytest.raises(BatchRefused, match=f"is {analyst}'s"):
            undo_batch(batch_id=batch.pk, by=factories.user("Analyst"), at=LATER)

        batch.refresh_from_db()
        assert batch.undone_at is None

    def test_but_a_supervisor_may(self, analyst, supervisor):
        rows = some(1)
        batch = resolve(rows, analyst)

        undo_batch(batch_id=batch.pk, by=supervisor, at=LATER)

        assert statuses(rows) == ["OPEN"]

    def test_requests_are_withdrawn(self, analyst):
        ApprovalPolicy.objects.filter(act="ACCEPT").update(is_enabled=True, above=100)
        rows = [*some(1, exposure="5"), *some(1, exposure="5000")]
        batch = do(asked=ask(rows, "accept", comment="small"), act="accept", by=analyst, at=NOW)
        request = ApprovalRequest.objects.get()
        assert statuses(rows) == ["ACCEPTED", "OPEN"]
        assert batch.rows[1] | {"act": ""} == {
            "break": rows[1].pk, "act": "", "version": None, "said": "", "request": request.pk,
        }  # fmt: skip

        undone = undo_batch(batch_id=batch.pk, by=analyst, at=LATER)

        request.refresh_from_db()
        assert request.status == "WITHDRAWN"
        assert statuses(rows) == ["OPEN", "OPEN"]
        assert [row["undone"] for row in undone.rows] == [3, 3]

    def test_a_request_somebody_decided_on_stays(self, analyst, supervisor):
        ApprovalPolicy.objects.filter(act="ACCEPT").update(is_enabled=True, above=0)
        rows = some(1)
        batch = do(asked=ask(rows, "accept", comment="small"), act="accept", by=analyst, at=NOW)
        approvals.approve(request_id=batch.rows[0]["request"], by=supervisor, at=NOW)

        undone = undo_batch(batch_id=batch.pk, by=analyst, at=LATER)

        assert "is approved already" in undone.rows[0]["undo_said"]
        assert statuses(rows) == ["ACCEPTED"]

    def test_a_break_one_may_no_longer_see_is_left(self, analyst):
        rows = some(1)
        batch = resolve(rows, analyst)
        TradeBreak.objects.update(team=factories.team("equities"))

        undone = undo_batch(batch_id=batch.pk, by=analyst, at=LATER)

        assert undone.rows[0]["undo_said"] == batches.unknown(rows[0].pk)
        assert statuses(rows) == ["RESOLVED"]

    def test_no_such_batch(self, analyst):
        with pytest.raises(ActBatch.DoesNotExist):
            undo_batch(batch_id=404, by=analyst, at=LATER)
