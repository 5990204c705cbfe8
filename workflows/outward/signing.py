"""
Signatures as Standard Webhooks has them: HMAC-SHA256 over id, time and body.

The headers are `webhook-id`, the same for every attempt; `webhook-timestamp`, of the attempt, in
seconds; `webhook-signature`, ``v1,`` and then base64. https://www.standardwebhooks.com
"""

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
LEAST_BYTES = 24


class NoSecret(ValueError):
    """What should be a secret is none; the sentence does not repeat it."""


def signed_headers(*, secret: str, message_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """
    Return the headers that go with a body; `seconds` is the time of the attempt, since 1970.

    :raises NoSecret: if the secret is not base64 of 24 bytes or more.
    """
    signed = f"{message_id}.{seconds}.".encode() + body
    signature = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise NoSecret(f"it is not {PREFIX} followed by base64") from problem
    if len(key) < LEAST_BYTES:
        raise NoSecret(f"it has {len(key)} bytes; Standard Webhooks asks for {LEAST_BYTES} or more")
    return key
