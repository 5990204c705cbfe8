import django_filters
from django.db.models import QuerySet

from connectors.choices import DeliveryStatus, RejectStatus
from connectors.models import Delivery, RejectedRow
from trades.api.filters import MomentFilter


class DeliveryFilters(django_filters.FilterSet):
    feed = django_filters.CharFilter("feed__code", help_text="Code of the feed.")
    source = django_filters.CharFilter("source__code", help_text="Code of the source.")
    status = django_filters.MultipleChoiceFilter(choices=DeliveryStatus.choices)
    name = django_filters.CharFilter("name", "icontains")
    digest = django_filters.CharFilter("digest")
    received_since = MomentFilter("received_at", "gte")
    received_before = MomentFilter("received_at", "lt")
    has_rejects = django_filters.BooleanFilter(method="filter_has_rejects")

    class Meta:
        model = Delivery
        fields: list[str] = []

    def filter_has_rejects(self, deliveries: QuerySet, name: str, value: bool) -> QuerySet:
        return deliveries.filter(rejected__gt=0) if value else deliveries.filter(rejected=0)


class RejectedRowFilters(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(choices=RejectStatus.choices)
    search = django_filters.CharFilter("reason", "icontains", help_text="In the reason.")

    class Meta:
        model = RejectedRow
        fields: list[str] = []
