"""The connectors there are: our own, and those that other packages bring by entry point."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from connectors.protocol import Connector, Unreadable

GROUP = "recon.connectors"

_BUILT_IN = {
    "files": "connectors.files:FilesConnector",
    "kraken_public": "connectors.kraken:KrakenPublicConnector",
    "alpaca": "connectors.alpaca:AlpacaConnector",
    "json_api": "connectors.json_api:JsonApiConnector",
}


@cache
def _known() -> dict[str, EntryPoint]:
    built_in = {name: EntryPoint(name, target, GROUP) for name, target in _BUILT_IN.items()}
    return {found.name: found for found in entry_points(group=GROUP)} | built_in


def names() -> list[str]:
    """Return the names a feed may have as its connector."""
    return sorted(_known())


def connector_named(name: str) -> Connector:
    """:raises Unreadable: if no connector has this name, or it cannot be imported."""
    if name not in _known():
        raise Unreadable(f"There is no connector {name!r}; there are: {', '.join(names())}.")
    try:
        made: Connector = _known()[name].load()()
    except (ImportError, AttributeError) as problem:
        raise Unreadable(f"Connector {name!r} cannot be imported: {problem}.") from problem
    return made
