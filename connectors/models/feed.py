from django.core.validators import MaxValueValidator
from django.db import models

from connectors.units import check_factors
from trades.models import Source


class Layout(models.Model):
    """How to read one kind of delimited file: which column is what, and how it is written."""

    code = models.SlugField(max_length=48, unique=True)
    name = models.CharField(max_length=120)
    delimiter = models.CharField(max_length=1, default=",")
    encoding = models.CharField(max_length=24, default="utf-8-sig")
    columns = models.JSONField(
        help_text='Column header to canonical name, such as {"TradeID": "trade_id"}; '
        "an empty name keeps the column in the raw payload only."
    )
    date_formats = models.JSONField(
        default=list, help_text='Tried in order, such as ["%Y-%m-%d", "%d/%m/%Y"].'
    )
    time_formats = models.JSONField(
        default=list, help_text='Tried in order for execution times; "ISO" reads ISO 8601.'
    )
    decimal_separator = models.CharField(max_length=1, default=".")
    side_words = models.JSONField(
        default=dict,
        blank=True,
        help_text="Words of this file for BUY and SELL, beside the usual ones, "
        'such as {"RECEIVE": "BUY"}.',
    )
    signed_quantity = models.BooleanField(
        default=False, help_text="A negative quantity is a sale; then no side column is needed."
    )
    unit_factors = models.JSONField(
        default=dict,
        blank=True,
        validators=[check_factors],
        help_text="How many times larger than ours a column's numbers are, by powers of ten: "
        '{"price": "100"} for prices in cents, {"price GBP": "100"} where only those in GBP are.',
    )
    net_reversed = models.BooleanField(
        "net amount has the other sign",
        default=False,
        help_text="The file writes as negative what we write as positive, and the reverse.",
    )
    timezone = models.CharField(
        max_length=64, blank=True, help_text="Of local times in the file; empty means the source's."
    )

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class Feed(models.Model):
    """A connector with its settings for one source, and when its reports are due."""

    code = models.SlugField(max_length=48, unique=True)
    name = models.CharField(max_length=120)
    source = models.ForeignKey(Source, models.PROTECT, related_name="feeds")
    connector = models.CharField(max_length=48, help_text="Name in the connector registry.")
    settings = models.JSONField(
        default=dict,
        blank=True,
        help_text="The connector's settings; secrets by environment name only.",
    )
    layout = models.ForeignKey(Layout, models.PROTECT, null=True, blank=True, related_name="feeds")
    is_enabled = models.BooleanField(default=True)
    due_time = models.TimeField(
        null=True, blank=True, help_text="In the source's timezone; empty means due at once."
    )
    due_days = models.PositiveSmallIntegerField(
        default=0, help_text="Business days after the trade date on which the reports are due."
    )
    grace_minutes = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(7 * 24 * 60)],
        help_text="How long after it is due a missing trade is still pending, not a break.",
    )

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name
