"""Which column of a header is what: by a layout, or proposed from the usual names."""

import re
from collections.abc import Mapping, Sequence

from connectors.protocol import Unreadable
from connectors.rows import CANONICAL, IDENTIFIERS

_USUAL = {
    "trade_id": "tradeid tradeno tradenumber tradereference traderef sourcetradeid dealid dealno "
    "ticket ticketid ticketnumber transactionid txnid fillid id",
    "trade_date": "tradedate dealdate transactiondate businessdate td date asofdate",
    "settlement_date": "settlementdate settledate settdate valuedate sd contractualsettlementdate",
    "executed_at": "executedat exectime executiontime executiontimestamp executiondatetime "
    "tradetime transacttime transactiontime timestamp time",
    "symbol": "symbol ticker tickersymbol securitysymbol instrument pair product bbgticker ric",
    "isin": "isin isincode securityisin",
    "cusip": "cusip cusip9 securitycusip",
    "sedol": "sedol sedolcode",
    "figi": "figi bbgid bbglobal openfigi",
    "security_name": "securityname securitydescription security instrumentname description issuer "
    "issuename name",
    "asset_class": "assetclass assettype securitytype producttype instrumenttype",
    "side": "side buysell buysellindicator bs buyorsell direction transactiontype trantype txntype",
    "quantity": "quantity qty shares units nominal tradequantity executedquantity filledquantity "
    "lastqty volume vol facevalue par size",
    "price": "price tradeprice executionprice lastpx unitprice avgprice averageprice dealprice px",
    "currency": "currency ccy tradecurrency tradeccy settlementcurrency settleccy curr",
    "gross_amount": "grossamount gross principal principalamount consideration grossvalue",
    "commission": "commission commissions comm brokerage brokercommission",
    "fees": "fees fee otherfees charges taxesandfees",
    "accrued_interest": "accruedinterest accrued interest",
    "net_amount": "netamount net netmoney netproceeds settlementamount settleamount netvalue",
    "counterparty": "counterparty counterpartyname cpty broker brokername executingbroker dealer",
    "counterparty_lei": "counterpartylei lei brokerlei cptylei",
    "counterparty_bic": "counterpartybic bic brokerbic swift swiftcode",
    "account": "account accountcode accountid accountnumber acct fund portfolio book",
    "venue": "venue mic exchange executionvenue market lastmkt",
    "order_ref": "orderref orderid orderreference clordid parentorderid",
    "block_ref": "blockref blockid blockreference allocid allocationid",
    "execution_ref": "executionref execid executionid execref reference externalref clientref",
    "state": "state status tradestatus action messagetype transactionstatus",
}
_CANONICAL_OF = {spelling: name for name, listed in _USUAL.items() for spelling in listed.split()}


SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def column_key(name: str) -> str:
    """Return a column name without case, spaces and punctuation: ``Trade ID`` is ``tradeid``."""
    return re.sub(r"[\W_]+", "", name.casefold())


def map_header(header: Sequence[str], columns: Mapping[str, str]) -> list[str]:
    """Return each column's canonical name by a layout's `columns`, or empty text for raw only."""
    known = {column_key(name): canonical for name, canonical in columns.items()}
    return [known.get(column_key(name), "") for name in header]


def missing(mapped: Sequence[str], *, signed_quantity: bool) -> list[str]:
    """Return what a header still lacks to make trades, in words."""
    needed = ["trade_id", "trade_date", "quantity"]
    if not signed_quantity:
        needed.append("side")
    lacking = [name for name in needed if name not in mapped]
    if not set(IDENTIFIERS) & set(mapped):
        lacking.append(f"one of {', '.join(IDENTIFIERS)}")
    return lacking


def check_header(
    header: Sequence[str], mapped: Sequence[str], *, name: str, layout: str, signed_quantity: bool
) -> None:
    """:raises Unreadable: if a column is missing, or two are the same thing."""
    if separator := _other_separator(header):
        raise Unreadable(
            f"{name} has one column ({_shown(header)[:200]}): it seems to be separated by "
            f"{separator}. Name a layout with that delimiter; the admin makes one under Layouts."
        )
    if lacking := missing(mapped, signed_quantity=signed_quantity):
        raise Unreadable(
            f"{name} lacks {', '.join(lacking)}: layout {layout!r} finds no such column in its "
            f"header ({_shown(header)}). Name another layout, or add the column to this one."
        )
    twice = {canonical for canonical in mapped if canonical and list(mapped).count(canonical) > 1}
    if twice:
        columns = [
            name for name, canonical in zip(header, mapped, strict=True) if canonical in twice
        ]
        raise Unreadable(
            f"{name} has {', '.join(sorted(twice))} more than once: columns {', '.join(columns)}. "
            "Leave all but one of them out of the layout."
        )


def _other_separator(header: Sequence[str]) -> str:
    """Return what separates the columns of a header that was read as a single one."""
    if len(header) != 1:
        return ""
    counts = {word: header[0].count(mark) for mark, word in SEPARATORS.items()}
    likeliest = max(counts, key=lambda word: counts[word])
    return likeliest if counts[likeliest] > 1 else ""


def propose(header: Sequence[str]) -> dict[str, str]:
    """Return each column of an unknown header with the canonical name it most likely has."""
    proposed: dict[str, str] = {}
    taken: set[str] = set()
    exact = {column_key(name): name for name in CANONICAL}
    for names in (exact, _CANONICAL_OF):
        for column in header:
            canonical = names.get(column_key(column), "")
            if canonical and canonical not in taken and not proposed.get(column):
                proposed[column] = canonical
                taken.add(canonical)
    return {column: proposed.get(column, "") for column in header}


def _shown(header: Sequence[str]) -> str:
    shown = ", ".join(header[:30])
    return f"{shown}, ..." if len(header) > 30 else shown
