"""Keep a few child processes alive, and leave none of them behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

from recon_project.processes import tied_to

TICK_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 30.0
STEADY_SECONDS = 60.0  # who lived this long starts again without waiting
STOP_SECONDS = 15.0


@dataclass
class Child:
    """
    One process to keep alive.

    `orphaned` is the signal it gets when the supervisor itself is killed; `pass_fds` are file
    descriptors it inherits.
    """

    name: str
    command: Sequence[str]
    orphaned: signal.Signals = signal.SIGKILL
    pass_fds: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started: float = field(default=0.0, init=False)
    start_at: float = field(default=0.0, init=False)
    failures: int = field(default=0, init=False)

    def start(self) -> None:
        # In a group of its own: a terminal's Ctrl-C reaches the supervisor alone, which then
        # stops everybody in order, and what the child started goes with it.
        self.process = subprocess.Popen(  # noqa: S603  our own commands, no shell
            list(self.command),
            start_new_session=True,
            pass_fds=tuple(self.pass_fds),
            preexec_fn=tied_to(os.getpid(), self.orphaned),  # noqa: PLW1509  no lock is taken in it
        )
        self.started = time.monotonic()

    def send(self, what: signal.Signals) -> None:
        """Signal the process and everything it started."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, what)
            except ProcessLookupError:
                return  # the group ended in between, which is what a signal here asks for

    def wait_before_restart(self) -> float:
        """Count the failure; return how many seconds to wait: 1, 2, 4 and so on up to the limit."""
        steady = time.monotonic() - self.started >= STEADY_SECONDS
        self.failures = 1 if steady else self.failures + 1
        return min(2.0 ** (self.failures - 1), LONGEST_WAIT_SECONDS)


class Supervisor:
    """Start children, restart each that dies, and stop them all on SIGTERM or SIGINT."""

    def __init__(self, children: Sequence[Child], *, say: Callable[[str], None]) -> None:
        self.children = children
        self.say = say
        self._asked_to_stop = 0

    def run(self, *, on_tick: Callable[[], None] = lambda: None) -> None:
        """Run until asked to stop; `on_tick` is called a few times a second."""
        before = {
            what: signal.signal(what, self._on_signal) for what in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            while not self._asked_to_stop:
                for child in self.children:
                    self._keep_alive(child)
                on_tick()
                time.sleep(TICK_SECONDS)
        finally:
            self._stop()
            for what, handler in before.items():
                signal.signal(what, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop += 1

    def _keep_alive(self, child: Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_at:
                child.start()
            return
        code = child.process.poll()
        if code is None:
            return
        child.send(signal.SIGKILL)  # what it may have left in its group
        wait = child.wait_before_restart()
        self.say(f"The {child.name} ended ({_how(code)}); starting it again in {wait:g} s.")
        child.process, child.start_at = None, time.monotonic() + wait

    def _stop(self) -> None:
        """Ask all to end, and end those that do not within the time or at a second signal."""
        running = [child for child in self.children if child.process is not None]
        for child in running:
            child.send(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        while any(child.process.poll() is None for child in running if child.process):
            if time.monotonic() >= until or self._asked_to_stop > 1:
                break
            time.sleep(TICK_SECONDS / 4)
        for child in running:
            child.send(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
                child.process = None


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return f"killed by {signal.Signals(-code).name}"
