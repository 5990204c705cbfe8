import os
import signal
import sys
import time

import pytest

from recon_project import supervisor
from recon_project.supervisor import Child, Supervisor
from tests.processes import await_true, descendants, is_alive

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    *(sys.executable, "-c"),
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
]
WITH_A_CHILD_OF_ITS_OWN = [
    *(sys.executable, "-c"),
    "import subprocess, time; subprocess.Popen(['sleep', '60']); time.sleep(60)",
]


def _stop_when(condition, *, seconds: float = 20):
    """Return an `on_tick` that asks this process to stop once the condition holds."""
    until = time.monotonic() + seconds

    def tick() -> None:
        if condition() or time.monotonic() > until:
            os.kill(os.getpid(), signal.SIGTERM)

    return tick


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(supervisor, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.5)


def test_a_child_that_ends_is_started_again_and_said():
    child, said, pids = Child("counter", [sys.executable, "-c", "raise SystemExit(3)"]), [], set()

    def started_twice() -> bool:
        if child.process:
            pids.add(child.process.pid)
        return len(pids) == 2

    Supervisor([child], say=said.append).run(on_tick=_stop_when(started_twice))

    assert len(pids) == 2
    assert said[0] == "The counter ended (exit code 3); starting it again in 1 s."


def test_the_wait_doubles_up_to_a_limit_and_starts_over_after_a_steady_life():
    child = Child("counter", SLEEPER)
    child.started = time.monotonic()

    assert [child.wait_before_restart() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]

    child.started = time.monotonic() - supervisor.STEADY_SECONDS - 1
    assert child.wait_before_restart() == 1


def test_one_that_ignores_a_stop_is_killed_when_its_time_is_up():
    child, pids = Child("deaf one", STUBBORN), []
    begun = time.monotonic()

    def up() -> bool:
        if child.process and not pids:
            pids.append(child.process.pid)
        return time.monotonic() - begun > 0.5

    Supervisor([child], say=print).run(on_tick=_stop_when(up))

    assert pids
    assert not is_alive(pids[0])


def test_what_a_child_started_goes_with_it():
    child, grandchildren = Child("parent", WITH_A_CHILD_OF_ITS_OWN), []

    def grown() -> bool:
        if child.process:
            grandchildren[:] = descendants(child.process.pid)
        return bool(grandchildren)

    Supervisor([child], say=print).run(on_tick=_stop_when(grown))

    assert grandchildren
    await_true(
        lambda: not any(is_alive(pid) for pid in grandchildren),
        seconds=5,
        otherwise="the child's own child still runs",
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_either_signal_stops_it_and_the_handlers_are_put_back(how):
    before = signal.getsignal(how)

    Supervisor([], say=print).run(on_tick=lambda: os.kill(os.getpid(), how))

    assert signal.getsignal(how) is before
