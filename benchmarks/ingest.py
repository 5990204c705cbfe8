"""
What ingesting a file costs beside the bare COPY of the same trades into the same table.

``python -m benchmarks.ingest --rows 100000 --runs 3`` starts a throw-away Postgres and prints
JSON. One run loads a seeded custodian's file in a process of its own, then copies the trades it
made out, empties the table and copies them in again, indexes and foreign keys in place.
"""

import argparse
import csv
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.process import peak_mib
from breaks import append_only

ROOT = Path(__file__).parents[1]
SEED = 20_260_304
INSTRUMENTS = 2_000
HEADER = (
    "trade_id", "trade_date", "settlement_date", "executed_at", "symbol", "isin", "cusip",
    "security_name", "asset_class", "side", "quantity", "price", "currency", "gross_amount",
    "commission", "fees", "net_amount", "counterparty", "counterparty_bic", "account", "venue",
    "order_ref", "block_ref", "execution_ref", "state",
)  # fmt: skip
CENT = Decimal("0.01")


def measure(rows: int, runs: int) -> dict[str, Any]:
    """
    Return the medians of `runs` runs over `rows` rows, in seconds, and our peak memory in MiB.

    :raises PostgresMissing: if no server is installed.
    """
    from tests.postgres import server

    with tempfile.TemporaryDirectory() as folder, server() as url:
        os.chmod(folder, 0o755)  # noqa: S103, PTH101  the server's user reads and writes in it
        path = Path(folder) / "custodian.csv"
        write_file(path, rows)
        database = f"{url}/postgres"
        _manage(database, "migrate", "--verbosity=0")
        found = [_run(database, path) for _ in range(runs)]
    ours = statistics.median(run["seconds"] for run in found)
    bare = statistics.median(run["copy_seconds"] for run in found)
    return {
        "rows": rows,
        "runs": runs,
        "file_bytes": found[0]["file_bytes"],
        "ingest_seconds": round(ours, 2),
        "copy_seconds": round(bare, 2),
        "ratio": round(statistics.median(r["seconds"] / r["copy_seconds"] for r in found), 2),
        "microseconds_a_row": round(ours / rows * 1_000_000, 1),
        "peak_mib": max(run["peak_mib"] for run in found),
    }


def write_file(path: Path, rows: int) -> None:
    """Write a custodian's file of one day, the same for the same number of rows."""
    chance = random.Random(SEED)  # noqa: S311  no secret
    instruments = [_instrument(number, chance) for number in range(INSTRUMENTS)]
    parties = [(f"Broker {n} Securities LLC", f"BRKR{chr(65 + n % 26)}{chr(65 + n // 26)}33")
               for n in range(60)]  # fmt: skip
    opening = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number in range(rows):
            symbol, isin, name, price_of = chance.choice(instruments)
            party, bic = chance.choice(parties)
            side = chance.choice(("BUY", "SELL"))
            quantity = chance.randrange(1, 400) * 25
            price = price_of + chance.randrange(-200, 200) * CENT
            gross = quantity * price
            commission = (gross * Decimal("0.0002")).quantize(CENT)
            fees = CENT * chance.randrange(1, 500)
            net = gross + commission + fees if side == "BUY" else gross - commission - fees
            at = opening + timedelta(microseconds=chance.randrange(23_400_000) * 1000)
            writer.writerow((
                f"C{number:09}", date(2026, 3, 4), date(2026, 3, 5), at.isoformat(), symbol, isin,
                isin[2:11], name, "EQUITY", side, quantity, price, "USD", gross, commission, fees,
                net, party, bic, f"FUND{chance.randrange(100)}", "XNYS", f"O{number // 3:09}",
                f"B{number // 12:08}", f"X{chance.randrange(10**9):09}", "NEW",
            ))  # fmt: skip


def _instrument(number: int, chance: random.Random) -> tuple[str, str, str, Decimal]:
    from stdnum import cusip, isin

    body = f"{number:06}10"
    code = body + cusip.calc_check_digit(body)
    return (
        f"S{number:04}",
        f"US{code}" + isin.calc_check_digit(f"US{code}"),
        f"Company {number} Common Stock",
        chance.randrange(500, 50_000) * CENT + 2,
    )


def _run(database: str, path: Path) -> dict[str, Any]:
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        for table in append_only.TABLES:  # no history is worked here, and none is to be kept
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        connection.execute("TRUNCATE trades_trade, connectors_delivery CASCADE")
        answer = subprocess.run(
            [sys.executable, "-m", "benchmarks.ingest", "--one", str(path)],
            cwd=ROOT, env=_environment(database), check=True, capture_output=True, text=True,
        )  # fmt: skip
        copied = path.with_suffix(".copy")
        copied.touch()
        copied.chmod(0o666)
        connection.execute(f"COPY trades_trade TO '{copied}'")
        connection.execute("TRUNCATE trades_trade CASCADE")
        connection.execute("CHECKPOINT")
        start = time.perf_counter()
        connection.execute(f"COPY trades_trade FROM '{copied}'")
        seconds = time.perf_counter() - start
        copied.unlink()
    return json.loads(answer.stdout) | {
        "copy_seconds": seconds, "file_bytes": path.stat().st_size,
    }  # fmt: skip


def ingest_one(path: Path) -> dict[str, Any]:
    """Load a file in this process; return its seconds and its peak memory."""
    import django

    django.setup()
    from django.utils import timezone

    from connectors.services import receive_file
    from trades.models import Source

    source = Source.objects.get(code="custodian")
    start = time.perf_counter()
    delivery = receive_file(path=path, source=source, by=None, at=timezone.now())
    seconds = time.perf_counter() - start
    if delivery.error or delivery.loaded != delivery.rows_in:
        raise SystemExit(f"{delivery.loaded} of {delivery.rows_in} rows: {delivery.error}")
    return {"seconds": seconds, "peak_mib": round(peak_mib())}


def _manage(database: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=_environment(database), check=True
    )


def _environment(database: str) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "recon_project.settings",
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", type=Path, help="load this file into DATABASE_URL and stop")
    given = parser.parse_args()
    figures = ingest_one(given.one) if given.one else measure(given.rows, given.runs)
    print(json.dumps(figures, indent=None if given.one else 2))
