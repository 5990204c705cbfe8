"""The README's commands, run as they stand."""

import csv
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.models import Feed
from matching.models import Match
from tests.processes import ROOT
from tests.readme import call, story

RECORDED = ROOT.parent / "shared" / "data" / "kraken"
PAIR = "XXBTZUSD"

pytestmark = pytest.mark.django_db


def test_the_story_on_the_command_line():
    output = call(story("commands"))

    assert "oms.csv: 5 rows, 5 loaded" in output
    assert "custodian.csv: 6 rows, 6 loaded" in output
    breaks = list(csv.DictReader(output[output.index("id,break_type") :].splitlines()))
    assert [row["break_type"] for row in breaks] == ["PRICE", "MISSING_RIGHT", "MISSING_LEFT"]


class _Kraken(BaseHTTPRequestHandler):
    """Answers with the recorded replies, and with an empty page for what comes after."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(_answer(asked.path, query)).encode())

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _answer(path: str, query: dict[str, str]) -> dict:
    if path == "/0/public/AssetPairs":
        known = json.loads((RECORDED / "AssetPairs.json").read_text())["result"]
        return {"error": [], "result": {PAIR: known[PAIR]}}
    assert path == "/0/public/Trades"
    page = json.loads((RECORDED / "Trades.json").read_text())
    last = page["result"]["last"]
    if int(query["since"]) >= int(last):
        return {"error": [], "result": {PAIR: [], "last": last}}
    return page


@pytest.fixture
def kraken() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Kraken)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded replies are not on this machine")
def test_a_real_kraken_reply_against_a_custodians_file(kraken, settings, tmp_path):
    settings.OUTBOUND_HOSTS = ["127.0.0.1"]
    feed = Feed.objects.get(code="kraken-public")
    feed.settings["base_url"] = kraken
    feed.save()
    rows = json.loads((RECORDED / "Trades.json").read_text())["result"][PAIR]
    file = tmp_path / "custodian.csv"
    lines = [(ROOT / "docs/examples/custodian.csv").read_text().splitlines()[0]]
    for number, (price, volume, at, side, *_) in enumerate([rows[0], rows[2]], start=1):
        when = datetime.fromtimestamp(at, UTC).isoformat()
        lines.append(
            f"C{number},2013-11-27,2013-11-27,{when},BTC/USD,,{side},{volume},{price},,,USD,,,,,,,"
        )
    file.write_text("\n".join(lines) + "\n")

    output = call(story("kraken").replace("custodian.csv", str(file)))

    assert f"{len(rows)} rows, {len(rows)} loaded" in output
    matches = Match.objects.order_by("pk")
    pairs = [sorted(leg.trade.source_trade_id for leg in match.legs.all()) for match in matches]
    assert [pair[0] for pair in pairs] == ["C1", "C2"]
    assert all(pair[1].startswith(f"{PAIR}-") for pair in pairs)
    assert output.count("MISSING_RIGHT") == len(rows) - 2
