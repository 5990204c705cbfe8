import django_filters
from django.db.models import Exists, OuterRef, QuerySet

from matching.choices import Decision, MatchKind, MatchStatus, RunStatus
from matching.models import Match, MatchLeg, ReconciliationRun
from trades.api.filters import DayFilter, KeyFilter, MomentFilter


class RunFilters(django_filters.FilterSet):
    reconciliation = django_filters.CharFilter("reconciliation__code", help_text="Its code.")
    source1 = django_filters.CharFilter("reconciliation__left_source__code")
    source2 = django_filters.CharFilter("reconciliation__right_source__code")
    status = django_filters.MultipleChoiceFilter(choices=RunStatus.choices)
    trade_date = DayFilter(method="filter_trade_date", help_text="Runs whose dates include it.")
    requested_since = MomentFilter("requested_at", "gte")

    class Meta:
        model = ReconciliationRun
        fields: list[str] = []

    def filter_trade_date(self, runs: QuerySet, name: str, value: object) -> QuerySet:
        return runs.filter(from_date__lte=value, to_date__gte=value)


class MatchFilters(django_filters.FilterSet):
    reconciliation = django_filters.CharFilter("reconciliation__code", help_text="Its code.")
    run = KeyFilter("run_id", help_text="Made by this run.")
    status = django_filters.MultipleChoiceFilter(choices=MatchStatus.choices)
    decision = django_filters.MultipleChoiceFilter(choices=Decision.choices)
    kind = django_filters.MultipleChoiceFilter(choices=MatchKind.choices)
    pass_name = django_filters.CharFilter("pass_name")
    trade = KeyFilter(method="filter_trade", help_text="With this trade's id.")
    trade_date = DayFilter(method="filter_trade_date")
    search = django_filters.CharFilter(
        method="filter_search", help_text="In the ids and references of its trades."
    )

    class Meta:
        model = Match
        fields: list[str] = []

    def filter_trade(self, matches: QuerySet, name: str, value: object) -> QuerySet:
        return matches.filter(_leg(trade_id=value))

    def filter_trade_date(self, matches: QuerySet, name: str, value: object) -> QuerySet:
        return matches.filter(_leg(trade__trade_date=value))

    def filter_search(self, matches: QuerySet, name: str, value: str) -> QuerySet:
        return matches.filter(
            _leg(trade__source_trade_id__icontains=value) | _leg(trade__order_ref__icontains=value)
        )


def _leg(**conditions: object) -> Exists:
    return Exists(MatchLeg.objects.filter(match=OuterRef("pk"), **conditions))
