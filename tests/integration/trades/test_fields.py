from decimal import Decimal

import pytest

from tests import factories
from trades.fields import ExactSum
from trades.models import Trade

pytestmark = pytest.mark.django_db


def test_sums_are_exact_past_the_digits_that_one_value_has():
    for _ in range(11):
        factories.trade(quantity="999999999999999999.9999999999", price=None)

    total = Trade.objects.aggregate(total=ExactSum("quantity"))["total"]

    assert total == Decimal("10999999999999999999.9999999989")


def test_amounts_are_ordered_as_numbers():
    for amount in ("9", "10", "-1", "0.5"):
        factories.trade(net_amount=amount)

    found = Trade.objects.order_by("net_amount").values_list("net_amount", flat=True)

    assert list(found) == [Decimal(-1), Decimal("0.5"), Decimal(9), Decimal(10)]
