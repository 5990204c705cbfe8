from django.db import models

from trades.choices import AssetClass, Side, TradeState
from trades.fields import ExactDecimalField
from trades.models.parties import Account, Counterparty
from trades.models.reference import Instrument, Source
from trades.querysets import TradeQuerySet


class Trade(models.Model):
    """
    One source's view of one execution, as it stands now.

    What the source reported is kept as reported (a price in pence stays in pence); the
    instrument, counterparty and account it means are resolved beside it. An amendment raises
    `version` and leaves what was in `TradeVersion`.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="trades")
    source_trade_id = models.CharField("trade id", max_length=128)
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=TradeState, default=TradeState.NEW)

    trade_date = models.DateField(help_text="Business date at the source's own place.")
    settlement_date = models.DateField(null=True, blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)

    instrument = models.ForeignKey(Instrument, models.PROTECT, null=True, related_name="trades")
    symbol = models.CharField(max_length=40, blank=True)
    isin = models.CharField("ISIN", max_length=12, blank=True)
    cusip = models.CharField("CUSIP", max_length=9, blank=True)
    sedol = models.CharField("SEDOL", max_length=7, blank=True)
    figi = models.CharField("FIGI", max_length=12, blank=True)
    security_name = models.CharField(max_length=200, blank=True)
    asset_class = models.CharField(max_length=16, choices=AssetClass, blank=True)

    side = models.CharField(max_length=4, choices=Side)
    quantity = ExactDecimalField()
    price = ExactDecimalField(null=True, blank=True)
    currency = models.CharField(max_length=4, blank=True, help_text="As reported: GBX is pence.")
    gross_amount = ExactDecimalField(null=True, blank=True)
    commission = ExactDecimalField(null=True, blank=True)
    fees = ExactDecimalField(null=True, blank=True)
    accrued_interest = ExactDecimalField(null=True, blank=True)
    net_amount = ExactDecimalField(null=True, blank=True)

    counterparty = models.ForeignKey(Counterparty, models.PROTECT, null=True, related_name="trades")
    counterparty_name = models.CharField(max_length=200, blank=True)
    counterparty_lei = models.CharField("LEI", max_length=20, blank=True)
    counterparty_bic = models.CharField("BIC", max_length=11, blank=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="trades")
    account_code = models.CharField(max_length=64, blank=True)
    venue = models.CharField("venue (MIC)", max_length=12, blank=True)

    order_ref = models.CharField(max_length=128, blank=True)
    block_ref = models.CharField(max_length=128, blank=True)
    execution_ref = models.CharField(max_length=128, blank=True)

    raw = models.JSONField(default=dict, help_text="The report as the source sent it.")
    digest = models.CharField(max_length=64, editable=False)
    # A number and not a key: deliveries belong to connectors, which stand above trades.
    delivery_id = models.PositiveBigIntegerField(null=True, editable=False, db_index=True)
    received_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="When this version was loaded.")

    objects = TradeQuerySet.as_manager()

    class Meta:
        ordering = ("-trade_date", "-pk")
        permissions = [("view_raw_trade", "Can see reports as they were sent")]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_trade_id"], name="trade_reported_once_a_source"
            ),
            models.CheckConstraint(
                condition=models.Q(version__gte=1), name="trade_version_from_one"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="trade_quantity_above_zero"
            ),
        ]
        indexes = [
            models.Index(fields=["source", "trade_date"], name="trade_source_date"),
            # The few that ever changed: their matches are to be looked at again.
            models.Index(fields=["id"], condition=models.Q(version__gt=1), name="trade_changed"),
        ]

    def __str__(self) -> str:
        return self.source_trade_id


class TradeVersion(models.Model):
    """A trade as it was before an amendment or a cancellation."""

    trade = models.ForeignKey(Trade, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    values = models.JSONField(help_text="Every reported field; money as text.")
    digest = models.CharField(max_length=64, editable=False)
    delivery_id = models.PositiveBigIntegerField(null=True, editable=False)
    valid_from = models.DateTimeField()
    replaced_at = models.DateTimeField()

    class Meta:
        ordering = ("trade", "-version")
        constraints = [
            models.UniqueConstraint(fields=["trade", "version"], name="trade_version_kept_once")
        ]

    def __str__(self) -> str:
        return f"{self.trade} version {self.version}"
