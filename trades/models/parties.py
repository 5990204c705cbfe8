from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from trades.models.reference import Source
from trades.names import party_key


class Counterparty(models.Model):
    """A legal entity we trade with."""

    name = models.CharField(max_length=200)
    lei = models.CharField("LEI", max_length=20, blank=True)
    bic = models.CharField("BIC", max_length=11, blank=True)

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "counterparties"
        constraints = [
            models.UniqueConstraint(
                fields=["lei"], condition=~models.Q(lei=""), name="counterparty_lei_is_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name


class CounterpartyAlias(models.Model):
    """A spelling that means a counterparty; `key` is the spelling without case and punctuation."""

    counterparty = models.ForeignKey(Counterparty, models.CASCADE, related_name="aliases")
    spelling = models.CharField(max_length=200)
    key = models.CharField(max_length=200, unique=True, editable=False)

    class Meta:
        ordering = ("spelling",)
        verbose_name_plural = "counterparty aliases"

    def __str__(self) -> str:
        return self.spelling

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = party_key(self.spelling)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse a spelling that names nobody, or that means another counterparty already."""
        key = party_key(self.spelling)
        if not key:
            sentence = f"{self.spelling!r} names nobody; write the name a source uses."
            raise ValidationError({"spelling": sentence})
        taken = CounterpartyAlias.objects.filter(key=key).exclude(pk=self.pk)
        if other := taken.select_related("counterparty").first():
            sentence = f"{self.spelling!r} is {other.counterparty} already, as {other.spelling!r}."
            raise ValidationError({"spelling": sentence})


class Account(models.Model):
    """One of our accounts, under the code we use for it."""

    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.code


class AccountAlias(models.Model):
    """The code a source uses for one of our accounts."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="aliases")
    source = models.ForeignKey(Source, models.CASCADE, related_name="account_aliases")
    code = models.CharField(max_length=64)

    class Meta:
        ordering = ("source", "code")
        verbose_name_plural = "account aliases"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "code"], name="account_alias_means_one_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} at {self.source.code}"
