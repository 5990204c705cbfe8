"""How a break writes down what the sides say: plain numbers, and a trade in one line."""

from decimal import Decimal

from trades.models import Trade

LENGTH = 200  # of the columns that hold a value


def plain(number: Decimal) -> str:
    """Return every digit of a number, without exponent or trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def trade_line(trade: Trade) -> str:
    """Return a trade in short, such as ``BUY 100 AAPL at 187.5 USD``, less what is unknown."""
    words = [trade.side, plain(trade.quantity)]
    words += [name] if (name := trade.symbol or trade.isin or trade.security_name) else []
    if trade.price is not None:
        words += ["at", plain(trade.price), trade.currency]
    return " ".join(word for word in words if word)[:LENGTH]
