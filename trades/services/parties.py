"""Which counterparty and which account a report means, in bulk, creating what is unknown."""

from collections.abc import Iterable
from typing import NamedTuple

from trades.models import Account, AccountAlias, Counterparty, CounterpartyAlias, Source, Trade
from trades.names import party_key
from trades.reports import TradeReport
from trades.services.bulk import batches, lock_reference_data


class PartyIdentity(NamedTuple):
    """What one report says about its counterparty; sorted, those with an LEI come last."""

    lei: str
    bic: str
    name: str


def party_identity(report: TradeReport | Trade) -> PartyIdentity:
    return PartyIdentity(report.counterparty_lei, report.counterparty_bic, report.counterparty_name)


def resolve_counterparties(reports: Iterable[TradeReport | Trade]) -> dict[PartyIdentity, int]:
    """
    Return the counterparty of each distinct identity: by LEI, then BIC, then spelling.

    A name whose counterparty has another LEI is a new counterparty. A known one learns the
    spellings, LEI and BIC it lacked.
    """
    wanted = {party_identity(report) for report in reports}
    wanted = {wish for wish in wanted if wish.lei or wish.bic or party_key(wish.name)}
    directory = _Parties(wanted)
    if directory.is_complete:
        return directory.answers()
    lock_reference_data()
    directory = _Parties(wanted)
    directory.save()
    return directory.answers()


def known_counterparties(reports: Iterable[TradeReport | Trade]) -> dict[PartyIdentity, int]:
    """Return the counterparty of each identity that has one already; nothing is written."""
    wanted = {party_identity(report) for report in reports}
    wanted = {wish for wish in wanted if wish.lei or wish.bic or party_key(wish.name)}
    found = _Parties(wanted).answers()
    return {wish: pk for wish, pk in found.items() if pk is not None}


class _Parties:
    def __init__(self, wanted: set[PartyIdentity]) -> None:
        self._by_lei: dict[str, Counterparty] = {}
        self._by_bic: dict[str, list[Counterparty]] = {}
        self._by_key: dict[str, Counterparty] = {}
        self._new: list[Counterparty] = []
        self._learned: dict[int, Counterparty] = {}
        self._aliases: dict[str, tuple[str, Counterparty]] = {}
        self._chosen: dict[PartyIdentity, Counterparty] = {}
        self._read(wanted)
        for wish in sorted(wanted, reverse=True):
            self._chosen[wish] = self._choose(wish)

    @property
    def is_complete(self) -> bool:
        return not (self._new or self._learned or self._aliases)

    def answers(self) -> dict[PartyIdentity, int]:
        return {wish: party.pk for wish, party in self._chosen.items()}

    def save(self) -> None:
        Counterparty.objects.bulk_create(self._new)
        Counterparty.objects.bulk_update(
            [party for party in self._learned.values() if party not in self._new], ["lei", "bic"]
        )
        CounterpartyAlias.objects.bulk_create(
            CounterpartyAlias(counterparty=party, spelling=spelling, key=key)
            for key, (spelling, party) in sorted(self._aliases.items())
        )

    def _read(self, wanted: set[PartyIdentity]) -> None:
        parties: dict[int, Counterparty] = {}

        def known(party: Counterparty) -> Counterparty:
            return parties.setdefault(party.pk, party)

        for batch in batches(sorted({wish.lei for wish in wanted if wish.lei})):
            for party in Counterparty.objects.filter(lei__in=batch):
                self._by_lei[party.lei] = known(party)
        spelled = {form for wish in wanted if wish.bic for form in _bic_forms(wish.bic)}
        for batch in batches(sorted(spelled)):
            for party in Counterparty.objects.filter(bic__in=batch).order_by("pk"):
                self._by_bic.setdefault(_office(party.bic), []).append(known(party))
        keys = {party_key(wish.name) for wish in wanted} - {""}
        aliases = CounterpartyAlias.objects.select_related("counterparty")
        for batch in batches(sorted(keys)):
            for alias in aliases.filter(key__in=batch):
                self._by_key[alias.key] = known(alias.counterparty)

    def _choose(self, wish: PartyIdentity) -> Counterparty:
        key = party_key(wish.name)
        party = self._by_lei.get(wish.lei) if wish.lei else None
        if party is None:
            same_office = self._by_bic.get(_office(wish.bic), []) if wish.bic else []
            candidates = [*(same_office if len(same_office) == 1 else []), self._by_key.get(key)]
            fitting = (c for c in candidates if c and not (wish.lei and c.lei))
            party = next(fitting, None) or self._create(wish)
        self._learn(party, wish)
        if key and key not in self._by_key:
            self._by_key[key] = party
            self._aliases[key] = (wish.name, party)
        return party

    def _create(self, wish: PartyIdentity) -> Counterparty:
        party = Counterparty(name=wish.name or wish.lei or wish.bic)
        self._new.append(party)
        return party

    def _learn(self, party: Counterparty, wish: PartyIdentity) -> None:
        if wish.lei and not party.lei:
            party.lei = wish.lei
            self._by_lei[wish.lei] = party
            self._learned[id(party)] = party
        if wish.bic and not party.bic:
            party.bic = wish.bic
            self._by_bic.setdefault(_office(wish.bic), []).append(party)
            self._learned[id(party)] = party


def _office(bic: str) -> str:
    """Return the BIC of eleven characters; one of eight means the head office, XXX."""
    return f"{bic.upper()}XXX" if len(bic) == 8 else bic.upper()


def _bic_forms(bic: str) -> set[str]:
    office = _office(bic)
    return {office, office.removesuffix("XXX")}


def resolve_accounts(*, source: Source, reports: Iterable[TradeReport | Trade]) -> dict[str, int]:
    """Return the account of each distinct code: by this source's alias, then by our own code."""
    wanted = sorted({report.account_code for report in reports} - {""})
    found = known_accounts(source, wanted)
    if missing := [code for code in wanted if code not in found]:
        lock_reference_data()
        found |= known_accounts(source, missing)
        new = [Account(code=code) for code in missing if code not in found]
        Account.objects.bulk_create(new)
        found |= {account.code: account.pk for account in new}
    return found


def known_accounts(source: Source, codes: list[str]) -> dict[str, int]:
    """Return the account of each code that has one already; nothing is written."""
    found: dict[str, int] = {}
    for batch in batches(codes):
        found |= dict(Account.objects.filter(code__in=batch).values_list("code", "pk"))
        aliases = AccountAlias.objects.filter(source=source, code__in=batch)
        found |= dict(aliases.values_list("code", "account_id"))
    return found
