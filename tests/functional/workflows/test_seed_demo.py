import json
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from breaks.choices import BreakType
from breaks.models import TradeBreak
from connectors.models import Delivery
from matching.models import MatchLeg
from trades.models import Account, Counterparty, FxRate, Instrument, Trade
from workflows.demo import truth

pytestmark = pytest.mark.django_db

WEEK = ("--until", "2026-03-06", "--trades", "200")


@pytest.fixture(autouse=True)
def inbox(tmp_path: Path, settings) -> None:
    settings.FEED_ROOT = tmp_path / "inbox"


def seed_demo(folder: Path, *arguments: str) -> str:
    out = StringIO()
    call_command("seed_demo", "--output", str(folder), *arguments, stdout=out)
    return out.getvalue()


def standing() -> dict[str, list[object]]:
    """Return what is on the desk, without how often it was looked at."""
    return {
        "trades": list(Trade.objects.order_by("pk").values_list("pk", "version", "digest")),
        "legs": sorted(
            MatchLeg.objects.filter(is_live=True).values_list(
                "trade", "match__status", "match__kind"
            )
        ),
        "breaks": list(
            TradeBreak.objects.order_by("pk").values_list(
                "fingerprint", "status", "severity", "left_value", "right_value", "exposure"
            )
        ),
        "reference data": [
            model.objects.count() for model in (Account, Counterparty, FxRate, Instrument)
        ],
    }


def test_it_puts_every_break_type_on_the_desk(tmp_path):
    said = seed_demo(tmp_path, *WEEK)

    found = set(TradeBreak.objects.live().values_list("break_type", flat=True))
    assert found == set(BreakType.values)
    assert "The week 2026-03-02 to 2026-03-06" in said
    assert f"ingest {tmp_path}/prime_broker_trades_late.csv --source prime_broker" in said


def test_every_exposure_is_known_where_the_report_is_in(tmp_path):
    seed_demo(tmp_path, *WEEK)

    known = TradeBreak.objects.exclude(break_type__in=("TIMING", "CURRENCY"))
    assert list(known.filter(exposure=None).values_list("break_type", "exposure_note")) == []


def test_its_breaks_are_routed_to_people_who_cannot_sign_in_yet(tmp_path):
    with time_machine.travel("2026-03-09T15:00Z", tick=False):  # every team is at work
        seed_demo(tmp_path, *WEEK)

    live = TradeBreak.objects.live()
    assert not live.filter(team=None).exists()
    assert not live.filter(assigned_to=None).exists()
    holders = User.objects.filter(pk__in=live.values("assigned_to"))
    assert {person.username.partition("-")[0] for person in holders} == {"demo"}
    assert not any(person.has_usable_password() for person in holders)


def test_who_is_in_the_demo_already_stays_as_they_are(tmp_path):
    seed_demo(tmp_path, *WEEK)
    analyst = User.objects.get(username="demo-analyst")
    analyst.set_password("their own")
    analyst.save()
    analyst.teams.clear()

    seed_demo(tmp_path, *WEEK)

    analyst.refresh_from_db()
    assert analyst.check_password("their own")
    assert not analyst.teams.exists()


def test_the_same_seed_again_changes_nothing(tmp_path):
    seed_demo(tmp_path, *WEEK)
    before = standing()

    seed_demo(tmp_path, *WEEK)

    assert standing() == before
    again = Delivery.objects.order_by("-pk")[:3]
    assert all(one.duplicates == one.rows_in for one in again)


def test_without_a_date_the_week_seeded_before_stays(tmp_path):
    seed_demo(tmp_path, *WEEK, "--files-only")
    before = (tmp_path / "oms_trades.csv").read_bytes()

    seed_demo(tmp_path, "--trades", "200", "--files-only")
    assert (tmp_path / "oms_trades.csv").read_bytes() == before

    seed_demo(tmp_path, "--trades", "200", "--seed", "8", "--files-only")
    assert (tmp_path / "oms_trades.csv").read_bytes() != before


def test_json_holds_the_figures(tmp_path):
    figures = json.loads(seed_demo(tmp_path, *WEEK, "--json"))

    assert figures["from_date"] == "2026-03-02"
    assert [one["rejected"] for one in figures["deliveries"]] == [0, 0, 0]
    assert [one["reconciliation"] for one in figures["runs"]] == ["oms-custodian", "oms-prime"]
    assert figures["truth"]["oms-custodian"]["precision"] == 1
    assert figures["planted"]["TIMING"] == 1


def test_files_only_loads_nothing(tmp_path):
    said = seed_demo(tmp_path, *WEEK, "--files-only")

    assert "Nothing was loaded" in said
    assert not Trade.objects.exists()
    assert len(truth.read(tmp_path / "truth.jsonl").planted) > 15


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(("--trades", "5"), "too few for a week with every break type")],
)
def test_what_cannot_be_made_is_one_sentence(tmp_path, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        seed_demo(tmp_path, *arguments)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file, not a folder")

    with pytest.raises(CommandError, match="taken"):
        seed_demo(taken, *WEEK)
