"""
That two names mean one party, or two codes one account: learnt, and unlearnt again.

What a source reported stays as it was reported. Only what it means changes: the counterparty or
account beside it. Every function returns the keys of the trades that mean another one now.
"""

from dataclasses import dataclass
from typing import Any

from trades.models import Account, AccountAlias, Counterparty, CounterpartyAlias, Source, Trade
from trades.services.bulk import lock_reference_data
from trades.services.parties import PartyIdentity, party_identity, resolve_counterparties

_IDENTITY = ("counterparty_lei", "counterparty_bic", "counterparty_name")


class AliasRefused(Exception):
    """Two names or codes cannot be one; the sentence says why and what to do."""


@dataclass(frozen=True)
class Learnt:
    """The keys of the trades that mean another one now, and what has to be put back, as JSON."""

    trades: list[int]
    kept: dict[str, Any]


def check_one_party(party: Counterparty, into: Counterparty) -> None:
    """
    Refuse to take two legal entities for one.

    :raises AliasRefused: if LEI or BIC say that they are two.
    """
    if party.pk == into.pk:
        raise AliasRefused(f"{party} is {into} already; nothing is left to do.")
    for name in ("lei", "bic"):
        ours, theirs = getattr(into, name), getattr(party, name)
        if ours and theirs and ours != theirs:
            raise AliasRefused(
                f"{party} has {name.upper()} {theirs} and {into} has {ours}: they are two "
                "entities. Correct the reference data first if one of these is wrong."
            )


def take_for_one(*, party_id: int, into_id: int) -> Learnt:
    """
    Make every spelling of a counterparty mean another one, and its trades with them.

    LEI and BIC go along where the other has none. The emptied row stays, to be put back.

    :raises AliasRefused: if one of them is gone, or they are two entities.
    """
    _lock()
    party, into = _party(party_id), _party(into_id)
    check_one_party(party, into)
    aliases = sorted(party.aliases.values_list("pk", flat=True))
    kept = {
        "party": party.pk,
        "into": into.pk,
        "aliases": aliases,
        "codes": {name: [getattr(party, name), getattr(into, name)] for name in ("lei", "bic")},
    }
    codes = {name: getattr(party, name) or getattr(into, name) for name in ("lei", "bic")}
    Counterparty.objects.filter(pk=party.pk).update(lei="", bic="")
    Counterparty.objects.filter(pk=into.pk).update(**codes)
    CounterpartyAlias.objects.filter(pk__in=aliases).update(counterparty=into)
    trades = Trade.objects.filter(counterparty=party)
    moved = sorted(trades.values_list("pk", flat=True))
    trades.update(counterparty=into)
    return Learnt(moved, kept)


def tell_apart(kept: dict[str, Any]) -> Learnt:
    """
    Undo `take_for_one`; trades that came since go with their spelling too.

    :raises AliasRefused: if the reference data was edited since, so that it cannot be put back.
    """
    _lock()
    party, into = _party(kept["party"]), _party(kept["into"])
    now = {name: getattr(into, name) for name in ("lei", "bic")}
    ours = {name: both[1] for name, both in kept["codes"].items()}
    learnt = {name: both[0] or both[1] for name, both in kept["codes"].items()}
    if any(now[name] != learnt[name] for name in now):
        raise AliasRefused(
            f"LEI or BIC of {into} were edited since; take {party} and {into} apart by hand, "
            "under Counterparties."
        )
    aliases = CounterpartyAlias.objects.filter(pk__in=kept["aliases"], counterparty=into)
    aliases.update(counterparty=party)
    Counterparty.objects.filter(pk=into.pk).update(**ours)
    theirs = {name: both[0] for name, both in kept["codes"].items()}
    Counterparty.objects.filter(pk=party.pk).update(**theirs)
    return Learnt(_resolve_again(party, into), kept)


def learn_account_code(*, source_id: int, code: str, account_id: int) -> Learnt:
    """
    Let a source's code mean one of our accounts, and its trades with it.

    :raises AliasRefused: if the source uses that code for another one already.
    """
    _lock()
    source, account = Source.objects.get(pk=source_id), Account.objects.get(pk=account_id)
    known = AccountAlias.objects.select_related("account").filter(source=source, code=code).first()
    if known is not None:
        raise AliasRefused(
            f"{code} of {source} means {known.account} already; change that under Accounts."
        )
    trades = Trade.objects.filter(source=source, account_code=code).exclude(account=account)
    before = {str(pk): meant for pk, meant in trades.values_list("pk", "account")}
    alias = AccountAlias.objects.create(source=source, code=code, account=account)
    trades.update(account=account)
    distinct = sorted(set(before.values()), key=lambda key: key or 0)
    kept = {"alias": alias.pk, "source": source.pk, "code": code, "account": account.pk,
            "before": distinct[0] if len(distinct) == 1 else None}  # fmt: skip
    return Learnt(sorted(int(pk) for pk in before), kept)


def unlearn_account_code(kept: dict[str, Any]) -> Learnt:
    """
    Undo `learn_account_code`; trades that came since mean again what their code says.

    :raises AliasRefused: if the alias was edited or removed since.
    """
    _lock()
    alias = AccountAlias.objects.filter(
        pk=kept["alias"], source=kept["source"], code=kept["code"], account=kept["account"]
    )
    if not alias.delete()[0]:
        raise AliasRefused(
            f"The alias {kept['code']} was edited since; correct it by hand, under Accounts."
        )
    before = kept["before"] or Account.objects.get_or_create(code=kept["code"])[0].pk
    trades = Trade.objects.filter(
        source=kept["source"], account_code=kept["code"], account=kept["account"]
    )
    moved = sorted(trades.values_list("pk", flat=True))
    trades.update(account=before)
    return Learnt(moved, kept)


def _lock() -> None:
    """Let no delivery write trades or reference data meanwhile, in the order in which those do."""
    list(Source.objects.select_for_update(no_key=True).order_by("pk"))
    lock_reference_data()


def _party(pk: int) -> Counterparty:
    found = Counterparty.objects.filter(pk=pk).first()
    if found is None:
        raise AliasRefused(f"Counterparty {pk} is gone; look at the break again.")
    return found


def _resolve_again(party: Counterparty, into: Counterparty) -> list[int]:
    """Give back the trades that, loaded now, would mean `party` and not `into`."""
    trades = Trade.objects.filter(counterparty=into)
    said = [
        Trade(**dict(zip(_IDENTITY, row, strict=True)))
        for row in trades.order_by().values_list(*_IDENTITY).distinct()
    ]
    meant = resolve_counterparties(said)
    moved: list[int] = []
    for one in said:
        identity: PartyIdentity = party_identity(one)
        if meant.get(identity) != party.pk:
            continue
        ours = trades.filter(**{name: getattr(one, name) for name in _IDENTITY})
        keys = list(ours.values_list("pk", flat=True))
        ours.update(counterparty=party)
        moved += keys
    return sorted(moved)
