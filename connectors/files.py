"""Delimited files in a folder, on an SFTP server or in an object store, through fsspec."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings as django_settings

from connectors.outbound import check_host
from connectors.protocol import FileArrival, Order, Record, Unreadable
from connectors.secrets import from_environment, optional, variable
from connectors.spool import Spool, TooLarge

_DATE = re.compile(r"\{date:([^}]+)\}")
_PORTS = {"sftp": 22, "s3": 443, "gs": 443, "abfs": 443}
_USUAL_HOSTS = {
    "s3": "s3.amazonaws.com",
    "gs": "storage.googleapis.com",
    "abfs": "blob.core.windows.net",
}
_MOST_DAYS = 400


class _Found(NamedTuple):
    of_date: date | None
    path: str
    size: int


class FilesConnector:
    """
    Settings: ``folder`` (below FEED_ROOT, or a URL such as sftp://host/outgoing or
    s3://bucket/trades), ``pattern`` (``trades_{date:%Y%m%d}.csv``, ``*.csv``), ``host_env``,
    ``options`` of the file system and ``options_env`` (option to the variable that holds it).
    """

    def fetch(self, order: Order) -> Iterator[FileArrival]:
        folder = str(order.settings.get("folder", ""))
        system, root = _local(folder) if _is_local(folder) else _remote(folder, order.settings)
        pattern = str(order.settings.get("pattern", "*.csv"))
        try:
            for found in _matching(system, root, pattern, order):
                yield FileArrival(
                    name=found.path.rpartition("/")[2],
                    content=_spooled(system, found),
                    of_date=found.of_date,
                )
        except (OSError, ValueError) as problem:
            raise Unreadable(f"{folder or 'The inbox'} cannot be read: {problem}.") from problem

    def read(self, native: Any, number: int, order: Order) -> Record:  # noqa: ARG002
        raise Unreadable("A file's row is read by its header and layout, not on its own.")


def _is_local(folder: str) -> bool:
    return "://" not in folder or folder.startswith("file://")


def _local(folder: str) -> tuple[Any, str]:
    """Return the local file system and a folder of it that lies below FEED_ROOT."""
    import fsspec

    root = Path(django_settings.FEED_ROOT).resolve()
    place = (root / folder.removeprefix("file://")).resolve()
    if place != root and root not in place.parents:
        raise Unreadable(f"{folder} lies outside {root}; feeds read below FEED_ROOT only.")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise Unreadable(f"{place} is no folder: {problem.strerror or problem}.") from problem
    return fsspec.filesystem("file"), str(place)


def _remote(folder: str, settings: Mapping[str, Any]) -> tuple[Any, str]:
    import fsspec

    parts = urlsplit(folder)
    options = _options(settings)
    if parts.scheme == "memory":
        return fsspec.filesystem("memory"), f"/{parts.netloc}{parts.path}".rstrip("/")
    _check_place(folder)
    host, named_by = parts.hostname or "", ""
    if parts.scheme == "sftp":
        if said := optional(settings, "host_env"):
            host, named_by = said, str(settings["host_env"])
        host = host or from_environment(settings, "host_env")
        options["host"] = host
        if parts.port:
            options["port"] = parts.port
        root = parts.path
    else:
        root = f"{parts.netloc}{parts.path}"
        host = _endpoint(options) or _USUAL_HOSTS[parts.scheme]
    check_host(host, parts.port or _PORTS[parts.scheme], named_by=named_by)
    try:
        return fsspec.filesystem(parts.scheme, **options), root.rstrip("/") or "/"
    except ImportError as problem:
        raise Unreadable(f"{parts.scheme}:// needs an extra package: {problem}.") from problem
    except Exception as problem:
        # Each file system has errors of its own; all mean that it could not be opened.
        raise Unreadable(f"{parts.scheme}://{host} could not be opened: {problem}.") from problem


def _check_place(folder: str) -> None:
    parts = urlsplit(folder)
    if parts.scheme not in _PORTS or "::" in folder:
        raise Unreadable(
            f"{folder} is no place for files; use a folder, sftp://, s3://, gs:// or abfs://."
        )
    if parts.username or parts.password:
        raise Unreadable("The folder's URL holds a password; name an environment variable instead.")


def _endpoint(options: Mapping[str, Any]) -> str:
    """
    Return the host that options name instead of the usual one; empty where they name none.

    :raises Unreadable: if they name two, of which only one would be checked.
    """
    inner = options.get("client_kwargs") or {}
    urls = [str(some.get("endpoint_url") or "") for some in (options, inner)]
    named = {str(options.get("account_host") or ""), *(urlsplit(u).hostname or "" for u in urls)}
    named.discard("")
    if len(named) > 1:
        raise Unreadable(f"The options name several hosts ({', '.join(sorted(named))}); name one.")
    return named.pop() if named else ""


def _options(settings: Mapping[str, Any]) -> dict[str, Any]:
    options = dict(settings.get("options", {}))
    for name, named in settings.get("options_env", {}).items():
        if value := variable(str(named)):
            options[name] = value
    return options


def _matching(system: Any, root: str, pattern: str, order: Order) -> list[_Found]:
    """Return the files of the window, by date and name; those too large to take come last."""
    wanted = _patterns(pattern, order)
    found = []
    for entry in system.ls(root, detail=True):
        path = str(entry["name"])
        if entry.get("type") == "directory":
            continue
        for glob, day in wanted:
            if fnmatchcase(path.rpartition("/")[2], glob):
                found.append(_Found(day, path, int(entry.get("size") or 0)))
                break
    limit = django_settings.MAX_UPLOAD_BYTES
    return sorted(found, key=lambda one: (one.size > limit, one.of_date or date.min, one.path))


def _patterns(pattern: str, order: Order) -> list[tuple[str, date | None]]:
    form = _DATE.search(pattern)
    if form is None:
        return [(pattern, None)]
    days = (order.to_date - order.from_date).days + 1
    if days > _MOST_DAYS:
        raise Unreadable(f"The window has {days} days; ask for at most {_MOST_DAYS} at once.")
    dates = [order.from_date + timedelta(days=after) for after in range(days)]
    return [(_DATE.sub(day.strftime(form[1]), pattern), day) for day in dates]


def _spooled(system: Any, found: _Found) -> Spool:
    limit = django_settings.MAX_UPLOAD_BYTES
    if found.size > limit:
        raise _too_large(found.path, f"{found.size:,}")
    if isinstance(getattr(system, "protocol", None), tuple) and "file" in system.protocol:
        _check_below_root(found.path)
    try:
        with system.open(found.path, "rb") as file:
            return Spool(file, limit=limit)
    except TooLarge as problem:  # a listing may not tell the size, or it grew since
        raise _too_large(found.path, f"more than {limit:,}") from problem


def _too_large(path: str, size: str) -> Unreadable:
    return Unreadable(
        f"{path} has {size} bytes; MAX_UPLOAD_BYTES allows {django_settings.MAX_UPLOAD_BYTES:,}. "
        "Split the file, or raise the limit."
    )


def _check_below_root(path: str) -> None:
    """A link below FEED_ROOT may lead out of it."""
    root = Path(django_settings.FEED_ROOT).resolve()
    if root not in Path(path).resolve().parents:
        raise Unreadable(f"{path} leads outside {root}; feeds read below FEED_ROOT only.")
