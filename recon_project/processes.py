"""Tie a child process to its parent, so that nothing is left behind when the parent is killed."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def tied_to(parent: int, how: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """
    Return what a child runs between fork and exec to get `how` when `parent` dies.

    The kernel looks at the thread that forked: start children from one that lasts. Only Linux
    can do it; elsewhere the function does nothing.
    """
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None, use_errno=True)

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, how)
        if os.getppid() != parent:  # it died before the kernel was asked
            os.kill(os.getpid(), signal.SIGKILL)

    return tie
