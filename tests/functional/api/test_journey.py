"""A program's whole way through the API, over HTTP, with a token as `create_token` prints it."""

import io

import httpx
import pytest
from django.core.management import call_command

from connectors.models import Feed
from tests import factories

COLUMNS = "trade_id,trade_date,symbol,isin,side,quantity,price,currency\n"
OMS = COLUMNS + (
    "O1,2026-03-04,AAPL,US0378331005,BUY,100,187.50,USD\n"
    "O2,2026-03-04,MSFT,US5949181045,SELL,40,401.25,USD\n"
    "O3,2026-03-04,MSFT,US5949181045,SELL,many,401.25,USD\n"
)
BANK = COLUMNS + "C1,2026-03-04,AAPL,US0378331005,BUY,100,189.26,USD\n"


def signed_in(server, user) -> httpx.Client:
    out = io.StringIO()
    call_command("create_token", "--user", user.username, stdout=out, stderr=io.StringIO())
    headers = {"Authorization": f"Token {out.getvalue().strip()}", "Prefer": "wait"}
    return httpx.Client(base_url=f"{server.url}/api/v1/", headers=headers, timeout=60)


@pytest.fixture
def checker(live_server):
    """Return a client of a second supervisor."""
    with signed_in(live_server, factories.user("Supervisor")) as client:
        yield client


@pytest.fixture
def http(live_server, settings, tmp_path):
    """Return a client signed in by token; two file feeds have one day's files waiting."""
    settings.FEED_ROOT = tmp_path
    Feed.objects.update(is_enabled=False)
    for source, text in (("oms", OMS), ("custodian", BANK)):
        pattern = {"pattern": f"{source}_{{date:%Y%m%d}}.csv"}
        factories.feed(f"{source}-files", source=source, connector="files", settings=pattern)
        (tmp_path / f"{source}_20260304.csv").write_text(text)
    with signed_in(live_server, factories.user("Supervisor")) as client:
        yield client


def ok(answer: httpx.Response, status: int = 200) -> dict:
    assert answer.status_code == status, answer.text
    return answer.json()


def test_from_two_files_to_a_resolved_break(http, checker):
    day = {"from_date": "2026-03-04", "to_date": "2026-03-04"}
    ingested = ok(http.post("ingestion/run", json=day))
    assert (ingested["oms"], ingested["custodian"]) == (2, 1)

    oms = next(row for row in ingested["deliveries"] if row["source"] == "oms")
    (bad,) = ok(http.get(f"deliveries/{oms['id']}/rejected"))["results"]
    assert bad["line_number"] == 4

    body = {"trade_date": "2026-03-04", "source1": "oms", "source2": "custodian"}
    run = ok(http.post("reconciliation/run", json=body))
    assert (run["status"], run["auto_matched"], run["breaks_identified"]) == ("SUCCEEDED", 1, 2)
    assert ok(http.get(f"reconciliation/runs/{run['run_id']}"))["progress_pct"] == 100

    rows = ok(http.get("breaks/open"))["results"]
    assert {(row["break_type"], row["trade_id"]) for row in rows} == {
        ("PRICE", "O1"),
        ("MISSING_RIGHT", "O2"),
    }
    price = next(row for row in rows if row["break_type"] == "PRICE")
    read = http.get(f"breaks/{price['id']}")
    assert {score["field"] for score in ok(read)["explanation"]} >= {"price", "quantity"}
    assert ok(read)["difference"] == "-1.76"

    claimed = http.post(f"breaks/{price['id']}/claim", headers={"If-Match": read.headers["ETag"]})
    assert ok(claimed)["status"] == "IN_PROGRESS"
    stale = http.post(
        f"breaks/{price['id']}/accept",
        json={"comment": "Too small"},
        headers={"If-Match": read.headers["ETag"]},
    )
    assert ok(stale, 412)["current"]["version"] == 2
    asked = http.post(
        f"breaks/{price['id']}/accept",
        json={"comment": "Too small"},
        headers={"If-Match": claimed.headers["ETag"]},
    )
    approve = f"approvals/{ok(asked, 202)['approval_request_id']}/approve"
    assert "yourself" in ok(http.post(approve, json={}), 409)["detail"]
    assert ok(http.get(f"breaks/{price['id']}"))["status"] == "IN_PROGRESS"
    assert ok(checker.post(approve, json={}))["status"] == "APPROVED"
    assert ok(http.get(f"breaks/{price['id']}"))["status"] == "ACCEPTED"

    match = ok(http.get("matches"))["results"][0]
    apart = ok(http.delete(f"matches/{match['id']}", params={"reason": "Two orders"}))
    assert apart["status"] == "UNMATCHED"
    kinds = sorted(row["break_type"] for row in ok(http.get("breaks/open"))["results"])
    assert kinds == ["MISSING_LEFT", "MISSING_RIGHT", "MISSING_RIGHT"]
