import time

import pytest

from connectors.http import JsonClient
from connectors.protocol import Unreadable
from tests.integration.connectors.conftest import Reply


@pytest.fixture
def client(quick):
    return JsonClient(settings=quick, keep_alive=lambda: None)


def test_numbers_come_as_the_text_that_was_sent(outside, client):
    outside.answers("/x", Reply(b'{"price": 0.1000000000000000055, "big": 123456789012345678901}'))

    answer = client.get(f"{outside.url}/x")

    assert answer == {"price": "0.1000000000000000055", "big": "123456789012345678901"}


def test_a_busy_source_is_asked_again(outside, client):
    outside.answers("/x", Reply(status=429), Reply(status=503), ["fine"])

    assert client.get(f"{outside.url}/x") == ["fine"]
    assert len(outside.asked) == 3


def test_a_source_may_say_how_long_to_wait(outside, client):
    outside.answers("/x", Reply(status=429, headers={"Retry-After": "1"}), ["fine"])

    began = time.monotonic()

    assert client.get(f"{outside.url}/x") == ["fine"]
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(b"oops", status=500), "answered 500"),
        (Reply(b'{"a": 1', length=500), "cut short"),
        (Reply(b'{"a": 1'), "no whole JSON"),
        (Reply(b"<html>Sign in</html>"), "begins '<html>Sign in"),
        (Reply(b"[NaN]"), "no whole JSON"),
        (Reply(b"\xff\xfe\xff"), "no whole JSON"),
        (Reply(status=404), "answered 404 for /x"),
        (Reply(status=401), "credentials"),
        (Reply(status=302, headers={"Location": "http://169.254.169.254/"}), "redirects"),
    ],
)
def test_what_is_no_answer_is_unreadable_and_says_why(outside, client, reply, said):
    outside.answers("/x", reply)

    with pytest.raises(Unreadable, match=said):
        client.get(f"{outside.url}/x")


def test_a_redirect_is_not_followed(outside, client):
    outside.answers("/x", Reply(status=307, headers={"Location": "/y"}))
    outside.answers("/y", ["reached"])

    with pytest.raises(Unreadable):
        client.get(f"{outside.url}/x")

    assert [asked.path for asked in outside.asked] == ["/x"]


def test_a_source_that_is_not_there_is_unreadable(outside, client):
    with pytest.raises(Unreadable, match="connection failed"):
        client.get("http://127.0.0.1:1/x")


def test_a_reply_without_end_is_stopped(outside, client, monkeypatch):
    monkeypatch.setattr("connectors.http._MAX_BYTES", 1000)
    outside.answers("/x", Reply(b"[" + b"1," * 1000 + b"1]"))

    with pytest.raises(Unreadable, match="more than 1,000 bytes"):
        client.get(f"{outside.url}/x")


def test_a_host_that_is_not_listed_is_never_asked(outside, client, settings):
    settings.OUTBOUND_HOSTS = ["api.example.com"]

    with pytest.raises(Unreadable, match="OUTBOUND_HOSTS"):
        client.get(f"{outside.url}/x")

    assert outside.asked == []


def test_the_lease_is_kept_alive_with_every_attempt(outside, quick):
    kept = []
    outside.answers("/x", Reply(status=500), ["fine"])

    JsonClient(settings=quick, keep_alive=lambda: kept.append(1)).get(f"{outside.url}/x")

    assert len(kept) == 2


def test_the_digest_is_of_all_that_was_answered(outside, quick):
    outside.answers("/x", ["one"])
    outside.answers("/y", ["two"])

    def digest(*paths):
        client = JsonClient(settings=quick, keep_alive=lambda: None)
        for path in paths:
            client.get(f"{outside.url}{path}")
        return client.digest

    assert digest("/x", "/y") == digest("/x", "/y")
    assert digest("/x", "/y") != digest("/y", "/x")
