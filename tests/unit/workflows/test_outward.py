"""Signatures, waits and answers of deliveries, without a network."""

import base64
import hashlib
import hmac
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.outward.retrying import LONGEST_ASKED, LONGEST_WAIT, wait_before
from workflows.outward.signing import NoSecret, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = UUID("0198f1f0-0000-7000-8000-000000000001")


class TestSigning:
    def test_gives_the_reference_vector_of_standard_webhooks(self):
        headers = signed_headers(
            secret=SECRET,
            message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            seconds=1614265330,
            body=b'{"test": 2432232314}',
        )

        assert headers == {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }

    @pytest.mark.parametrize("body", [b"", b"{}", '{"subject": "£ é"}'.encode()])
    def test_signs_the_bytes_that_are_sent(self, body):
        key = bytes(range(32))
        secret = "whsec_" + base64.b64encode(key).decode()

        headers = signed_headers(secret=secret, message_id="a", seconds=1, body=body)

        digest = hmac.new(key, b"a.1." + body, hashlib.sha256).digest()
        assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"

    @pytest.mark.parametrize("secret", ["", "whsec_", "hunter2 hunter2", "whsec_c2hvcnQ="])
    def test_refuses_what_is_no_secret_without_repeating_it(self, secret):
        with pytest.raises(NoSecret) as refusal:
            signed_headers(secret=secret, message_id="a", seconds=1, body=b"")
        assert "hunter2" not in str(refusal.value)


class TestWaiting:
    def test_doubles_up_to_an_hour(self):
        waits = [wait_before(uid=ID, attempt=attempt) for attempt in range(1, 12)]

        for attempt, wait in enumerate(waits):
            full = min(timedelta(seconds=30) * 2**attempt, LONGEST_WAIT)
            assert full / 2 <= wait <= full

    def test_is_the_same_however_often_asked_and_differs_between_notices(self):
        again = {wait_before(uid=ID, attempt=3) for _ in range(5)}
        others = {wait_before(uid=UUID(int=n), attempt=3) for n in range(100)}

        assert len(again) == 1
        assert len(others) > 95

    @given(st.integers(1, 10_000), st.integers(0, 10**9))
    def test_keeps_to_what_the_receiver_asked_up_to_a_day(self, attempt, seconds):
        asked = timedelta(seconds=seconds)

        wait = wait_before(uid=ID, attempt=attempt, asked=asked)

        assert wait >= min(asked, LONGEST_ASKED)
        assert wait <= max(LONGEST_ASKED, LONGEST_WAIT)
