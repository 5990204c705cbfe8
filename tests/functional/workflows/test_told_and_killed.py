"""SIGKILL between the outbox and the mark: what was told is received, by its one id."""

import base64
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.processes import ROOT, outside_env
from tests.receivers import webhook

pytestmark = pytest.mark.thorough

SENDING = "workflows.services.notifications.sending"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def run(place: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    allowed = {"OUTBOUND_HOSTS": "127.0.0.1", "DESK_HOOK_SECRET": SECRET}
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=outside_env(place, **allowed, **env),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def desk(empty, tmp_path):
    """Return what runs steps on a desk of the test's own, against a real receiver."""
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    with webhook() as receiver:

        def step(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
            module = ("-m", "tests.functional.workflows.told")
            return run(tmp_path, *module, *arguments, HOOK=f"{receiver.url}/", **env)

        def rows() -> list[tuple[str, int]]:
            with closing(sqlite3.connect(tmp_path / "desk.sqlite3")) as database:
                return database.execute(
                    "SELECT status, attempts FROM workflows_notification"
                ).fetchall()

        yield step, rows, receiver


def test_killed_before_the_commit_tells_nobody(desk):
    step, rows, receiver = desk

    killed = step("tell,send", "workflows.services.notifications.outbox:wake")

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert rows() == []
    assert step("send").stdout == "0"
    assert receiver.posted == []


def test_killed_between_the_outbox_and_the_sending_is_sent(desk):
    step, rows, receiver = desk

    killed = step("tell,send", f"{SENDING}:send_due")

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (rows(), receiver.posted) == ([("QUEUED", 0)], [])
    assert step("send").stdout == "1"
    assert len(receiver.ids) == 1
    assert rows() == [("SENT", 1)]


def test_killed_with_the_notice_in_hand_is_sent_when_the_lease_runs_out(desk):
    step, rows, receiver = desk

    assert step("tell,send", f"{SENDING}:deliver").returncode == -signal.SIGKILL
    assert (rows(), receiver.posted) == ([("SENDING", 1)], [])
    assert step("send").stdout == "0"
    assert step("send", LATER="1").stdout == "1"
    assert len(receiver.ids) == 1


def test_killed_after_the_delivery_and_before_the_mark_is_received_twice_under_one_id(desk):
    step, rows, receiver = desk

    killed = step("tell,send", f"{SENDING}:deliver:after")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert rows() == [("SENDING", 1)]
    assert len(receiver.ids) == 1

    assert step("send", LATER="1").stdout == "1"

    assert len(receiver.ids) == 2
    # Whoever keeps the ids it has seen has it once.
    assert len(set(receiver.ids)) == 1
    assert rows() == [("SENT", 2)]
    assert step("send", LATER="2").stdout == "0"
