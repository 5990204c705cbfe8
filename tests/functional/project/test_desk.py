"""`manage.py desk`, started for real: one process tree that lives together and ends together."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.processes import (
    ROOT,
    Desk,
    await_true,
    descendants,
    is_alive,
    outside_env,
    running_desk,
)
from tests.readme import json_documents, story, tell

pytestmark = [
    pytest.mark.xdist_group("desk"),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes from /proc"),
]


def _none_alive(pids: list[int]) -> bool:
    return not any(is_alive(pid) for pid in pids)


def _refused(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", "desk", *arguments],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    return done.stderr.strip()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("desk")


@pytest.fixture(scope="module")
def desk(place) -> Iterator[Desk]:
    with running_desk(outside_env(place), "--no-demo") as desk:
        desk.await_words("The desk is ready at")
        yield desk


class TestRunning:
    def test_health_answers(self, desk):
        reply = httpx.get(f"{desk.url}/api/v1/health")

        assert reply.status_code == 200
        assert reply.json()["checks"]["database"]

    def test_the_printed_login_opens_the_admin(self, desk):
        user = re.search(r"user +(\S+)", desk.said)[1]
        password = re.search(r"password +(\S+)", desk.said)[1]
        with httpx.Client(base_url=desk.url, follow_redirects=True) as browser:
            page = browser.get("/admin/login/?next=/admin/")
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
            page = browser.post(
                "/admin/login/?next=/admin/",
                data={"username": user, "password": password, "csrfmiddlewaretoken": token},
                headers={"Referer": desk.url},
            )

            assert page.status_code == 200
            assert page.url.path == "/admin/"

    def test_the_login_is_printed_once(self, desk):
        assert desk.said.count("The first login, shown only now:") == 1

    @pytest.mark.skipif(shutil.which("curl") is None, reason="the README's story uses curl")
    def test_the_readmes_story_over_http(self, desk, place):
        output = tell(
            story("http"),
            env=outside_env(place),
            swaps={"localhost:8000": f"127.0.0.1:{desk.port}", "var/inbox": f"{place}/inbox"},
        )

        ingested, run, breaks = json_documents(output)
        counts = [(row["feed"], row["loaded"]) for row in ingested["deliveries"]]
        assert counts == [("oms-inbox", 5), ("custodian-inbox", 6)]
        assert (run["status"], run["auto_matched"]) == ("SUCCEEDED", 4)
        assert run["breaks_identified"] == 3
        kinds = {row["break_type"] for row in breaks["results"]}
        assert kinds == {"PRICE", "MISSING_LEFT", "MISSING_RIGHT"}

    @pytest.mark.parametrize("name", ["worker", "web", "beat"])
    def test_one_that_dies_is_started_again(self, desk, name):
        words = {"web": "gunicorn", "worker": " worker ", "beat": " beat "}[name]
        before = desk.child(words)

        os.kill(before, signal.SIGKILL)

        desk.await_words(f"The {name} ended (killed by SIGKILL); starting it again in 1 s.")
        await_true(
            lambda: any(pid != before and is_alive(pid) for pid in _children(desk, words)),
            seconds=20,
            otherwise=f"no new {name}:\n{desk.said}",
        )

    def test_a_second_desk_over_the_same_folder_is_refused(self, desk, place):
        sentence = _refused(outside_env(place), "--port", "0")

        assert sentence.startswith(
            f"CommandError: A desk already runs over {place} (process {desk.process.pid})."
        )

    def test_a_port_in_use_is_one_sentence(self, desk, child_env):
        sentence = _refused(child_env(), "--port", str(desk.port))

        assert sentence.startswith(f"CommandError: Cannot listen on 127.0.0.1:{desk.port} (")
        assert sentence.endswith("name another one with --port.")
        assert "\n" not in sentence

    def test_a_stop_leaves_no_process_behind(self, desk):
        """The last one: it ends the desk that the tests above share."""
        started = descendants(desk.process.pid)
        assert len(started) >= 4  # gunicorn and its worker, worker, beat

        desk.process.send_signal(signal.SIGTERM)

        assert desk.process.wait(timeout=30) == 0
        assert _none_alive(started)
        desk.await_words("Stopped: web, worker and beat have ended.")
        with socket.socket() as again:
            assert again.connect_ex(("127.0.0.1", desk.port)) != 0


def _children(desk: Desk, words: str) -> list[int]:
    try:
        return [desk.child(words)]
    except AssertionError:
        return []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children")
def test_a_second_start_is_quick_and_a_killed_desk_leaves_no_process_behind(desk, place):
    desk.close()
    with running_desk(outside_env(place), "--no-demo") as again:
        again.await_words("Starting web, worker and beat")
        await_true(
            lambda: len(descendants(again.process.pid)) >= 3, seconds=20, otherwise=again.said
        )
        assert "is up to date." in again.said
        assert "login" not in again.said
        started = descendants(again.process.pid)

        again.process.kill()
        again.process.wait()

        await_true(
            lambda: _none_alive(started),
            seconds=15,
            otherwise=f"still alive: {[pid for pid in started if is_alive(pid)]}",
        )
