from rest_framework import serializers

from predictions.choices import RiskBand


class FactorOutput(serializers.Serializer):
    """What one feature says, and the log-odds it adds to a trade that were typical in it."""

    feature = serializers.CharField(help_text="Its name, as models are listed with.")
    words = serializers.CharField(help_text="The same for a person, with what is typical.")
    value = serializers.CharField(help_text="As text, money to the digit; unknown is unknown.")
    effect = serializers.FloatField(
        help_text="Log-odds less those with the typical value: above 0 a break is likelier."
    )


class ScoreOutput(serializers.Serializer):
    """How likely a trade is to break, and why."""

    break_probability = serializers.FloatField(help_text="Calibrated, from 0 to 1.")
    predicted_break = serializers.BooleanField(
        help_text="Whether that is above what the prediction settings ask for."
    )
    risk_level = serializers.ChoiceField(RiskBand.choices)
    contributing_factors = FactorOutput(
        many=True, help_text="Those that raise it, the largest first; then those that lower it."
    )
    model_version = serializers.IntegerField(help_text="The number of the model that said so.")


class ScoredTradeOutput(ScoreOutput):
    trade_id = serializers.IntegerField(help_text="Its key in the desk, as it was asked for.")


class ScoresOutput(serializers.Serializer):
    """The trades that are there in the order asked for, and the ids of those that are not."""

    model_version = serializers.IntegerField()
    results = ScoredTradeOutput(many=True)
    not_found = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Ids no trade has, or none that you may see.",
    )
