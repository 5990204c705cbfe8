"""
The guarded acts that apps above this one carry out.

Such an app names in its `AppConfig.ready` what loads the `Execution` of an act; it is loaded when
the act is first asked for, so that nothing slow is imported at the start.
"""

from collections.abc import Callable
from typing import Any

from breaks.choices import GuardedAct

LOADERS: dict[GuardedAct, Callable[[], Any]] = {}


def carry_out(act: GuardedAct, load: Callable[[], Any]) -> None:
    """Say what loads the `Execution` of an act."""
    LOADERS[act] = load
