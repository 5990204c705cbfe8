from django.db.models import TextChoices


class SourceKind(TextChoices):
    OMS = "OMS", "Order management system"
    CUSTODIAN = "CUSTODIAN", "Custodian"
    PRIME_BROKER = "PRIME_BROKER", "Prime broker"
    EXCHANGE = "EXCHANGE", "Exchange"
    BROKER = "BROKER", "Broker"
    MANUAL = "MANUAL", "Manual entry"


class Side(TextChoices):
    BUY = "BUY", "Buy"
    SELL = "SELL", "Sell"


class TradeState(TextChoices):
    NEW = "NEW", "New"
    AMENDED = "AMENDED", "Amended"
    CANCELLED = "CANCELLED", "Cancelled"


class IdentifierScheme(TextChoices):
    ISIN = "ISIN", "ISIN"
    CUSIP = "CUSIP", "CUSIP"
    SEDOL = "SEDOL", "SEDOL"
    FIGI = "FIGI", "FIGI"
    TICKER = "TICKER", "Ticker and market"
    PAIR = "PAIR", "Currency pair"


class AssetClass(TextChoices):
    EQUITY = "EQUITY", "Equity"
    FIXED_INCOME = "FIXED_INCOME", "Fixed income"
    FX = "FX", "Foreign exchange"
    CRYPTO = "CRYPTO", "Crypto"
    FUND = "FUND", "Fund"
    DERIVATIVE = "DERIVATIVE", "Derivative"
