"""Columns out of and into both databases: every type, NULL beside empty text, keys and lists."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Exists, OuterRef
from django.test.utils import CaptureQueriesContext

from breaks.models import BreakEvent
from matching.models import Match, MatchDifference, MatchLeg
from tests import factories
from tests.both_databases import on_both
from tests.factories import NOW, TRADE_DATE
from trades.models import Trade
from trades.services.columns import arrow_type, new_keys, read_table, table_of, write_table

LARGE = Decimal("123456789012345678.0123456789")
HOSTILE = 'say "no",\r\nthen \\. or \\N, NULL'


def what_is_read_is_what_was_saved():
    executed = datetime(2026, 3, 5, 14, 30, 5, 123456, tzinfo=UTC)
    trade = factories.trade(
        net_amount=LARGE, price=None, executed_at=executed, settlement_date=None,
        security_name=HOSTILE, sedol="", raw={"a": [1, None]},
    )  # fmt: skip
    names = ["pk", "net_amount", "price", "executed_at", "settlement_date", "security_name",
             "sedol", "trade_date", "source__code", "source_id", "raw", "paired"]  # fmt: skip
    paired = Exists(MatchLeg.objects.filter(trade=OuterRef("pk")))

    table = read_table(Trade.objects.annotate(paired=paired), names)

    assert table.schema.field("executed_at").type == pa.timestamp("us", "UTC")
    assert table.to_pylist() == [
        {
            "pk": trade.pk, "net_amount": LARGE, "price": None, "executed_at": executed,
            "settlement_date": None, "security_name": HOSTILE, "sedol": "",
            "trade_date": TRADE_DATE, "source__code": "oms", "source_id": trade.source_id,
            "raw": table["raw"][0].as_py(), "paired": False,
        }
    ]  # fmt: skip
    assert table["raw"][0].as_py().replace(" ", "") == '{"a":[1,null]}'


def a_column_alone_keeps_its_nulls():
    for price in (None, "1.5", None):
        factories.trade(price=price)

    column = read_table(Trade.objects.order_by("pk"), ["price"])["price"]

    assert column.to_pylist() == [None, Decimal("1.5"), None]


def no_rows_are_a_table_with_columns():
    for rows in (
        Trade.objects.none(),
        Trade.objects.filter(pk=-1),
        Trade.objects.filter(pk__among=[]),
    ):
        table = read_table(rows, ["pk", "quantity"])
        assert (len(table), table.column_names) == (0, ["pk", "quantity"])


def what_is_written_is_what_the_model_reads():
    match = factories.match(left=[factories.trade()], right=[factories.trade(source="custodian")])
    table = table_of(
        MatchDifference, 2, match_id=match.pk, field=["price", "side"], kind="PRICE",
        left_value=[HOSTILE, ""], right_value="é", difference=[LARGE, None], tolerance="",
    )  # fmt: skip

    write_table(MatchDifference, table)

    rows = match.differences.order_by("field")
    values = rows.values_list("left_value", "right_value", "difference")
    assert list(values) == [(HOSTILE, "é", LARGE), ("", "é", None)]
    assert rows.filter(difference=LARGE).exists()


def times_and_json_are_written_as_the_model_writes_them():
    row = factories.trade_break()
    detail = '{"why": "a \\"quote\\"", "n": [1, null]}'
    table = table_of(
        BreakEvent, 1, trade_break_id=row.pk, sequence=1, kind="OPENED", from_status="",
        to_status="OPEN", by_id=None, at=NOW, reason="", detail=[detail], previous_digest="",
        digest="0" * 64,
    )  # fmt: skip

    write_table(BreakEvent, table)

    event = BreakEvent.objects.get(at=NOW)
    assert event.detail == {"why": 'a "quote"', "n": [1, None]}
    assert event.by is None


def keys_are_nobody_elses():
    factories.match(left=[factories.trade()], right=[factories.trade(source="custodian")])
    with transaction.atomic():
        keys = new_keys(Match, 3).to_pylist()
        row = Match.objects.values().get()
        del row["id"]
        write_table(Match, table_of(Match, 3, id=keys, **row))
    later = factories.match(left=[factories.trade()], right=[factories.trade(source="custodian")])

    assert keys == sorted(set(keys))
    assert later.pk > max(keys)
    assert Match.objects.count() == 5


def a_key_is_not_given_twice():
    match = factories.match(left=[factories.trade()], right=[factories.trade(source="custodian")])
    gone = match.pk
    match.delete()

    with transaction.atomic():
        assert new_keys(Match, 1).to_pylist()[0] > gone


def a_broken_constraint_is_djangos_own_error():
    match = factories.match(left=[factories.trade()], right=[factories.trade(source="custodian")])
    leg = MatchLeg.objects.filter(match=match).values().first()
    del leg["id"]

    with pytest.raises(IntegrityError), transaction.atomic():
        write_table(MatchLeg, table_of(MatchLeg, 1, **leg))


def any_number_of_keys_is_one_query():
    trades = [factories.trade(source_trade_id=name) for name in ("a", "b", "it's")]
    many = [*range(10**6, 10**6 + 50_000), trades[0].pk, trades[2].pk]

    assert set(Trade.objects.filter(pk__among=many)) == {trades[0], trades[2]}
    texts = Trade.objects.filter(source_trade_id__among=["it's", "b", '"'])
    assert set(texts) == {trades[1], trades[2]}
    sources = [*range(-50_000, 0), trades[0].source_id]
    assert Trade.objects.filter(source__among=sources).count() == 3


def the_number_of_queries_does_not_grow():
    for rows in (2, 40):
        for _ in range(rows):
            factories.trade()
        with CaptureQueriesContext(connection) as captured:
            read_table(Trade.objects.all(), ["pk", "price"])
        assert len(captured) == 1


test_on_sqlite, test_on_postgres = on_both(
    what_is_read_is_what_was_saved,
    a_column_alone_keeps_its_nulls,
    no_rows_are_a_table_with_columns,
    what_is_written_is_what_the_model_reads,
    times_and_json_are_written_as_the_model_writes_them,
    keys_are_nobody_elses,
    a_key_is_not_given_twice,
    a_broken_constraint_is_djangos_own_error,
    any_number_of_keys_is_one_query,
    the_number_of_queries_does_not_grow,
    commits=False,
)


def test_a_field_of_no_column_type_is_refused():
    with pytest.raises(TypeError, match="no column type"):
        arrow_type(models.BinaryField())


def test_a_date_is_no_time():
    assert arrow_type(Trade._meta.get_field("trade_date")) == pa.date32()
    assert table_of(Match, 1, first_trade_date=date(2026, 3, 5)).schema.types == [pa.date32()]
