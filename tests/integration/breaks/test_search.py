"""Which breaks a term means: narrow ones by key, common ones in the order of the queue."""

import pytest
from django.db import connection

from breaks import search
from breaks.admin.listing import tally
from breaks.models import TradeBreak
from breaks.search import by_counterparty, by_term
from tests import factories
from trades.admin.counting import count_each
from trades.models import CounterpartyAlias


def _pks(found):
    return set(TradeBreak.objects.filter(found.where).values_list("pk", flat=True))


@pytest.mark.django_db
class TestByTerm:
    def test_finds_a_group_by_one_of_its_legs(self):
        fills = [factories.trade(source="custodian", source_trade_id=f"FILL-{n}") for n in (1, 2)]
        match = factories.match(left=[factories.trade()], right=fills)
        row = factories.trade_break("QUANTITY", match=match, left_trade=None, right_trade=None)
        factories.trade_break()

        assert _pks(by_term("fill-2")) == {row.pk}

    def test_finds_identifiers_of_the_instrument(self):
        bond = factories.instrument("XS1234567890", name="Zephyr 4% 2031")
        row = factories.trade_break(left_trade=factories.trade(instrument=bond))
        factories.trade_break()

        assert _pks(by_term("XS12345")) == {row.pk}

    def test_of_common_terms_finds_the_same_as_of_narrow_ones(self, monkeypatch):
        rows = [factories.trade_break() for _ in range(4)]
        narrow = by_term("Goldman")
        monkeypatch.setattr(search, "MOST_KEYS", 3)
        common = by_term("Goldman")

        assert (narrow.is_narrow, common.is_narrow) == (True, False)
        assert _pks(narrow) == _pks(common) == {row.pk for row in rows}

    def test_a_number_too_large_for_a_key_is_only_text(self):
        factories.trade_break()

        assert _pks(by_term("9" * 30)) == set()

    @pytest.mark.parametrize("term", ["0" * 20 + "9" * 10, "0" * 20 + "9" * 5000, "٣"])
    def test_nor_is_a_long_row_of_digits(self, term):
        factories.trade_break()

        assert not TradeBreak.objects.filter(by_term(term).where).exists()

    def test_nothing_to_look_for_leaves_all(self):
        row = factories.trade_break()

        assert _pks(by_term("  ")) == {row.pk}


@pytest.mark.django_db
def test_a_counterparty_is_found_by_every_spelling_of_it():
    trade = factories.trade(counterparty_name="Nordhavn Bank AB")
    CounterpartyAlias.objects.create(counterparty=trade.counterparty, spelling="NHVN Stockholm")
    row = factories.trade_break(left_trade=trade)
    factories.trade_break()

    assert _pks(by_counterparty("nhvn")) == _pks(by_counterparty("havn bank")) == {row.pk}


@pytest.mark.usefixtures("on_postgres")
def test_postgres_searches_counts_and_adds_up_through_its_indexes():
    mine = factories.trade_break(
        left_trade=factories.trade(source_trade_id="T-77", order_ref="ORD-5"), exposure="0.1"
    )
    factories.trade_break(exposure="0.2", severity="CRITICAL")

    assert _pks(by_term("t-77")) == _pks(by_term("ord-5")) == {mine.pk}
    live = TradeBreak.objects.live()
    assert count_each({"all": live, "none": live.none()}) == {"all": 2, "none": 0}
    found = tally(live.order_by("-rank", "-pk"))
    assert (found.count, str(found.by_currency()["USD"])) == (2, "0.3000000000")
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM trades_trade WHERE upper(source_trade_id::text) LIKE 'T-7%'"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "trade_search_source_trade_id" in plan
