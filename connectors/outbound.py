"""Which outside hosts may be spoken to: those on the list, and never a metadata address."""

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings

from connectors.protocol import Unreadable

# Cloud machines answer here with credentials; most are link-local, these are not.
_METADATA = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"))
)
# Without what was found: a feed may name the wrong variable, and that one may hold a secret.
_NO_URL = "The address is no URL; write https://host/path, where it is or in its variable."
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class HostNotFound(Unreadable):
    """The host may be spoken to, but its name does not resolve just now."""


def check_url(url: str) -> str:
    """
    Return the URL if it may be fetched: https, or http on loopback, from a listed host.

    :raises Unreadable: saying which rule it breaks.
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as problem:
        raise Unreadable(_NO_URL) from problem
    if parts.scheme not in {"http", "https"} or not host:
        raise Unreadable(_NO_URL)
    if parts.username or parts.password:
        raise Unreadable(
            f"The URL of {host} holds a password; name an environment variable instead."
        )
    if parts.scheme == "http" and host not in _LOCAL_NAMES:
        raise Unreadable(f"{host} is asked over http; use https, so that nobody reads along.")
    check_host(host, port or (443 if parts.scheme == "https" else 80))
    return url


def check_host(host: str, port: int, *, named_by: str = "") -> None:
    """
    Refuse a host that may not be spoken to; one `named_by` a variable is shown by that name.

    :raises HostNotFound: if the host is not found.
    :raises Unreadable: if it is not listed, or has a forbidden address.
    """
    listed = {name.lower() for name in settings.OUTBOUND_HOSTS}
    if host.lower() not in listed:
        raise Unreadable(
            f"{f'The host in {named_by}' if named_by else host} is not among OUTBOUND_HOSTS "
            f"({', '.join(sorted(listed)) or 'empty'}); "
            "add it there if the desk may speak to it."
        )
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as problem:
        raise HostNotFound(f"{host} is not found: {problem}.") from problem
    for *_, address in found:
        _check_address(host, str(address[0]).split("%")[0])


def _check_address(host: str, text: str) -> None:
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if address.is_link_local or address in _METADATA or address.is_unspecified:
        raise Unreadable(f"{host} is {address}, a metadata address that is never spoken to.")
    if address.is_loopback and host.lower() not in _LOCAL_NAMES:
        raise Unreadable(f"{host} is {address}, this machine itself; that is refused.")
