import os
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from breaks.choices import BreakType
from trades.choices import Side
from trades.identifiers import cusip_of_isin, is_valid
from workflows.demo import files, truth
from workflows.demo.market import instruments
from workflows.demo.parties import PARTIES
from workflows.demo.reports import CANONICAL, CUSTODIAN, Report
from workflows.demo.week import FIGURES, Week, business_days, generate

MONDAY = date(2026, 3, 2)
DAYS = [MONDAY + timedelta(days=7 * week + day) for week in range(2) for day in range(5)]


@pytest.fixture(scope="module")
def week() -> Week:
    return generate(seed=7, trades=600, days=DAYS)


@pytest.fixture(scope="module")
def reports(week) -> dict[str, Report]:
    return {one.trade_id: one for one in (*week.oms, *week.custodian)}


class TestMarket:
    def test_every_identifier_has_its_check_digit(self):
        for one in instruments(count=400):
            for scheme, value in (("ISIN", one.isin), ("CUSIP", one.cusip), ("SEDOL", one.sedol)):
                assert not value or is_valid(scheme, value), one

    def test_a_cusip_stands_inside_its_isin(self):
        with_cusip = [one for one in instruments(count=60) if one.cusip]

        assert len(with_cusip) > 20
        assert all(cusip_of_isin(one.isin) == one.cusip for one in with_cusip)

    def test_no_two_instruments_share_a_ticker_or_an_isin(self):
        market = instruments(count=1000)

        for name in ("ticker", "isin"):
            values = Counter(getattr(one, name) for one in market if getattr(one, name))
            assert values.most_common(1)[0][1] == 1

    def test_share_classes_come_in_pairs_that_name_each_other(self):
        by_ticker = {one.ticker: one for one in instruments(count=60)}
        classes = [one for one in by_ticker.values() if one.sibling]

        assert len(classes) >= 4
        assert all(by_ticker[one.sibling].sibling == one.ticker for one in classes)

    def test_every_lei_is_valid(self):
        assert all(is_valid("LEI", party.lei) for party in PARTIES)


class TestBusinessDays:
    def test_a_weekend_and_a_holiday_are_left_out(self):
        days = business_days(until=date(2026, 11, 28))

        assert days[:5] == [date(2026, 11, day) for day in (20, 23, 24, 25, 27)]
        assert len(days) == 10


class TestGenerate:
    def test_every_break_type_is_planted(self, week):
        assert {one.break_type for one in week.truth.planted} == {str(kind) for kind in BreakType}

    def test_faults_are_about_six_in_a_hundred(self, week):
        assert 0.05 < len(week.truth.planted) / len(week.oms) < 0.08

    def test_sizes_are_as_asked(self, week):
        assert 580 <= len(week.oms) <= 620
        assert 580 <= len(week.custodian) <= 640
        assert {one.trade_date for one in week.oms} == set(DAYS[:5])
        assert {one.trade_date for one in week.prime_broker_late} == {DAYS[4]}

    def test_another_seed_numbers_its_trades_apart(self, week):
        other = generate(seed=8, trades=600, days=DAYS)

        ids = {one.trade_id for one in (*week.oms, *week.custodian)}
        assert ids.isdisjoint(one.trade_id for one in (*other.oms, *other.custodian))

    def test_too_few_trades_are_refused_with_a_sentence(self):
        with pytest.raises(ValueError, match="too few for a week with every break type"):
            generate(seed=7, trades=20, days=DAYS)

    @pytest.mark.parametrize("seed", range(25))
    def test_the_smallest_week_holds_every_break_type(self, seed):
        small = generate(seed=seed, trades=60, days=DAYS)

        assert {one.break_type for one in small.truth.planted} == {str(kind) for kind in BreakType}


class TestReports:
    def test_trade_ids_are_unique_a_source(self, week):
        for side in (week.oms, week.custodian, week.prime_broker + week.prime_broker_late):
            assert len({one.trade_id for one in side}) == len(side)

    def test_net_is_gross_with_costs_and_interest(self, week):
        for one in week.oms:
            costs = one.commission + one.fees
            expected = one.gross_amount + (one.accrued_interest or Decimal(0))
            assert one.net_amount == expected + (costs if one.side == Side.BUY else -costs)

    def test_pence_on_one_side_are_pounds_on_the_other(self, week):
        assert any(one.currency == "GBX" for one in week.oms)
        assert all(one.currency != "GBX" for one in week.custodian)

    def test_the_custodian_knows_no_isin_and_often_no_reference(self, week):
        assert not any(one.isin for one in week.custodian)
        silent = [one for one in week.custodian if not one.execution_ref and not one.order_ref]
        assert 0.1 < len(silent) / len(week.custodian) < 0.35

    def test_sound_pairs_agree_in_quantity_and_side(self, week, reports):
        faulty = {name for one in week.truth.planted for name in (*one.left, *one.right)}
        for pairing in week.truth.pairings:
            if pairing.reconciliation != "oms-custodian" or faulty.intersection(pairing.left):
                continue
            ours = [reports[name] for name in pairing.left]
            theirs = [reports[name] for name in pairing.right]
            assert sum(one.quantity for one in ours) == sum(one.quantity for one in theirs)
            assert {one.side for one in ours} == {one.side for one in theirs}

    def test_some_fall_on_two_dates_around_midnight(self, week, reports):
        planted = {
            name
            for one in week.truth.planted
            if one.break_type == BreakType.TRADE_DATE
            for name in one.left
        }
        apart = [
            pairing
            for pairing in week.truth.pairings
            if pairing.reconciliation == "oms-custodian"
            and planted.isdisjoint(pairing.left)
            and reports[pairing.left[0]].trade_date != reports[pairing.right[0]].trade_date
        ]
        assert apart
        for pairing in apart:
            mine, other = reports[pairing.left[0]], reports[pairing.right[0]]
            assert abs(mine.executed_at - other.executed_at) < timedelta(minutes=2)


class TestTruth:
    def test_a_planted_value_is_the_reported_one(self, week, reports):
        for one in week.truth.planted:
            if one.field in {"price", "quantity", "fees", "currency", "account"} and (
                len(one.left) == len(one.right) == 1
            ):
                assert str(getattr(reports[one.left[0]], one.field)) == one.left_value
                assert str(getattr(reports[one.right[0]], one.field)) == one.right_value

    def test_a_missing_trade_is_in_no_pairing(self, week):
        paired = {name for one in week.truth.pairings for name in (*one.left, *one.right)}
        missing = [
            name
            for one in week.truth.planted
            if one.break_type.startswith("MISSING")
            for name in (*one.left, *one.right)
        ]

        assert len(missing) >= 9
        assert paired.isdisjoint(missing)

    def test_it_reads_back_as_written(self, week, tmp_path):
        truth.write(week.truth, tmp_path / "truth.jsonl")

        assert truth.read(tmp_path / "truth.jsonl") == week.truth


class TestFiles:
    def test_each_feed_has_its_own_header(self, week, tmp_path):
        written = files.write(week, tmp_path)

        assert written.oms.read_text().splitlines()[0] == ",".join(CANONICAL)
        assert written.custodian.read_text().splitlines()[0] == ",".join(CUSTODIAN)
        assert len(written.custodian.read_text().splitlines()) == len(week.custodian) + 1

    def test_no_late_file_of_another_week_is_left(self, week, tmp_path):
        files.write(week, tmp_path)
        written = files.write(generate(seed=7, trades=200, days=DAYS, shape=FIGURES), tmp_path)

        assert not written.prime_broker_late.exists()

    def test_the_same_arguments_write_the_same_bytes_in_any_process(self, week, tmp_path):
        here = files.write(week, tmp_path / "here")
        program = (
            "import sys; from datetime import date; from pathlib import Path\n"
            "from workflows.demo import files; from workflows.demo.week import generate\n"
            "days = [date.fromisoformat(day) for day in sys.argv[2:]]\n"
            "files.write(generate(seed=7, trades=600, days=days), Path(sys.argv[1]))\n"
        )
        for hash_seed in ("0", "4711"):
            folder = tmp_path / hash_seed
            subprocess.run(
                [sys.executable, "-c", program, str(folder), *map(str, DAYS)],
                env=os.environ | {"PYTHONHASHSEED": hash_seed},
                check=True,
            )
            there = files.Files.within(folder)
            for name in there.__slots__:
                assert getattr(there, name).read_bytes() == getattr(here, name).read_bytes()
