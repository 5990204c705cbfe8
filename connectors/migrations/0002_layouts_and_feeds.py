from django.db import migrations

CANONICAL = (
    "trade_id trade_date settlement_date executed_at symbol isin cusip sedol figi security_name "
    "asset_class side quantity price currency gross_amount commission fees accrued_interest "
    "net_amount counterparty counterparty_lei counterparty_bic account venue order_ref block_ref "
    "execution_ref state"
).split()

CUSTODIAN = {
    "TradeID": "trade_id",
    "TradeDate": "trade_date",
    "SettleDate": "settlement_date",
    "ExecTime": "executed_at",
    "Symbol": "symbol",
    "CUSIP": "cusip",
    "BuySellIndicator": "side",
    "Quantity": "quantity",
    "Price": "price",
    "GrossAmount": "gross_amount",
    "NetAmount": "net_amount",
    "Currency": "currency",
    "Counterparty": "counterparty",
    "Account": "account",
    "Portfolio": "",
    "Commission": "commission",
    "Fees": "fees",
    "Reference": "execution_ref",
    "OrderRef": "order_ref",
}

TIMES = ["ISO", "%Y%m%d-%H:%M:%S", "%Y%m%d-%H:%M:%S.%f", "%Y%m%d %H:%M:%S", "%H:%M:%S", "%H:%M:%S.%f"]

LAYOUTS = [
    {
        "code": "canonical",
        "name": "Canonical names",
        "columns": {name: name for name in CANONICAL},
        "date_formats": ["ISO", "%Y%m%d"],
        "time_formats": TIMES,
    },
    {
        "code": "custodian",
        "name": "Custodian",
        "columns": CUSTODIAN,
        # A custodian in the United States: the month first.
        "date_formats": ["ISO", "%Y%m%d", "%m/%d/%Y", "%d-%b-%Y"],
        "time_formats": [*TIMES, "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"],
    },
]

# What reaches out to another host is off until somebody wants it on the schedule. A source's
# reports are due at once until a time is set.
FEEDS = [
    {
        "code": "oms-inbox",
        "name": "OMS files in the inbox",
        "source": "oms",
        "connector": "files",
        "settings": {"folder": "oms", "pattern": "*.csv"},
        "is_enabled": True,
    },
    {
        "code": "custodian-inbox",
        "name": "Custodian files in the inbox",
        "source": "custodian",
        "connector": "files",
        "settings": {"folder": "custodian", "pattern": "*.csv"},
        "is_enabled": True,
    },
    {
        "code": "kraken-public",
        "name": "Kraken public trades",
        "source": "exchange",
        "connector": "kraken_public",
        "settings": {"pair_env": "KRAKEN_PAIR", "pair": "XBTUSD"},
        "is_enabled": False,
    },
    {
        "code": "alpaca",
        "name": "Alpaca fills",
        "source": "prime_broker",
        "connector": "alpaca",
        "settings": {
            "base_url": "https://paper-api.alpaca.markets",
            "key_env": "ALPACA_API_KEY_ID",
            "secret_env": "ALPACA_API_SECRET_KEY",
        },
        "is_enabled": False,
    },
    {
        "code": "oms-api",
        "name": "OMS over HTTP",
        "source": "oms",
        "connector": "json_api",
        "settings": {"url_env": "OMS_API_URL", "key_env": "OMS_API_KEY"},
        "is_enabled": False,
    },
    {
        "code": "prime-broker-api",
        "name": "Prime broker over HTTP",
        "source": "prime_broker",
        "connector": "json_api",
        "settings": {"url_env": "PRIME_BROKER_API_URL", "key_env": "PRIME_BROKER_API_KEY"},
        "is_enabled": False,
    },
    {
        "code": "custodian-sftp",
        "name": "Custodian files over SFTP",
        "source": "custodian",
        "connector": "files",
        "layout": "custodian",
        "settings": {
            "folder": "sftp:///outgoing",
            "pattern": "trades_{date:%Y%m%d}.csv",
            "host_env": "CUSTODIAN_SFTP_HOST",
            "options_env": {
                "username": "CUSTODIAN_SFTP_USER",
                "key_filename": "CUSTODIAN_SFTP_KEY",
            },
        },
        "is_enabled": False,
    },
]


def create(apps, schema_editor):
    alias = schema_editor.connection.alias
    layouts = apps.get_model("connectors", "Layout").objects.using(alias)
    feeds = apps.get_model("connectors", "Feed").objects.using(alias)
    sources = apps.get_model("trades", "Source").objects.using(alias)
    for layout in LAYOUTS:
        layouts.get_or_create(code=layout["code"], defaults=layout)
    for feed in FEEDS:
        named = {
            "source": sources.get(code=feed["source"]),
            "layout": layouts.get(code=feed["layout"]) if "layout" in feed else None,
        }
        feeds.get_or_create(code=feed["code"], defaults=feed | named)


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0001_initial"),
        ("trades", "0002_sources"),
    ]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
