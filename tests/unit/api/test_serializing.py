import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer

from trades.api.serializing import Amount, Input

LARGEST = Decimal("123456789012345678.0123456789")


class Inner(Input):
    depth = serializers.IntegerField()


class Asked(Input):
    name = serializers.CharField(required=False)
    inner = Inner(required=False)


class TestAmount:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            ("100.5000000000", "100.5"),
            ("100.0000000000", "100"),
            ("1E+3", "1000"),
            ("1E-10", "0.0000000001"),
            ("-0.10", "-0.1"),
            (LARGEST, "123456789012345678.0123456789"),
        ],
    )
    def test_is_text_to_the_digit(self, value, shown):
        assert Amount().to_representation(Decimal(value)) == shown

    @given(
        st.decimals(
            min_value=Decimal("-1e17"),
            max_value=Decimal("1e17"),
            places=10,
            allow_nan=False,
            allow_infinity=False,
        )
    )
    def test_survives_the_way_through_json(self, value):
        sent = JSONRenderer().render({"amount": Amount().to_representation(value)})
        assert Decimal(json.loads(sent)["amount"]) == value


class TestInput:
    def test_names_each_unknown_key_and_what_it_takes(self):
        with pytest.raises(ValidationError) as refusal:
            Asked(data={"name": "x", "nam": "y", "size": 1}).is_valid(raise_exception=True)

        assert set(refusal.value.detail) == {"nam", "size"}
        assert "takes name, inner" in str(refusal.value.detail["nam"][0])

    def test_looks_inside(self):
        asked = Asked(data={"inner": {"depth": 1, "deep": 2}})

        assert not asked.is_valid()
        assert "deep" in asked.errors["inner"]

    @pytest.mark.parametrize("data", [[], "text", 5, None])
    def test_takes_an_object_only(self, data):
        assert not Asked(data=data).is_valid()
