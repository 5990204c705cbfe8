"""
Telling and sending in a process that kills itself at a named function.

``python -m tests.functional.workflows.told STEPS [MODULE:FUNCTION[:after]]``, where STEPS are some
of ``tell,send``; with ``after`` the process dies when the function has returned.
"""

import os
import sys
from collections.abc import Callable
from datetime import timedelta

from tests.functional.workflows.killed import main


def tell() -> None:
    from django.utils import timezone

    from workflows.models import Channel
    from workflows.services.notifications import outbox

    Channel.objects.get_or_create(
        name="Hook",
        defaults={
            "kind": "WEBHOOK",
            "url": os.environ["HOOK"],
            "secret_env": "DESK_HOOK_SECRET",
            "kinds": ["RUN_FAILED"],
        },
    )
    notice = outbox.Notice(kind="RUN_FAILED", key="run-failed:1", subject="Run 1 failed")
    outbox.notify([notice], at=timezone.now())


def send() -> None:
    from django.utils import timezone

    from workflows.services.notifications import sending

    # The lease of a killed worker has run out by then.
    later = timedelta(minutes=3) * int(os.environ.get("LATER", "0"))
    sent = sending.send_due(now=lambda: timezone.now() + later)
    sys.stdout.write(f"{sent.delivered}")


STEPS: dict[str, Callable[[], None]] = {"tell": tell, "send": send}

if __name__ == "__main__":
    main(STEPS)
