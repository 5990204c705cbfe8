import socket

import pytest

from connectors.outbound import check_url
from connectors.protocol import Unreadable


@pytest.fixture
def resolves_to(monkeypatch):
    """Let every name resolve to one address, as a resolver outside would answer."""

    def answer(address):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda *_, **__: [(family, socket.SOCK_STREAM, 6, "", (address, 443))],
        )

    return answer


@pytest.fixture(autouse=True)
def listed(settings):
    settings.OUTBOUND_HOSTS = ["api.example.com", "127.0.0.1", "169.254.169.254"]


def test_a_listed_host_may_be_fetched(resolves_to):
    resolves_to("93.184.216.34")

    assert check_url("https://api.example.com/trades") == "https://api.example.com/trades"


def test_loopback_may_be_fetched_where_it_is_listed():
    assert check_url("http://127.0.0.1:8000/x")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://elsewhere.example.com/x", "OUTBOUND_HOSTS"),
        ("http://api.example.com/x", "https"),
        ("ftp://api.example.com/x", "no URL"),
        ("https://user:secret@api.example.com/x", "password"),
        ("http://localhost/x", "OUTBOUND_HOSTS"),
        ("https:///x", "no URL"),
    ],
)
def test_refuses(url, word, resolves_to):
    resolves_to("93.184.216.34")

    with pytest.raises(Unreadable, match=word) as refusal:
        check_url(url)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254", "100.100.100.200"],
)
def test_a_metadata_address_is_refused_even_for_a_listed_name(address, resolves_to):
    resolves_to(address)

    for url in ("https://api.example.com/x", "https://169.254.169.254/latest"):
        with pytest.raises(Unreadable, match="metadata"):
            check_url(url)


def test_a_name_that_leads_back_to_this_machine_is_refused(resolves_to):
    resolves_to("127.0.0.1")

    with pytest.raises(Unreadable, match="this machine"):
        check_url("https://api.example.com/x")
