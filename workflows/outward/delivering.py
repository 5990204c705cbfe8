"""How a notification goes out by each kind of channel."""

import json
from datetime import datetime

from django.conf import settings

from connectors.protocol import Unreadable
from connectors.secrets import variable
from workflows.choices import ChannelKind
from workflows.enclosing import enclosed_with
from workflows.models import Channel, Notification
from workflows.outward.mail import mail
from workflows.outward.outcomes import Refused
from workflows.outward.posting import post
from workflows.outward.signing import NoSecret, signed_headers

# The one secret of the desk's own that a channel may name: it is there for this.
OURS = "SLACK_WEBHOOK_URL"


def deliver(notice: Notification, *, at: datetime) -> str:
    """
    Try once to deliver a notice by its channel; return what the receiver answered.

    :raises Refused: if it cannot arrive until somebody changes something.
    :raises TryLater: if it may arrive later.
    """
    channel = notice.channel
    if channel is None:
        raise Refused("The notice has no channel to go out by.")
    if channel.kind == ChannelKind.EMAIL:
        return _by_mail(notice, channel)
    if channel.kind == ChannelKind.SLACK:
        text = f"*{_escaped(notice.subject)}*"
        if notice.text:
            text += f"\n{_escaped(notice.text)}"
        if address := address_of(notice.link):
            text += f"\n<{address}>"
        return _by_post(notice, channel, {"text": text}, at)
    return _by_post(notice, channel, _payload(notice), at)


def address_of(link: str) -> str:
    """Return the whole address of a page of the desk; empty without one, or without DESK_URL."""
    return f"{settings.DESK_URL}{link}" if link and settings.DESK_URL else ""


def _by_mail(notice: Notification, channel: Channel) -> str:
    to = channel.recipients
    if channel.is_personal:
        to = [notice.person.email] if notice.person and notice.person.email else []
    if not to:
        raise Refused("There is no address to write to; give the person or the channel one.")
    if not settings.EMAIL_HOST:
        raise Refused(
            "EMAIL_HOST is not set, so nothing can be mailed; put it into the environment."
        )
    body = "\n\n".join(part for part in (notice.text, address_of(notice.link)) if part)
    return mail(
        message_id=str(notice.uid),
        to=to,
        subject=notice.subject,
        body=body + "\n",
        enclosed=enclosed_with(notice),
    )


def _by_post(
    notice: Notification, channel: Channel, payload: dict[str, object], at: datetime
) -> str:
    body = json.dumps(payload, ensure_ascii=False).encode()
    message_id = str(notice.uid)
    headers = {"webhook-id": message_id}
    if channel.kind == ChannelKind.WEBHOOK:
        try:
            headers = signed_headers(
                secret=_value(channel.secret_env),
                message_id=message_id,
                seconds=int(at.timestamp()),
                body=body,
            )
        except NoSecret as problem:
            raise Refused(f"{channel.secret_env} holds no secret: {problem}.") from problem
    url = channel.url or _value(channel.url_env)
    return post(url=url, body=body, headers=headers, at=at, what=channel.url_env or channel.url)


def _payload(notice: Notification) -> dict[str, object]:
    """Return the body of a signed webhook; its time is the event's, not the attempt's."""
    return {
        "type": f"desk.{notice.kind.lower()}",
        "timestamp": notice.created_at.isoformat(),
        "data": {
            "id": str(notice.uid),
            "subject": notice.subject,
            "text": notice.text,
            "link": address_of(notice.link) or notice.link,
            "break_id": notice.trade_break_id,
            "notices": notice.folded or 1,
        },
    }


def _value(name: str) -> str:
    try:
        value = variable(name, allowed=OURS)
    except Unreadable as refusal:
        raise Refused(str(refusal)) from refusal
    if not value:
        raise Refused(f"{name} is not set; put it into the environment or the .env file.")
    return value


def _escaped(text: str) -> str:
    """Write text so that a chat room shows it as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
