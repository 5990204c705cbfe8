"""A file of acts that was approved: its write-offs were seen, and wait for nobody else."""

import pytest
from django.contrib.auth.models import Group

from breaks.choices import ApprovalStatus, GuardedAct
from breaks.models import ActBatch, ApprovalPolicy, ApprovalRequest, TradeBreak
from breaks.services import approvals, work
from breaks.services.importing import apply, look_at, read_file
from tests import factories
from tests.sheets import edited, exported

NOW = factories.NOW


def looked_at(text: str, by):
    return look_at(read_file(text.encode()), by=by)


@pytest.mark.usefixtures("_checked_both")
class TestApprovedWriteOffs:
    """Whoever approves a file was shown its write-offs: they wait for nobody else."""

    @pytest.fixture
    def _checked_both(self, db):
        ApprovalPolicy.objects.update(is_enabled=True, above=0)

    @pytest.fixture
    def asked_for(self, analyst):
        """Return two breaks, and the request to write off one of them and claim the other."""
        rows = [factories.trade_break(exposure="200") for _ in range(2)]
        cells = {rows[0].pk: {"act": "accept", "comment": "small"}, rows[1].pk: {"act": "claim"}}
        asked = looked_at(edited(exported(), cells), analyst).asked
        request = apply(asked=asked, file_name="a.csv", by=analyst, at=NOW, reason="month end")
        return rows, request

    def test_are_done_with_it_and_name_both(self, asked_for, analyst, supervisor):
        rows, request = asked_for

        approvals.approve(request_id=request.pk, by=supervisor, at=NOW, note="seen")

        rows[0].refresh_from_db()
        assert (rows[0].status, rows[0].resolved_by) == ("ACCEPTED", analyst)
        event = rows[0].events.last()
        assert event.by == analyst
        assert event.detail["approval"] == request.pk
        assert event.detail["approved_by"] == supervisor.get_username()
        assert not ApprovalRequest.objects.filter(status=ApprovalStatus.PENDING).exists()

    def test_are_refused_where_the_break_was_changed_since(self, asked_for, analyst, supervisor):
        rows, request = asked_for
        work.comment(break_id=rows[0].pk, version=1, text="wait", by=supervisor, at=NOW)

        approvals.approve(request_id=request.pk, by=supervisor, at=NOW)

        rows[0].refresh_from_db()
        assert rows[0].status == "OPEN"
        said = {row["break"]: row["said"] for row in ActBatch.objects.get().rows}
        assert "was changed by" in said[rows[0].pk]

    def test_need_a_maker_who_may_still_write_off(self, asked_for, analyst, supervisor):
        rows, request = asked_for
        analyst.groups.set([Group.objects.get(name="Integration")])

        with pytest.raises(approvals.ApprovalRefused, match="may not accept breaks any more"):
            approvals.approve(request_id=request.pk, by=supervisor, at=NOW)

        assert TradeBreak.objects.get(pk=rows[1].pk).assigned_to is None
        request.refresh_from_db()
        assert request.status == ApprovalStatus.PENDING

    def test_of_a_file_that_needs_nobody_ask_for_themselves(self, analyst):
        ApprovalPolicy.objects.filter(act=GuardedAct.IMPORT).update(is_enabled=False)
        row = factories.trade_break(exposure="200")
        cells = {row.pk: {"act": "accept", "comment": "small"}}
        asked = looked_at(edited(exported(), cells), analyst).asked

        batch = apply(asked=asked, file_name="a.csv", by=analyst, at=NOW)

        assert batch.rows[0]["request"] == ApprovalRequest.objects.get().pk
