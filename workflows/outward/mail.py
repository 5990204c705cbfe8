"""One e-mail, through Django's backend."""

import smtplib
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from workflows.enclosing import Enclosure
from workflows.outward.outcomes import Refused, TryLater

ID_HEADER = "X-Notification-Id"


def mail(
    *,
    message_id: str,
    to: Sequence[str],
    subject: str,
    body: str,
    enclosed: Sequence[Enclosure] = (),
) -> str:
    """
    Send one e-mail and return in a few words that it was taken.

    The id stands in the Message-ID too, so that mail programs show a second delivery once.

    :raises Refused: if the server says no for good.
    :raises TryLater: if it cannot be reached or says later.
    """
    sender = settings.DEFAULT_FROM_EMAIL
    host = sender.rpartition("@")[2].rstrip(">") or "localhost"
    message = EmailMessage(
        subject=" ".join(subject.split()),
        body=body,
        to=list(to),
        headers={"Message-ID": f"<{message_id}@{host}>", ID_HEADER: message_id},
        connection=get_connection(timeout=settings.EMAIL_TIMEOUT),
        attachments=[(one.name, one.content, one.media_type) for one in enclosed],
    )
    server = settings.EMAIL_HOST or "The mail server"
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as refusal:
        codes = [code for code, _ in refusal.recipients.values()]
        said = "; ".join(
            f"{address}: {_words(code, text)}"
            for address, (code, text) in refusal.recipients.items()
        )
        raise _outcome(min(codes, default=550), f"{server} took none of them: {said}") from refusal
    except smtplib.SMTPAuthenticationError as refusal:
        # A password can be put right while it waits.
        raise TryLater(f"{server} refused the desk's user or password.") from refusal
    except smtplib.SMTPResponseException as refusal:
        words = _words(refusal.smtp_code, refusal.smtp_error)
        raise _outcome(refusal.smtp_code, f"{server} answered {words}") from refusal
    except (smtplib.SMTPException, OSError) as problem:
        said = str(problem) or type(problem).__name__
        raise TryLater(f"{server} could not be reached: {said}.") from problem
    return f"{server} took it for {', '.join(to)}"


def _outcome(code: int, sentence: str) -> Refused | TryLater:
    return Refused(sentence) if code >= 500 else TryLater(sentence)


def _words(code: int, text: bytes | str) -> str:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {said}".strip()[:200]
