"""Run a measurement in a process of its own, so that its peak memory is its own."""

import json
import statistics
import subprocess
import sys
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class MeasurementFailed(Exception):
    """A child process ended without its figures; the text is the end of what it said."""


def in_child(module: str, *arguments: object, well: Container[int] = (0,)) -> dict[str, Any]:
    """
    Return the figures that `module` prints as its last line, one JSON object.

    :raises MeasurementFailed: if it exits with a code that is not `well`.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in well or not done.stdout.strip():
        raise MeasurementFailed(f"{module} failed: {done.stderr.strip()[-2_000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def python(env: dict[str, str], *arguments: str) -> str:
    """Return what a Python of its own prints that is run in this environment."""
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def peak_mib() -> float:
    """Return the most memory this process ever held, in MiB."""
    # Not getrusage: its maximum survives exec, so a child would report its parent's.
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise MeasurementFailed("/proc/self/status names no VmHWM; this needs Linux")


@contextmanager
def timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    """Note how many seconds a step took."""
    began = perf_counter()
    yield
    seconds[step] = perf_counter() - began


def medians(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of every number over some runs, nested ones too; of the rest the first."""
    return {name: _median([run[name] for run in runs]) for name in runs[0]}


def _median(values: list[Any]) -> Any:
    if isinstance(values[0], dict):
        return medians(values)
    return statistics.median(values) if isinstance(values[0], int | float) else values[0]
