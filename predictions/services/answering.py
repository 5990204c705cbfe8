"""Scores as the API answers them: each with its factors, all worked out in one call."""

from typing import Any

from predictions.services.scoring import Scores
from predictions.words import factor_row


def answers(scores: Scores) -> list[dict[str, Any]]:
    """Return what is said of each trade, in the order of the scores."""
    typical = scores.loaded.typical
    return [
        {
            "break_probability": round(probability, 6),
            "predicted_break": probability >= scores.settings.predicted_from,
            "risk_level": band.value,
            "contributing_factors": [_said(factor_row(one, typical)) for one in factors],
            "model_version": scores.version.pk,
        }
        for probability, band, factors in zip(
            scores.probabilities.tolist(), scores.bands(), scores.factors(), strict=True
        )
    ]


def _said(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only a narrow column of the desk needs."""
    return {name: value for name, value in row.items() if name != "short"}
