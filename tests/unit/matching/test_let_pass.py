import pytest

from matching.admin.comparison import let_pass
from trades.admin.cells import NOTHING


@pytest.mark.parametrize(
    ("tolerance", "shown", "exact"),
    [
        ("0.0187531250", "0.01875", "0.018753125"),
        ("1234.56789", "1,235", "1,234.56789"),
        ("0.0100000000", "0.01", "0.01"),
        ("0", "0", "0"),
        ("0.00000012345", "0.0000001234", "0.00000012345"),
    ],
)
def test_a_tolerance_is_read_at_a_glance_and_kept_exactly(tolerance, shown, exact):
    assert let_pass(tolerance) == f'<span class="dk-num" title="{exact}">{shown}</span>'


@pytest.mark.parametrize("tolerance", ["", "exact", "NaN"])
def test_what_is_no_number_is_nothing(tolerance):
    assert let_pass(tolerance) == NOTHING
