from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from breaks.choices import BreakType
from breaks.fingerprint import fingerprint

IDENTITIES = st.lists(st.tuples(st.integers(1, 99), st.text()), max_size=4)


def of(break_type=BreakType.PRICE, identities=((1, "A"), (2, "B")), field="price", recon=1):
    return fingerprint(
        reconciliation_id=recon, break_type=break_type, identities=identities, field=field
    )


def test_is_the_same_in_any_order():
    legs = [(1, "A"), (1, "B"), (2, "C")]
    assert len({of(identities=order) for order in permutations(legs)}) == 1


def test_differs_by_each_part():
    every = {
        of(),
        of(recon=2),
        of(BreakType.QUANTITY),
        of(field="gross"),
        of(identities=[(1, "A")]),
        of(identities=[(1, "A"), (2, "b")]),
        of(identities=[(2, "A"), (1, "B")]),
    }
    assert len(every) == 7


def test_never_changes_between_releases():
    """It is stored: another algorithm would open a twin of every break there is."""
    assert of() == "01d62e1213126f24c0b3ce8a6c5100364a3172f162f3d75f2d8a217a241cbdf4"


@given(IDENTITIES, IDENTITIES)
def test_no_two_sets_of_trades_share_one(first, second):
    assert (of(identities=first) == of(identities=second)) == (set(first) == set(second))
