import base64
from collections.abc import Iterator

import pytest

from tests.receivers import Mailbox, Webhook, mail_server, webhook
from workflows.models import Channel

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def receiver(settings, monkeypatch) -> Iterator[Webhook]:
    """Run a webhook and let the desk speak to it."""
    settings.OUTBOUND_HOSTS = ["127.0.0.1"]
    monkeypatch.setenv("DESK_HOOK_SECRET", SECRET)
    with webhook() as found:
        yield found


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    """Run a mail server and let the desk send by it, with Django's own backend."""
    with mail_server() as found:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        settings.EMAIL_TIMEOUT = 2
        settings.DEFAULT_FROM_EMAIL = "Desk <desk@example.com>"
        yield found


@pytest.fixture
def hook(receiver, db) -> Channel:
    """Return a signed webhook to the receiver that is told of failed runs."""
    return Channel.objects.create(
        name="Hook", kind="WEBHOOK", url=f"{receiver.url}/hook", secret_env="DESK_HOOK_SECRET",
        kinds=["RUN_FAILED"],
    )  # fmt: skip
