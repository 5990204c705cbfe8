import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests import factories
from trades.models import Trade

pytestmark = pytest.mark.django_db

HEADER = "trade_id,trade_date,isin,side,quantity\n"


@pytest.fixture
def ingest():
    """Return a function that runs the command: (what it printed, what went to stderr)."""

    def run(*arguments):
        out, err = StringIO(), StringIO()
        try:
            call_command("ingest", *map(str, arguments), stdout=out, stderr=err)
        finally:
            run.out, run.err = out.getvalue(), err.getvalue()
        return run.out, run.err

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        HEADER + "T1,2026-03-04,US0378331005,BUY,100\nT2,2026-03-04,US0378331005,BUY,0\n"
    )
    return path


def test_prints_the_figures_and_the_rejects_with_their_lines(ingest, file):
    out, err = ingest(file, "--source", "oms")

    assert out == "t.csv: 2 rows, 1 loaded, 0 amended, 0 duplicates, 1 rejected\n"
    assert err == f"{file}:3: quantity is zero.\n"


def test_prints_json(ingest, file):
    out, _ = ingest(file, "--source", "oms", "--layout", "canonical", "--json")

    figures = json.loads(out)
    wanted = {
        "status": "LOADED",
        "rows": 2,
        "loaded": 1,
        "amended": 0,
        "duplicates": 0,
        "rejected": 1,
    }
    assert {name: figures[name] for name in wanted} == wanted
    assert figures["source"] == "oms"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "nobody"], "There is no source 'nobody'; there are: custodian, exchange"),
        (
            ["--source", "oms", "--layout", "nope"],
            "There is no layout 'nope'; there are: canonical",
        ),
        ([], "Say which source"),
        (["--feed", "x"], "Name either a file"),
        (["--source", "oms", "--layout", "custodian"], "lacks"),
    ],
)
def test_a_persons_error_is_one_sentence(ingest, file, arguments, said):
    with pytest.raises(CommandError, match=said) as refusal:
        ingest(file, *arguments)

    assert refusal.value.returncode == 1
    assert "\n" not in str(refusal.value)
    assert not Trade.objects.exists()


def test_a_file_that_is_not_there_is_named(ingest):
    with pytest.raises(CommandError, match=r"/no/such\.csv cannot be read"):
        ingest("/no/such.csv", "--source", "oms")


def test_fetches_a_feed(ingest, tmp_path, settings):
    settings.FEED_ROOT = tmp_path
    factories.feed("folder", settings={"folder": "", "pattern": "{date:%Y-%m-%d}.csv"})
    (tmp_path / "2026-03-04.csv").write_text(HEADER + "T1,2026-03-04,US0378331005,BUY,100\n")

    out, _ = ingest(
        "--feed", "folder", "--from-date", "2026-03-04", "--to-date", "2026-03-04", "--json"
    )

    (delivery,) = json.loads(out)["deliveries"]
    assert (delivery["name"], delivery["loaded"]) == ("2026-03-04.csv", 1)


def test_a_feed_that_fails_is_one_sentence(ingest):
    factories.feed("api", connector="json_api", settings={"url_env": "NO_SUCH_VARIABLE"})

    with pytest.raises(CommandError, match="NO_SUCH_VARIABLE is not set"):
        ingest("--feed", "api")


def test_a_window_the_wrong_way_round_is_one_sentence(ingest):
    factories.feed("folder")

    with pytest.raises(CommandError, match="before it begins"):
        ingest("--feed", "folder", "--from-date", "2026-03-05", "--to-date", "2026-03-04")
