from trades.models.parties import Account, AccountAlias, Counterparty, CounterpartyAlias
from trades.models.reference import FxRate, Instrument, InstrumentIdentifier, Source
from trades.models.trade import Trade, TradeVersion

__all__ = [
    "Account",
    "AccountAlias",
    "Counterparty",
    "CounterpartyAlias",
    "FxRate",
    "Instrument",
    "InstrumentIdentifier",
    "Source",
    "Trade",
    "TradeVersion",
]
