"""
What an instrument identifier means: which are valid, and which spellings are one.

Pure functions over text, shared by ingestion and by the matching engine.
"""

import re
from functools import lru_cache

from stdnum import cusip, figi, isin, lei
from stdnum.exceptions import ValidationError
from stdnum.gb import sedol

ISIN, CUSIP, SEDOL, FIGI, TICKER, PAIR = "ISIN", "CUSIP", "SEDOL", "FIGI", "TICKER", "PAIR"

_CHECKED = {ISIN: isin, CUSIP: cusip, SEDOL: sedol, FIGI: figi, "LEI": lei}

# A US or CA ISIN is the country, the nine-character CUSIP and a check digit (ISO 6166, annex).
_CUSIP_COUNTRIES = ("US", "CA")

# Exchanges that predate ISO 4217's habits spell some assets their own way.
_ASSET_ALIASES = {"XBT": "BTC", "XXBT": "BTC", "XETH": "ETH", "XXRP": "XRP", "XLTC": "LTC",
                  "XXLM": "XLM", "XXMR": "XMR", "XZEC": "ZEC", "XETC": "ETC", "XREP": "REP",
                  "XMLN": "MLN", "XDG": "DOGE", "XXDG": "DOGE", "ZUSD": "USD", "ZEUR": "EUR",
                  "ZGBP": "GBP", "ZCAD": "CAD", "ZJPY": "JPY", "ZAUD": "AUD"}  # fmt: skip
_QUOTES = ("USDT", "USDC", "USD", "EUR", "GBP", "JPY", "CAD", "AUD", "CHF", "BTC", "XBT", "ETH")
_CODES = frozenset({*_QUOTES, *_ASSET_ALIASES.values(), *_ASSET_ALIASES, "ADA", "SOL", "DOT",
                    "NZD", "SEK", "NOK", "DKK", "HKD", "SGD", "CNH", "CNY", "ZAR", "MXN",
                    "PLN", "TRY", "INR", "KRW", "AVAX", "LINK", "ATOM", "XTZ", "EOS",
                    "BCH"})  # fmt: skip

_PAIR_WITH_SEPARATOR = re.compile(r"^([A-Z0-9]{2,10})([/\-_.:])([A-Z0-9]{3,5})$")
_CLASS_SEPARATOR = re.compile(r"[\s/\-_.]+")


@lru_cache(maxsize=65_536)
def compact(value: str) -> str:
    """Return an identifier without white space and punctuation, in capitals."""
    return re.sub(r"[\s\-./]", "", value).upper()


@lru_cache(maxsize=65_536)
def is_valid(scheme: str, value: str) -> bool:
    """Tell whether `value` has the form and the check digit of its `scheme`; others always pass."""
    checker = _CHECKED.get(scheme)
    if checker is None:
        return bool(value.strip())
    try:
        checker.validate(value)
    except ValidationError:
        return False
    return True


def cusip_of_isin(value: str) -> str | None:
    """Return the CUSIP inside a US or CA ISIN, or None where the ISIN holds none."""
    code = compact(value)
    if len(code) == 12 and code.startswith(_CUSIP_COUNTRIES):
        return code[2:11]
    return None


def asset(code: str) -> str:
    """Return the common code of a currency or crypto asset: XBT, XXBT and BTC are one."""
    upper = code.strip().upper()
    return _ASSET_ALIASES.get(upper, upper)


@lru_cache(maxsize=65_536)
def currency_pair(symbol: str) -> str | None:
    """Return ``BASE/QUOTE`` if the symbol names a pair of known currencies, else None."""
    text = symbol.strip().upper()
    if found := _PAIR_WITH_SEPARATOR.match(text):
        base, separator, quote = found.groups()
        # A slash before a currency is a pair whatever the base; a dot or dash may be a share class.
        known = quote in _CODES and (base in _CODES or separator == "/")
        return f"{asset(base)}/{asset(quote)}" if known else None
    # Without a separator only the two halves tell: XBTUSD, BTCUSD, XXBTZUSD.
    for cut in range(3, len(text) - 2):
        base, quote = text[:cut], text[cut:]
        if base in _CODES and quote in _CODES:
            return f"{asset(base)}/{asset(quote)}"
    return None


@lru_cache(maxsize=65_536)
def normal_symbol(symbol: str) -> str:
    """
    Return one spelling for a ticker or a currency pair.

    Share-class punctuation becomes a dot (``BRK/A``, ``BRK A`` and ``BRK-A`` are ``BRK.A``), a
    currency pair becomes ``BTC/USD``.
    """
    return currency_pair(symbol) or _CLASS_SEPARATOR.sub(".", symbol.strip().upper())
