"""
What apps above this one carry out for it: guarded acts, and acts done in bulk.

Such an app names in its `AppConfig.ready` what loads them; it is loaded when first asked for, so
that nothing slow is imported at the start.
"""

from collections.abc import Callable
from typing import Any

from breaks.choices import GuardedAct

LOADERS: dict[GuardedAct, Callable[[], Any]] = {}
IN_BULK: dict[str, Callable[[], Any]] = {}


def carry_out(act: GuardedAct, load: Callable[[], Any]) -> None:
    """Say what loads the `Execution` of an act."""
    LOADERS[act] = load


def do_in_bulk(act: str, load: Callable[[], Any]) -> None:
    """Say what loads the service that does an act to one break, as `batches` calls it."""
    IN_BULK[act] = load
