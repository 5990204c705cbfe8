"""Run the project's commands as a user would, and see what they leave behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


def settings_variables() -> set[str]:
    """Return the name of every variable that the settings read."""
    text = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))


def outside_env(place: Path, **over: str) -> dict[str, str]:
    """
    Return the environment of a process that runs as a new user's would, all below `place`.

    Nothing that the settings read is handed on from this process or from a ``.env`` file.
    """
    inherited = {name: os.environ[name] for name in os.environ.keys() - settings_variables()}
    ours = {
        "DJANGO_SETTINGS_MODULE": "recon_project.settings",
        "VAR_DIR": str(place),
        "ENV_FILE": os.devnull,
    }
    return inherited | ours | over


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_true(what: Callable[[], object], *, seconds: float, otherwise: str) -> None:
    """Ask until it is true; fail with `otherwise` when the time is up."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            raise AssertionError(otherwise)
        time.sleep(0.05)


def _stat(pid: int) -> list[str]:
    """Return the kernel's fields of a process from its state on; empty once it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_alive(pid: int) -> bool:
    fields = _stat(pid)
    return bool(fields) and fields[0] not in "ZX"


def descendants(pid: int) -> list[int]:
    """Return the processes started by `pid`, theirs included."""
    everybody = {int(path.name): _stat(int(path.name)) for path in Path("/proc").glob("[0-9]*")}
    found, front = [], [pid]
    while front:
        parent = front.pop()
        children = [p for p, fields in everybody.items() if fields and int(fields[1]) == parent]
        found += children
        front += children
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


class Desk:
    """A running `manage.py desk` and what it has printed so far."""

    def __init__(self, process: subprocess.Popen, port: int) -> None:
        self.process, self.port = process, port
        self.url = f"http://127.0.0.1:{port}"
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        return "".join(self._lines)

    def await_words(self, words: str, *, seconds: float = 60) -> None:
        def spoken() -> bool:
            return words in self.said or self.process.poll() is not None

        await_true(spoken, seconds=seconds, otherwise=f"no {words!r} in:\n{self.said}")
        assert words in self.said, f"the desk ended with {self.process.returncode}:\n{self.said}"

    def child(self, words: str) -> int:
        """Return the process id of the desk's own child whose command line has `words`."""
        for pid in descendants(self.process.pid):
            if words in command_line(pid) and int(_stat(pid)[1]) == self.process.pid:
                return pid
        raise AssertionError(f"no child with {words!r}")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(timeout=5)
        self.process.stdout.close()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.append(line)


@contextmanager
def running_desk(env: dict[str, str], *arguments: str) -> Iterator[Desk]:
    """Run a desk on a free port until the block ends."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "desk", "--port", str(port), *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    desk = Desk(process, port)
    try:
        yield desk
    finally:
        started = descendants(process.pid)
        desk.close()
        for pid in filter(is_alive, started):
            os.kill(pid, signal.SIGKILL)
