"""
The steps that end a day and belong to an app above: it names in its `AppConfig.ready` what loads
them.

They come after those of `workflows.pipeline.DAY`, in the order in which they were named.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workflows.services.steps.kinds import Kind

LOADERS: dict[str, "Callable[[], Kind]"] = {}


def end_with(code: str, load: "Callable[[], Kind]") -> None:
    """Say what loads the kind of step of this code."""
    LOADERS[code] = load
