"""Export then import is the identity, and a changed cell is exactly one act: invariant 10."""

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breaks.models import TradeBreak
from breaks.services.importing import Outcome, look_at, read_file
from matching.models import MatchLeg
from tests import factories
from tests.sheets import edited, exported, parsed, saved
from trades.models import Trade
from trades.spreadsheet import Mode

_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
HOSTILE = st.one_of(
    st.text(alphabet=st.sampled_from("=+-@\t\r\n'\",;| 0012.5eE/:aé＝\u2028\ufeff"), max_size=12),  # noqa: RUF001
    st.text(_CHARACTERS, max_size=12),
    st.sampled_from(["=HYPERLINK(\"http://x\")", "''", "12345678901234567890", "007", "1e10", "3-4",
                     "TRUE", "=1+1;@x", "\r\n=cmd|' /C calc'!A0", "s0123456789abcdef"]),
)  # fmt: skip
EXACT = st.decimals(min_value=-(10**17), max_value=10**17, places=10, allow_nan=False)


@pytest.fixture
def rows(supervisor):
    """Return a pair, a missing trade, a group of three, and one that has ended."""
    team = factories.team("ops", name="Operations, =and more")
    pair = factories.trade_break(assigned_to=supervisor, team=team, exposure="10", difference="1")
    missing = factories.trade_break("MISSING_RIGHT", exposure="20")
    legs = [factories.trade(source="custodian", quantity=50) for _ in range(2)]
    match = factories.match(left=[factories.trade()], right=legs)
    group = factories.trade_break("QUANTITY", match=match, left_trade=None, right_trade=None)
    ended = factories.trade_break(status="RESOLVED", resolved_by=supervisor)
    return [pair, missing, group, ended]


def scribble(row: TradeBreak, words: list[str], numbers: list[Decimal]) -> None:
    """Write hostile text and full-scale numbers wherever a row of the file reads from."""
    a, b, c, d = words
    TradeBreak.objects.filter(pk=row.pk).update(
        left_value=a, right_value=b, tolerance=c, exposure_note=d, field=d[:12],
        difference=numbers[0], exposure=abs(numbers[1]),
    )  # fmt: skip
    legs = MatchLeg.objects.filter(match=row.match_id or 0).values_list("trade", flat=True)
    for pk in {row.left_trade_id, row.right_trade_id, *legs} - {None}:
        Trade.objects.filter(pk=pk).update(
            source_trade_id=f"{a}{pk}", symbol=b[:12], security_name=c, counterparty_name=d,
            account_code=a, order_ref=b, price=numbers[0], quantity=abs(numbers[1]) + 1,
            net_amount=-numbers[1],
        )  # fmt: skip


def looked_at(text: str, by):
    return look_at(read_file(text.encode()), by=by)


@pytest.mark.parametrize("mode", Mode)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(HOSTILE, min_size=4, max_size=4),
       numbers=st.lists(EXACT, min_size=2, max_size=2))  # fmt: skip
def test_export_then_import_changes_nothing_and_one_cell_is_one_act(
    rows, supervisor, mode, words, numbers
):
    said = words[0][::-1] + words[1]
    with transaction.atomic():
        for row in rows:
            scribble(row, words, numbers)
        text = exported(mode)
        review = looked_at(text, supervisor)
        again = looked_at(edited(text, {rows[0].pk: {"comment": f"x{said}"}}, mode), supervisor)
        transaction.set_rollback(True)

    assert (review.unchanged, review.lines) == (4, [])
    assert again.unchanged == 3
    [line] = again.lines
    assert line.outcome == Outcome.CHANGED, line.refusals
    [asked] = line.asked
    assert (asked.act, asked.given) == ("comment", {"text": f"x{said}".strip()})


@pytest.mark.parametrize("mode", Mode)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(HOSTILE, min_size=4, max_size=4),
       numbers=st.lists(EXACT, min_size=2, max_size=2))  # fmt: skip
def test_a_file_saved_anew_without_a_seal_that_fits_says_the_same(
    rows, supervisor, mode, words, numbers
):
    with transaction.atomic():
        for row in rows:
            scribble(row, words, numbers)
        cells = parsed(exported(mode))
        for row in cells:
            row["seal"] = f"{row['seal'][0]}{'0' * 16}"
        review = looked_at(saved(cells), supervisor)
        transaction.set_rollback(True)

    assert [line.refusals for line in review.lines] == []
    assert review.unchanged == 4


EDITS = [
    ({"assigned_to": "chen"}, "assign"),
    ({"assigned_to": ""}, "assign"),
    ({"team": "settlements"}, "route"),
    ({"team": "Settlement team"}, "route"),
    ({"team": ""}, "route"),
    ({"reason_code": "BOOKED"}, "resolve"),
    ({"comment": "=1+1"}, "comment"),
    ({"act": "claim"}, "claim"),
    ({"act": "Resolve", "reason_code": "booked"}, "resolve"),
    ({"act": "escalate", "comment": "no answer"}, "escalate"),
    ({"act": "accept", "comment": "small"}, "accept"),
    ({"act": "assign", "assigned_to": "chen", "comment": "yours"}, "assign"),
]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(("cells", "act"), EDITS)
def test_each_edit_is_one_act(rows, supervisor, mode, cells, act):
    factories.user("Supervisor", username="chen")
    factories.team("settlements", name="Settlement team")
    TradeBreak.objects.filter(pk=rows[0].pk).update(assigned_to=factories.user("Analyst"))

    review = looked_at(edited(exported(mode), {rows[0].pk: cells}, mode), supervisor)

    assert [line.refusals for line in review.refused] == []
    assert [asked.act for asked in review.asked] == [act]
    assert review.unchanged == 3


@pytest.mark.parametrize(
    ("encoding", "mark", "delimiter"),
    [("utf-8", "", ","), ("utf-8", "\ufeff", ";"), ("utf-16-le", "\ufeff", "\t"),
     ("utf-16-be", "\ufeff", ";"), ("utf-8", "sep=;\r\n", ";"), ("utf-8", "", "|")],
)  # fmt: skip
def test_other_dialects_are_read(rows, supervisor, encoding, mark, delimiter):
    Trade.objects.filter(pk=rows[0].left_trade_id).update(counterparty_name='Société; "é", 日本')
    cells = parsed(exported())
    cells[1]["comment"] = "naïve; yes"

    content = (mark + saved(cells, delimiter)).encode(encoding)
    review = look_at(read_file(content), by=supervisor)

    assert review.unchanged == 3
    assert [(a.break_id, a.given["text"]) for a in review.asked] == [(rows[1].pk, "naïve; yes")]


def test_a_file_of_any_length_takes_the_same_few_queries(rows, supervisor):
    def queries(text: str) -> int:
        person = type(supervisor).objects.get(pk=supervisor.pk)
        with CaptureQueriesContext(connection) as captured:
            assert looked_at(text, person).asked
        return len(captured)

    def all_edited() -> str:
        kinds = [{"comment": "x"}, {"act": "accept", "comment": "y"}, {"reason_code": "BOOKED"}]
        live = TradeBreak.objects.live().order_by("pk")
        cells = {row.pk: kinds[at % 3] for at, row in enumerate(live)}
        stale = live.first()
        TradeBreak.objects.filter(pk=stale.pk).update(version=2)
        return edited(exported(), cells | {stale.pk: {"comment": "late", "version": "1"}})

    few = queries(all_edited())
    for _ in range(40):
        factories.trade_break(exposure="1")
        legs = [factories.trade(source="custodian") for _ in range(2)]
        match = factories.match(left=[factories.trade()], right=legs)
        factories.trade_break("QUANTITY", match=match, left_trade=None, right_trade=None)

    assert queries(all_edited()) == few <= 12
