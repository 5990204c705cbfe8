"""
The only writer of new notifications: rows in the transaction of what they tell of.

What goes out one by one and what becomes a digest is decided here. Per recipient, channel and
kind, the first `digest_above` notices within `digest_minutes` stand alone; those that follow are
folded into one digest, which is sent when its time is up. A person who asked for one e-mail an
hour has such a digest from the first notice on, and still each notice in the inbox.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from celery import current_app
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Count, F

from trades.services.columns import table_of, write_table
from workflows.choices import HowTold, NoticeKind, NoticeStatus
from workflows.models import Channel, NoticePreference, Notification

# Of what stands in the inbox only, and of what one who asked for one e-mail an hour is told.
INBOX_ABOVE, INBOX_WINDOW = 5, timedelta(minutes=10)
HOURLY = timedelta(hours=1)
BATCH = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Notice:
    """
    Something to tell: to people, and to the channels named or that tell of this kind.

    `key` says what makes it the same notice; a recipient gets it once.
    """

    kind: NoticeKind
    key: str
    subject: str
    text: str = ""
    link: str = ""
    trade_break_id: int | None = None
    people: Sequence[User] = ()
    channels: Sequence[Channel] = field(default=())


@dataclass(frozen=True)
class _Group:
    """Those of one kind to one recipient by one channel, and how their digest is kept."""

    person_id: int | None
    channel_id: int | None
    kind: str


@transaction.atomic
def notify(notices: Iterable[Notice], *, at: datetime) -> None:
    """
    Tell each recipient of each notice, once, and wake whoever sends.

    Called in the transaction of what it tells of. A fixed number of statements, but for one a
    digest.
    """
    told = list(notices)
    if not told:
        return
    rows = _not_told_yet(_rows(told, at))
    if not rows:
        return
    _fold(rows, at)
    _write(rows)
    wake()


def _write(rows: Sequence[Notification]) -> None:
    """Insert rows as columns; where somebody else tells the same at once, those not told yet."""
    names = [field.attname for field in Notification._meta.concrete_fields if field.name != "id"]  # noqa: SLF001
    columns = {name: [getattr(row, name) for row in rows] for name in names}
    columns["uid"] = [str(row.uid) for row in rows]
    try:
        with transaction.atomic():
            write_table(Notification, table_of(Notification, len(rows), **columns))
    except IntegrityError:
        Notification.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


def wake() -> None:
    """Send a worker the message that there is something to send, once it is committed."""
    transaction.on_commit(lambda: current_app.send_task("tasks.send_notifications"), robust=True)


def _rows(told: Sequence[Notice], at: datetime) -> list[Notification]:
    channels = list(Channel.objects.filter(is_enabled=True))
    how = _Ways([person for notice in told for person in notice.people], channels)
    rows = []
    for notice in told:
        people = {person.pk: person for person in notice.people if person.is_active}
        rows += [how.row(notice, person, at) for person in people.values()]
        asked = [one for one in notice.channels if one.is_enabled and not one.is_personal]
        asked += [channel for channel in channels if channel.tells_of(notice.kind)]
        for channel in {channel.pk: channel for channel in asked}.values():
            row = _row(notice, at, channel=channel, status=NoticeStatus.QUEUED, send_after=at)
            rows.append(row)
    return rows


class _Ways:
    """How each of some people hears of each kind, read once."""

    def __init__(self, people: Sequence[User], channels: Sequence[Channel]) -> None:
        mails = [channel for channel in channels if channel.is_personal]
        self._mail = mails[0] if mails and settings.EMAIL_HOST else None
        chosen = NoticePreference.objects.filter(person__in={person.pk for person in people})
        self._chosen = {(one.person_id, one.kind): one.how for one in chosen}

    def row(self, notice: Notice, person: User, at: datetime) -> Notification:
        default = NoticePreference.DEFAULTS[notice.kind]
        how = HowTold(self._chosen.get((person.pk, notice.kind), default))
        if how == HowTold.INBOX or self._mail is None or not person.email:
            return _row(notice, at, person=person, status=NoticeStatus.INBOX)
        if how == HowTold.DIGEST:
            return _row(notice, at, person=person, channel=self._mail, status=NoticeStatus.FOLDED)
        return _row(
            notice,
            at,
            person=person,
            channel=self._mail,
            status=NoticeStatus.QUEUED,
            send_after=at,
        )


def _row(
    notice: Notice,
    at: datetime,
    *,
    status: NoticeStatus,
    person: User | None = None,
    channel: Channel | None = None,
    send_after: datetime | None = None,
) -> Notification:
    return Notification(
        kind=notice.kind,
        key=notice.key,
        person=person,
        channel=channel,
        subject=" ".join(notice.subject.split())[:200],
        text=notice.text,
        link=notice.link,
        trade_break_id=notice.trade_break_id,
        created_at=at,
        is_listed=person is not None,
        status=status,
        send_after=send_after,
    )


def _not_told_yet(rows: list[Notification]) -> list[Notification]:
    """Leave out what the recipient was told before; the constraints see to those at once."""
    known = set(
        Notification.objects.filter(key__among=sorted({row.key for row in rows})).values_list(
            "key", "person", "channel"
        )
    )
    people = {(key, person) for key, person, _ in known if person is not None}
    rooms = {(key, channel) for key, person, channel in known if person is None}
    return [
        row
        for row in rows
        if not (
            (row.key, row.person_id) in people
            if row.person_id is not None
            else (row.key, row.channel_id) in rooms
        )
    ]


def _fold(rows: Sequence[Notification], at: datetime) -> None:
    """Let the rows that are too many, or that wait for the hour, become part of a digest."""
    channels = Channel.objects.in_bulk({row.channel_id for row in rows if row.channel_id})
    hourly: dict[_Group, list[Notification]] = defaultdict(list)
    single: dict[_Group, list[Notification]] = defaultdict(list)
    for row in rows:
        group = _Group(row.person_id, row.channel_id, row.kind)
        (hourly if row.status == NoticeStatus.FOLDED else single)[group].append(row)
    recent = _recent(single, channels, at)
    floods = {}
    for group, members in single.items():
        above, _ = _limits(channels, group)
        if many := members[max(above - recent[group], 0) :]:
            floods[group] = many
            for row in many:
                row.status, row.send_after, row.is_listed = NoticeStatus.FOLDED, None, False
    # In one order for everybody, so that two who fold into the same digests take turns.
    for group in sorted(hourly, key=_order):
        _join(hourly[group], group, at, HOURLY, listed=False)
    for group in sorted(floods, key=_order):
        _, window = _limits(channels, group)
        _join(floods[group], group, at, window, listed=group.person_id is not None)


def _order(group: _Group) -> tuple[int, int, str]:
    return (group.person_id or 0, group.channel_id or 0, group.kind)


def _limits(channels: dict[int, Channel], group: _Group) -> tuple[int, timedelta]:
    if group.channel_id is None:
        return INBOX_ABOVE, INBOX_WINDOW
    channel = channels[group.channel_id]
    return channel.digest_above, timedelta(minutes=channel.digest_minutes)


def _recent(
    groups: Iterable[_Group], channels: dict[int, Channel], at: datetime
) -> Counter[_Group]:
    """Count what each recipient was told alone within the window; one query a window length."""
    by_window: dict[timedelta, list[_Group]] = defaultdict(list)
    for group in groups:
        by_window[_limits(channels, group)[1]].append(group)
    found: Counter[_Group] = Counter()
    for window, some in by_window.items():
        counts = (
            Notification.objects.filter(
                created_at__gt=at - window,
                digest=None,
                kind__in={group.kind for group in some},
            )
            .order_by()
            .values_list("person", "channel", "kind")
            .annotate(Count("pk"))
        )
        wanted = set(some)
        for person, channel, kind, count in counts:
            if (group := _Group(person, channel, kind)) in wanted:
                found[group] = count
    return found


def _join(
    members: Sequence[Notification],
    group: _Group,
    at: datetime,
    window: timedelta,
    *,
    listed: bool,
) -> None:
    """
    Fold rows into the digest that collects now, made on first use.

    Counting them in holds the digest until the commit: it is not closed in between.
    """
    ends = EPOCH + (int((at - EPOCH) / window) + 1) * window
    name = f"digest:{group.kind}:{'flood' if listed or group.person_id is None else 'hour'}"
    name = f"{name}:{int(window.total_seconds())}:{group.channel_id or 0}"
    for turn in range(100):
        made, _ = Notification.objects.get_or_create(
            key=f"{name}:{ends:%Y%m%d%H%M%S}:{turn}",
            person_id=group.person_id,
            **({} if group.person_id else {"channel_id": group.channel_id}),
            defaults={
                "kind": NoticeKind.DIGEST,
                "channel_id": group.channel_id,
                "digest_of": group.kind,
                "subject": f"More of the kind {NoticeKind(group.kind).label.lower()}",
                "link": members[0].link if len(members) == 1 else "",
                "created_at": at,
                "is_listed": listed,
                "status": NoticeStatus.COLLECTING,
                "send_after": ends,
            },
        )
        collecting = Notification.objects.filter(pk=made.pk, status=NoticeStatus.COLLECTING)
        if collecting.update(folded=F("folded") + len(members), read_at=None):
            for row in members:
                row.digest = made
            return
    raise AssertionError("a digest that collects is always found")  # pragma: no cover
