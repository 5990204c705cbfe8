import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, validate_email
from django.db import models
from django.db.models import Q

from workflows.choices import SUBJECTS, ChannelKind, NoticeKind

_SPACE = re.compile(r"\s")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def check_kinds(kinds: object) -> None:
    """
    Refuse what is no list of kinds of notices.

    :raises ValidationError: naming what is none.
    """
    known = set(SUBJECTS)
    wrong = [kind for kind in kinds if kind not in known] if isinstance(kinds, list) else [kinds]
    if wrong:
        raise ValidationError(f"{wrong[0]} is no kind of notice; they are {', '.join(SUBJECTS)}.")


class Channel(models.Model):
    """
    A way out of the desk: e-mail, a chat room's webhook, another system's signed webhook.

    Secrets, and addresses that are as good as one, are named by environment variable and never
    kept here. A channel that is off gets nothing new, and what waits for it goes on waiting.
    """

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=7, choices=ChannelKind)
    is_enabled = models.BooleanField(
        "enabled", default=True, help_text="Off: nothing is sent; what waits is sent once it is on."
    )
    kinds = models.JSONField(
        "tells of",
        default=list,
        blank=True,
        validators=[check_kinds],
        help_text="Sent here whenever it happens; escalations also as their levels say.",
    )
    addresses = models.TextField(
        blank=True,
        help_text="Of e-mail: one address a line. Empty is each person's own address, for what "
        "people are told; one such channel is enough.",
    )
    url = models.CharField(
        "URL", max_length=500, blank=True,
        help_text="Of a signed webhook, with https. Its host has to be among OUTBOUND_HOSTS.",
    )  # fmt: skip
    url_env = models.CharField(
        "URL's variable", max_length=80, blank=True,
        help_text="Environment variable that holds the URL, such as SLACK_WEBHOOK_URL: whoever "
        "knows a chat room's URL can write there.",
    )  # fmt: skip
    secret_env = models.CharField(
        "secret's variable", max_length=80, blank=True,
        help_text="Environment variable that holds the secret of a signed webhook: whsec_ and "
        "then base64, as Standard Webhooks has it.",
    )  # fmt: skip
    digest_above = models.PositiveSmallIntegerField(
        "single notices", default=5, validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text="So many of one kind to one recipient go out one by one within the minutes "
        "beside; what follows becomes one digest.",
    )  # fmt: skip
    digest_minutes = models.PositiveSmallIntegerField(
        "within minutes", default=10, validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text="A digest collects for as long, then is sent.",
    )  # fmt: skip

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind=ChannelKind.EMAIL, addresses=""),
                name="channel_one_for_peoples_own_addresses",
                violation_error_message="There is a channel for people's own addresses already; "
                "give this one addresses.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_personal(self) -> bool:
        """Whether it writes to each person's own address."""
        return self.kind == ChannelKind.EMAIL and not self.addresses

    @property
    def recipients(self) -> list[str]:
        return [line.strip() for line in self.addresses.splitlines() if line.strip()]

    def tells_of(self, kind: NoticeKind) -> bool:
        return self.is_enabled and not self.is_personal and kind in self.kinds

    def clean(self) -> None:
        """
        Refuse what the kind of channel has no use for, or lacks.

        :raises ValidationError: by field.
        """
        self.addresses = "\n".join(self.recipients)
        wrong = _missing(self) | _needless(self) | _misspelt(self)
        if wrong:
            raise ValidationError(wrong)


def _missing(row: Channel) -> dict[str, str]:
    if row.kind == ChannelKind.SLACK and not row.url_env:
        return {"url_env": "Name the variable that holds the room's URL."}
    if row.kind != ChannelKind.WEBHOOK:
        return {}
    found = {}
    if bool(row.url) == bool(row.url_env):
        found["url"] = "Give the URL, or the variable that holds it; one of the two."
    if not row.secret_env:
        found |= {"secret_env": "Name the variable that holds the secret it is signed with."}
    return found


def _needless(row: Channel) -> dict[str, str]:
    label = row.get_kind_display().lower()
    needless: dict[str, tuple[str, ...]] = {
        ChannelKind.EMAIL: ("url", "url_env", "secret_env"),
        ChannelKind.SLACK: ("addresses", "url", "secret_env"),
        ChannelKind.WEBHOOK: ("addresses",),
    }
    names = needless.get(row.kind, ()) if row.kind in ChannelKind else ()
    return {
        name: f"A channel of the kind {label} has none; clear it."
        for name in names
        if getattr(row, name)
    }


def _misspelt(row: Channel) -> dict[str, str]:
    found = {
        name: "This is no name of a variable. Put the value itself into the environment, not here."
        for name in ("url_env", "secret_env")
        if getattr(row, name) and not _VARIABLE.fullmatch(getattr(row, name))
    }
    if row.url and not _is_whole(row.url):
        found["url"] = "Write the whole address, as https://host/path."
    elif row.url and "@" in urlsplit(row.url).netloc:
        found["url"] = "It holds a password; put the whole URL into a variable and name that."
    for address in row.recipients if row.kind == ChannelKind.EMAIL else ():
        try:
            validate_email(address)
        except ValidationError:
            found["addresses"] = f"{address} is no e-mail address."
    return found


def _is_whole(url: str) -> bool:
    """Tell whether this is an address of a host, in one piece."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and not _SPACE.search(url)
    except ValueError:
        return False
