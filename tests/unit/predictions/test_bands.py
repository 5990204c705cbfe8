import pytest
from django.core.exceptions import ValidationError

from predictions.models import ScoringSettings


@pytest.mark.parametrize(
    ("probability", "band"),
    [
        (0.0, "LOW"), (0.3999999, "LOW"), (0.4, "MEDIUM"), (0.5999999, "MEDIUM"),
        (0.6, "HIGH"), (0.7999999, "HIGH"), (0.8, "CRITICAL"), (1.0, "CRITICAL"),
    ],
)  # fmt: skip
def test_a_probability_that_is_a_limit_is_of_the_band_above_it(probability, band):
    assert ScoringSettings().band(probability) == band


@pytest.mark.parametrize(
    ("bands", "field", "words"),
    [
        ((0.6, 0.6, 0.8), "high_from", "above where medium begins, 0.6"),
        ((0.4, 0.9, 0.8), "critical_from", "above where high begins, 0.9"),
        ((0.0, 0.6, 0.8), "medium_from", "every trade would be of medium risk"),
        ((0.4, 0.6, 1.2), "critical_from", "less than or equal to 1"),
    ],
)
def test_bands_that_do_not_rise_are_refused_where_they_do_not(bands, field, words):
    names = ("medium_from", "high_from", "critical_from")
    settings = ScoringSettings(pk=1, **dict(zip(names, bands, strict=True)))

    with pytest.raises(ValidationError) as refused:
        settings.full_clean(validate_constraints=False, validate_unique=False)

    assert words in " ".join(refused.value.message_dict[field])
