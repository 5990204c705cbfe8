import pytest

from workflows.demo.scoring import Found, score
from workflows.demo.truth import Pairing, Planted, Truth


def planted(kind: str, left: list[str], right: list[str], **over) -> Planted:
    return Planted(kind, "", left, right, trade_date="2026-03-04", **over)


def test_a_group_counts_as_many_pairs_as_it_has_fills():
    truth = Truth(pairings=[Pairing(["L1"], ["R1", "R2"]), Pairing(["L2"], ["R3"])])

    judged = score(truth, automatic=[("L1", "R1"), ("L1", "R2")], proposed=[], breaks=[])

    assert judged.true_pairs == 3
    assert judged.recall == pytest.approx(2 / 3)
    assert judged.precision == 1
    assert judged.missed == [("L2", "R3")]


def test_a_wrong_pair_lowers_precision_and_a_proposed_one_only_the_whole():
    truth = Truth(pairings=[Pairing(["L1"], ["R1"]), Pairing(["L2"], ["R2"])])

    judged = score(truth, automatic=[("L1", "R1")], proposed=[("L2", "R9")], breaks=[])

    assert judged.automatic_precision == 1
    assert judged.precision == 1 / 2
    assert judged.wrong == [("L2", "R9")]


def test_a_planted_break_is_found_by_its_type_and_any_of_its_trades():
    truth = Truth(planted=[planted("PRICE", ["L1"], ["R1"]), planted("FEES", ["L2"], ["R2"])])

    judged = score(
        truth,
        automatic=[],
        proposed=[],
        breaks=[Found("PRICE", frozenset({"L1"})), Found("PRICE", frozenset({"L2"}))],
    )

    assert [one.break_type for one in judged.unfound] == ["FEES"]
    assert judged.false == [Found("PRICE", frozenset({"L2"}))]


def test_a_net_amount_that_follows_from_a_price_is_not_false():
    truth = Truth(planted=[planted("PRICE", ["L1"], ["R1"])])

    judged = score(
        truth, automatic=[], proposed=[], breaks=[Found("NET_AMOUNT", frozenset({"L1", "R1"}))]
    )

    assert (judged.following, judged.false) == (1, [])
    assert len(judged.unfound) == 1


def test_either_twin_may_stand_for_both():
    truth = Truth(
        pairings=[Pairing(["L1"], ["R1"])],
        planted=[planted("DUPLICATE", ["L1"], ["R1", "R1b"])],
        twins={"R1b": "R1"},
    )

    judged = score(
        truth,
        automatic=[("L1", "R1b")],
        proposed=[],
        breaks=[Found("DUPLICATE", frozenset({"R1"}))],
    )

    assert (judged.precision, judged.recall, judged.unfound) == (1, 1, [])


def test_near_ties_are_left_out():
    truth = Truth(ambiguous=["L1", "R1", "R2"])

    judged = score(
        truth,
        automatic=[("L1", "R1")],
        proposed=[],
        breaks=[Found("MISSING_LEFT", frozenset({"R2"}))],
    )

    assert (judged.wrong, judged.false) == ([], [])


def test_a_late_feed_is_found_by_its_day():
    late = planted("TIMING", [], [], reconciliation="oms-prime")
    truth = Truth(planted=[late], pairings=[Pairing(["L1"], ["P1"], "oms-prime", late=True)])

    judged = score(
        truth,
        automatic=[],
        proposed=[],
        breaks=[Found("TIMING", frozenset(), "2026-03-04")],
        reconciliation="oms-prime",
    )

    assert (judged.unfound, judged.missed, judged.false) == ([], [], [])
