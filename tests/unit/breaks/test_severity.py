from decimal import Decimal

import pytest

from breaks.choices import BreakType, Severity
from breaks.exposure import Position
from breaks.severity import DEFAULT, ORDER, severity_of

THRESHOLDS = [
    (Severity.MEDIUM, Decimal(10_000)),
    (Severity.CRITICAL, Decimal(1_000_000)),
    (Severity.HIGH, Decimal(100_000)),
]


def severity(kind, exposure=None, *, left=None, right=None, difference=None, thresholds=THRESHOLDS):
    return severity_of(
        break_type=BreakType(kind),
        left=left,
        right=right,
        difference=difference,
        exposure=None if exposure is None else Decimal(exposure),
        thresholds=thresholds,
    )


def at(price):
    return Position(Decimal(100), None if price is None else Decimal(price), "USD")


def test_every_type_has_a_default():
    assert set(DEFAULT) == set(BreakType)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("100", "100.94", "MEDIUM"),
        ("100", "101", "MEDIUM"),
        ("101", "100", "MEDIUM"),
        ("100", "101.0000000001", "HIGH"),
        ("101.0000000001", "100", "HIGH"),
        ("0.001", "0.0015", "HIGH"),
        ("0", "0.01", "HIGH"),
        ("-1", "-1.02", "HIGH"),
        (None, "100", "HIGH"),
    ],
)
def test_a_price_is_medium_up_to_one_percent(left, right, expected):
    difference = None if left is None else Decimal(left) - Decimal(right)
    assert severity("PRICE", left=at(left), right=at(right), difference=difference) == expected


@pytest.mark.parametrize(
    ("exposure", "expected"),
    [
        (None, "LOW"),
        ("9999.9999999999", "LOW"),
        ("10000", "MEDIUM"),
        ("100000", "HIGH"),
        ("1000000", "CRITICAL"),
    ],
)
def test_exposure_raises_from_the_threshold_on(exposure, expected):
    assert severity("ACCOUNT", exposure) == expected


@pytest.mark.parametrize("kind", BreakType)
@pytest.mark.parametrize("exposure", ["0", "1", "20000", "200000", "2000000"])
def test_exposure_never_lowers(kind, exposure):
    assert ORDER.index(severity(kind, exposure)) <= ORDER.index(severity(kind))


def test_without_thresholds_the_type_decides():
    assert severity("ACCOUNT", "1e9", thresholds=[]) == "LOW"
