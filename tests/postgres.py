"""A throw-away Postgres server from Debian's binaries, for tests that need real locks."""

import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recon_project.processes import tied_to

START_SECONDS = 30


class PostgresMissing(Exception):
    """No Postgres server is installed on this machine."""


def binaries() -> Path:
    """
    Return the folder of the newest installed server's programs.

    :raises PostgresMissing: if there is none.
    """
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if found:
        return found[-1].parent
    if (initdb := shutil.which("initdb")) and (Path(initdb).parent / "postgres").exists():
        return Path(initdb).parent
    raise PostgresMissing("install the Debian package postgresql")


def _unprivileged() -> str | None:
    """Return the user to run the server as: Postgres refuses root; None means as we are."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server() -> Iterator[str]:
    """
    Run a server on a loopback port until the block ends; yield ``postgres://user@host:port``.

    :raises PostgresMissing: if no server is installed.
    :raises RuntimeError: if it does not come up, with its log.
    """
    programs, user = binaries(), _unprivileged()
    place = Path(tempfile.mkdtemp(prefix="recon-postgres-"))
    if user:
        shutil.chown(place, user)
    name = user or getpass.getuser()
    data, log, port = place / "data", place / "log", _free_port()
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", name, "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync"],
            check=True, capture_output=True, user=user, cwd=place,
        )  # fmt: skip
        with log.open("wb") as output:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", place, "-h", "127.0.0.1",
                 "-p", str(port), "-c", "fsync=off", "-c", "full_page_writes=off"],
                stdout=output, stderr=output, user=user, cwd=place,
                preexec_fn=tied_to(os.getpid(), signal.SIGINT),  # noqa: PLW1509  no lock is taken in it
            )  # fmt: skip
        try:
            _await(process, programs, port, name, log)
            yield f"postgres://{name}@127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=START_SECONDS)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _await(process: subprocess.Popen, programs: Path, port: int, user: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    ask = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", user]
    while time.monotonic() < until and process.poll() is None:
        if subprocess.run(ask, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError(f"Postgres did not start: {log.read_text(errors='replace')[-2000:]}")
