"""When a delivery is tried again, and when it is given up."""

import hashlib
from datetime import timedelta
from uuid import UUID

MOST_ATTEMPTS = 10
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_ASKED = timedelta(hours=24)


def wait_before(*, uid: UUID, attempt: int, asked: timedelta | None = None) -> timedelta:
    """
    Return how long to wait after the failed attempt of this number, counted from 1.

    30 seconds, doubled every time up to an hour; between half of that and all of it, by a digest
    of the notification's id and the attempt: many that fail together do not come back together,
    and the same one waits as long however often it is asked. What the receiver `asked` for is
    kept to, up to a day.
    """
    full = min(FIRST_WAIT * 2 ** min(attempt - 1, 16), LONGEST_WAIT)
    digest = hashlib.sha256(uid.bytes + attempt.to_bytes(4, "big")).digest()
    share = int.from_bytes(digest[:4], "big")
    wait = full / 2 + full * share / (2 * 2**32)
    return wait if asked is None else max(wait, min(asked, LONGEST_ASKED))
