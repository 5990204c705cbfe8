"""What a file may ask for, what it is refused, and that it is done through the services."""

import pytest

from breaks.choices import ApprovalStatus, GuardedAct
from breaks.models import ActBatch, ApprovalPolicy, ApprovalRequest, BreakEvent, TradeBreak
from breaks.services import approvals, batches, work
from breaks.services.importing import (
    FileRefused,
    Outcome,
    apply,
    look_at,
    packed,
    read_file,
    unpacked,
)
from breaks.services.lifecycle import WorkRefused
from tests import factories
from tests.sheets import edited, exported, parsed, saved
from trades.spreadsheet import Mode

NOW = factories.NOW


@pytest.fixture
def free(db):
    """Let every act pass without a second person."""
    ApprovalPolicy.objects.update(is_enabled=False)


def looked_at(text: str, by):
    return look_at(read_file(text.encode()), by=by)


def refusals(cells: dict[str, str], row: TradeBreak, by) -> str:
    """Return why one edited row is refused."""
    review = looked_at(edited(exported(), {row.pk: cells}), by)
    assert review.asked == []
    return " ".join(sentence for line in review.lines for sentence in line.refusals)


@pytest.mark.usefixtures("free")
class TestRefusedRows:
    @pytest.mark.parametrize(
        ("cells", "why"),
        [
            ({"act": "delete"}, "'delete' is no act; write one of claim, assign"),
            ({"act": "escalate"}, "escalate needs a comment"),
            ({"act": "accept"}, "accept needs a comment"),
            ({"act": "comment"}, "comment needs a comment: what you want to say"),
            ({"act": "resolve"}, "Nothing is no reason to resolve"),
            ({"reason_code": "FUNNY"}, "FUNNY is no reason to resolve: write one of SOURCE_"),
            ({"reason_code": "AUTO_CLEARED"}, "AUTO_CLEARED is no reason to resolve"),
            ({"reason_code": "WRITE_OFF"}, "A write-off is the act accept"),
            ({"reason_code": "NOT_A_BREAK"}, "NOT_A_BREAK needs a comment"),
            ({"act": "claim", "reason_code": "BOOKED"}, "reason_code goes with the act resolve"),
            ({"act": "assign"}, "assigned_to is what it was"),
            ({"act": "route"}, "team is what it was"),
            ({"act": "reopen", "comment": "again"}, "only a resolved or accepted one is re-opened"),
            ({"assigned_to": "nobody-such"}, "There is no active user 'nobody-such'"),
            ({"assigned_to": "reader"}, "reader may not work breaks"),
            ({"assigned_to": "gone"}, "There is no active user 'gone'"),
            ({"team": "=cmd()"}, "There is no team '=cmd()'"),
            ({"act": "claim", "assigned_to": "chen"}, "A claim makes it yours"),
            ({"comment": "x" * 10_001}, "longer than 10,000"),
            ({"severity": "LOW"}, "severity is HIGH and LOW in the file: it cannot be changed"),
            ({"left_value": "", "exposure": "1"}, "exposure is 10 and 1 in the file"),
            ({"id": "7x"}, "The id is '7x', and no break's number"),
            ({"id": "999999"}, "There is no break 999999."),
            ({"version": "", "comment": "x"}, "The version is ''; break"),
            ({"version": "9", "comment": "x"}, "has had 1 to 1"),
            ({"seal": "hello", "comment": "x"}, "seal, is not as it was written"),
        ],
    )  # fmt: skip
    def test_say_why_in_a_sentence(self, supervisor, cells, why):
        factories.user("Auditor", username="reader")
        factories.user("Analyst", username="gone", is_active=False)
        factories.user("Analyst", username="chen")
        row = factories.trade_break(exposure="10", left_value="1")

        assert why in refusals(cells, row, supervisor)

    def test_name_their_line(self, supervisor):
        first, second = factories.trade_break(), factories.trade_break()
        text = edited(exported(), {first.pk: {"comment": "two\nlines"}, second.pk: {"act": "x"}})

        refused = looked_at(text, supervisor).refused

        assert [line.number for line in refused] == [4]

    def test_another_teams_break_is_one_that_does_not_exist(self, analyst):
        row = factories.trade_break(team=factories.team("others"))

        assert refusals({"comment": "x"}, row, analyst) == f"There is no break {row.pk}."
        assert "Break" not in refusals({"version": "3"}, row, analyst)

    def test_an_assignee_of_another_team_is_foreseen(self, supervisor):
        factories.user("Analyst", username="chen")
        row = factories.trade_break(team=factories.team("others"))

        assert "chen is not of others" in refusals({"assigned_to": "chen"}, row, supervisor)
        sent = edited(exported(), {row.pk: {"assigned_to": "chen", "team": ""}})
        assert [one.act for one in looked_at(sent, supervisor).asked] == ["route", "assign"]

    def test_one_break_twice(self, supervisor):
        row = factories.trade_break()
        cells = parsed(edited(exported(), {row.pk: {"comment": "one"}}))

        review = looked_at(saved([cells[0], cells[0]]), supervisor)

        assert [line.outcome for line in review.lines] == [Outcome.CHANGED, Outcome.REFUSED]
        assert review.refused[0].refusals == [
            f"Line 2 is about break {row.pk} already; leave one of the two."
        ]

    def test_acceptance_by_who_may_not(self, integration):
        row = factories.trade_break()

        assert "You may not accept" in refusals({"act": "accept", "comment": "x"}, row, integration)

    def test_the_lifecycle_is_asked_before(self, supervisor):
        row = factories.trade_break(status="RESOLVED", resolved_by=supervisor)

        assert "is resolved" in refusals({"act": "claim"}, row, supervisor)
        assert "Re-open it first" in refusals({"assigned_to": supervisor.username}, row, supervisor)

    def test_an_ended_one_is_reopened_and_given_away_in_one_row(self, supervisor):
        row = factories.trade_break(status="RESOLVED", resolved_by=supervisor)
        cells = {"act": "reopen", "comment": "back", "assigned_to": supervisor.username,
                 "reason_code": ""}  # fmt: skip

        review = looked_at(edited(exported(), {row.pk: cells}), supervisor)
        apply(asked=review.asked, file_name="a.csv", by=supervisor, at=NOW)

        row.refresh_from_db()
        assert [asked.act for asked in review.asked] == ["reopen", "assign"]
        assert (row.status, row.assigned_to) == ("OPEN", supervisor)


@pytest.mark.usefixtures("free")
class TestStaleRows:
    def test_are_refused_with_what_the_other_did(self, supervisor):
        chen = factories.user("Analyst", username="chen")
        row, _ = factories.trade_break(), factories.trade_break()
        before = exported()
        work.claim(break_id=row.pk, version=1, by=chen, at=NOW)
        work.comment(break_id=row.pk, version=2, text="asked", by=chen, at=NOW)

        review = looked_at(edited(before, {row.pk: {"act": "claim"}}), supervisor)

        [line] = review.lines
        assert line.outcome == Outcome.STALE
        assert "it was at version 1 and is at 3" in line.refusals[0]
        assert [(event.by, event.reason) for event in line.since] == [(chen, ""), (chen, "asked")]
        assert review.unchanged == 1

    def test_untouched_ones_change_nothing(self, supervisor):
        row = factories.trade_break()
        before = exported()
        work.claim(break_id=row.pk, version=1, by=supervisor, at=NOW)

        review = looked_at(before, supervisor)

        assert (review.lines, review.unchanged) == ([], 1)

    def test_overtaken_after_the_dry_run_is_refused_for_its_row(self, supervisor):
        rows = [factories.trade_break(), factories.trade_break()]
        text = edited(exported(), {row.pk: {"comment": "x"} for row in rows})
        review = looked_at(text, supervisor)
        work.claim(break_id=rows[0].pk, version=1, by=factories.user("Analyst"), at=NOW)

        batch = apply(asked=review.asked, file_name="a.csv", by=supervisor, at=NOW)

        assert [row["version"] for row in batch.rows] == [None, 2]
        assert "was changed by" in batch.rows[0]["said"]


@pytest.mark.usefixtures("free")
class TestApplying:
    def test_goes_through_the_services_with_history_and_back(self, supervisor):
        chen = factories.user("Analyst", username="chen")
        rows = [factories.trade_break(), factories.trade_break(), factories.trade_break()]
        cells = {
            rows[0].pk: {"assigned_to": "chen", "comment": "yours"},
            rows[1].pk: {"reason_code": "BOOKED"},
            rows[2].pk: {"comment": "=1+1"},
        }
        review = looked_at(edited(exported(), cells), supervisor)

        batch = apply(asked=review.asked, file_name="mine.csv", by=supervisor, at=NOW)

        assert (batch.act, batch.file_name, batch.by) == ("import", "mine.csv", supervisor)
        events = BreakEvent.objects.order_by("pk").values_list(
            "trade_break", "kind", "reason", "by"
        )
        assert list(events) == [
            (rows[0].pk, "ASSIGNED", "yours", supervisor.pk),
            (rows[1].pk, "STATUS_CHANGED", "", supervisor.pk),
            (rows[2].pk, "COMMENTED", "=1+1", supervisor.pk),
        ]
        rows[0].refresh_from_db()
        assert rows[0].assigned_to == chen

        batches.undo_batch(batch_id=batch.pk, by=supervisor, at=NOW)

        for row in rows:
            row.refresh_from_db()
        assert [(row.status, row.assigned_to) for row in rows] == [("OPEN", None)] * 3

    def test_twice_does_it_once(self, supervisor):
        row = factories.trade_break()
        asked = looked_at(edited(exported(), {row.pk: {"comment": "x"}}), supervisor).asked

        apply(asked=asked, file_name="a.csv", by=supervisor, at=NOW)
        again = apply(asked=asked, file_name="a.csv", by=supervisor, at=NOW)

        assert [row["version"] for row in again.rows] == [None]
        assert row.comments.count() == 1

    def test_nothing_to_do_is_refused(self, supervisor):
        with pytest.raises(FileRefused, match="Nothing in the file"):
            apply(asked=[], file_name="a.csv", by=supervisor, at=NOW)

        assert not ActBatch.objects.exists()

    def test_acts_survive_as_json(self, supervisor):
        row = factories.trade_break(assigned_to=supervisor, team=factories.team("a"))
        factories.team("b").members.add(supervisor)
        cells = {row.pk: {"team": "b", "assigned_to": "", "act": "escalate", "comment": "why"}}
        asked = looked_at(edited(exported(), cells), supervisor).asked

        assert [one.act for one in asked] == ["route", "assign", "escalate"]
        assert unpacked(packed(asked)) == asked


@pytest.mark.usefixtures("policy")
class TestApproval:
    @pytest.fixture
    def policy(self, db):
        ApprovalPolicy.objects.update_or_create(
            act=GuardedAct.IMPORT, defaults={"is_enabled": True, "above": 100}
        )

    def asked(self, by, *exposures):
        rows = [factories.trade_break(exposure=exposure) for exposure in exposures]
        return rows, looked_at(edited(exported(), {r.pk: {"comment": "x"} for r in rows}), by)

    def test_is_for_the_sum_of_the_rows(self, analyst):
        _, small = self.asked(analyst, "60", "40")
        assert isinstance(apply(asked=small.asked, file_name="a.csv", by=analyst, at=NOW), ActBatch)
        _, large = self.asked(analyst, "60", "40.01")

        request = apply(
            asked=large.asked, file_name="b.csv", by=analyst, at=NOW, reason="month end"
        )

        assert isinstance(request, ApprovalRequest)
        assert request.exposure == large.exposure
        assert "from b.csv" in request.summary

    def test_is_asked_for_once_however_often_the_button_is_pressed(self, analyst):
        _, review = self.asked(analyst, "200")
        ask = {"file_name": "a.csv", "by": analyst, "at": NOW, "reason": "month end"}
        apply(asked=review.asked, **ask)

        with pytest.raises(approvals.ApprovalRefused, match="asked for this already"):
            apply(asked=review.asked, **ask)

        _, another = self.asked(analyst, "200")
        apply(asked=another.asked, **ask)
        assert ApprovalRequest.objects.count() == 2

    def test_of_an_unknown_exposure_is_needed(self, analyst):
        _, review = self.asked(analyst, "1", None)

        assert review.exposure is None
        with pytest.raises(WorkRefused, match="Say why"):
            apply(asked=review.asked, file_name="a.csv", by=analyst, at=NOW)

    def test_does_it_as_the_makers_act_and_never_by_the_maker(self, supervisor):
        rows, review = self.asked(supervisor, "200", "1")
        request = apply(asked=review.asked, file_name="a.csv", by=supervisor, at=NOW, reason="why")
        assert not BreakEvent.objects.filter(kind="COMMENTED").exists()
        work.claim(break_id=rows[1].pk, version=1, by=supervisor, at=NOW)
        with pytest.raises(approvals.ApprovalRefused):
            approvals.approve(request_id=request.pk, by=supervisor, at=NOW)

        done = approvals.approve(request_id=request.pk, by=factories.user("Supervisor"), at=NOW)

        assert done.status == ApprovalStatus.APPROVED
        [comment] = BreakEvent.objects.filter(kind="COMMENTED")
        assert (comment.trade_break, comment.by) == (rows[0], supervisor)
        [batch] = ActBatch.objects.all()
        assert "was changed by" in batch.rows[1]["said"]


class TestRefusedFiles:
    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "The file is empty"),
            (b"PK\x03\x04rest", "a workbook of a spreadsheet and no CSV. Save it as CSV in UTF-8"),
            ("id,version,comment\n1,1,é".encode("latin-1"), "Line 2 is not UTF-8"),
            ("id,version\n1,1\n".encode("utf-16-le"), "NUL characters"),
            (b"a,b,c\n1,2,3\n", "needs the columns id and version"),
            (b"id;comment\n1;2\n", "needs the columns id and version"),
            (b"id,version,coment\n1,1,x\n", "There is no column 'coment'"),
            (b"id,version,act,act\n1,1,,\n", "The column 'act' is there twice"),
            (b'id,version,comment\n1,1,x\n2,1,"open\n', "From line 3 on the file is no CSV"),
            (b'id,version,comment\n1,1,"a" b\n', "From line 2 on the file is no CSV"),
        ],
    )
    def test_say_what_to_do(self, content, why):
        with pytest.raises(FileRefused) as refusal:
            list(read_file(content))

        assert why in str(refusal.value)

    def test_a_row_of_another_length_is_refused_alone(self, supervisor):
        row = factories.trade_break()
        text = f"id,version,comment\n{row.pk},1\n{row.pk},1,x,y\n\n , ,\n{row.pk},1,fine,\n"

        review = looked_at(text, supervisor)

        assert [(line.number, line.outcome) for line in review.lines] == [
            (2, Outcome.REFUSED), (3, Outcome.REFUSED), (6, Outcome.CHANGED),
        ]  # fmt: skip
        assert review.lines[0].refusals == ["The row has 2 cells for 3 columns."]

    def test_a_short_file_of_a_program_needs_no_more_than_it_changes(self, supervisor):
        row = factories.trade_break()

        review = looked_at(f"version,id,comment\n1,{row.pk},'=quoted\n", supervisor)

        assert [one.given for one in review.asked] == [{"text": "'=quoted"}]


@pytest.mark.usefixtures("free")
class TestFormulas:
    def test_are_text_to_the_import_and_dead_in_the_export(self, supervisor):
        row = factories.trade_break(left_value='=HYPERLINK("http://evil")', right_value="@x;=2")
        formula = "=cmd|' /C calc'!A0"
        review = looked_at(edited(exported(), {row.pk: {"comment": formula}}), supervisor)
        apply(asked=review.asked, file_name="a.csv", by=supervisor, at=NOW)

        assert row.comments.get().text == formula
        [cells] = parsed(exported(Mode.SAFE))
        assert cells["left_value"] == '\'=HYPERLINK("http://evil")'
        assert cells["right_value"] == "'@x;'=2"
        assert not [c for c in cells.values() if c.startswith(("=", "+", "@", "\t", "\r"))]
        [cells] = parsed(exported(Mode.EXACT))
        assert cells["left_value"] == '=HYPERLINK("http://evil")'
