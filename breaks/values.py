"""How a break writes down what a side says where that is a whole trade: in one line."""

from breaks.reported import ReportedTrade
from trades.reports import plain

LENGTH = 200  # of the columns that hold a value


def trade_line(trade: ReportedTrade) -> str:
    """Return a trade in short, such as ``BUY 100 AAPL at 187.5 USD``, less what is unknown."""
    words = [trade.side, plain(trade.quantity)]
    words += [name] if (name := trade.symbol or trade.isin or trade.security_name) else []
    if trade.price is not None:
        words += ["at", plain(trade.price), trade.currency]
    return " ".join(word for word in words if word)[:LENGTH]
