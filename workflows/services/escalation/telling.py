"""Whom a level reaches for a break, and what they are told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import User

from breaks.models import Team, TradeBreak
from workflows.choices import NoticeKind
from workflows.models import Channel, EscalationLevel
from workflows.services.notifications.happenings import DECIDE, with_permission
from workflows.services.notifications.outbox import Notice
from workflows.services.notifications.words import (
    HIDDEN,
    about,
    link_to,
    sees,
    subject_of,
    when,
)

_LENGTH = 200
_NOBODY = "nobody: no active person or channel is left to tell"


@dataclass(frozen=True)
class Told:
    """Those whom a level reaches, and their names."""

    people: Sequence[User]
    channels: Sequence[Channel]
    in_words: str


class Audience:
    """
    Whom levels reach; people and teams are read once for any number of breaks.

    A level that reaches nobody, since the break has no team or everybody left it, reaches those
    who may decide on approvals instead: what is late does not go unheard.
    """

    def of(self, row: TradeBreak, level: EscalationLevel) -> Told:
        people: dict[int, User] = {}
        words: list[str] = []
        for name, some in self._named(row, level):
            active = [person for person in some if person.is_active]
            if active:
                words.append(name)
                people |= {person.pk: person for person in active}
        channels = [level.channel] if level.channel and level.channel.is_enabled else []
        words += [channel.name for channel in channels]
        if not people and not channels:
            people = {person.pk: person for person in self._supervisors}
            words = ["supervisors, for want of others"] if people else [_NOBODY]
        return Told(list(people.values()), channels, ", ".join(dict.fromkeys(words))[:_LENGTH])

    def _named(
        self, row: TradeBreak, level: EscalationLevel
    ) -> Iterator[tuple[str, Sequence[User]]]:
        if level.tells_assignee and row.assigned_to_id in self._people:
            person = self._people[row.assigned_to_id or 0]
            yield person.get_username(), [person]
        if level.tells_own_team and row.team_id in self._teams:
            yield self._teams[row.team_id or 0]
        if level.team_id in self._teams:
            yield self._teams[level.team_id or 0]
        if level.person_id in self._people:
            person = self._people[level.person_id or 0]
            yield person.get_username(), [person]

    @cached_property
    def _people(self) -> dict[int, User]:
        people = User.objects.filter(is_active=True).prefetch_related("teams")
        return {person.pk: person for person in people}

    @cached_property
    def _teams(self) -> dict[int, tuple[str, list[User]]]:
        people = self._people
        return {
            team.pk: (team.name, [people[one.pk] for one in team.members.all() if one.pk in people])
            for team in Team.objects.prefetch_related("members")
        }

    @cached_property
    def _supervisors(self) -> list[User]:
        return list(with_permission(DECIDE).prefetch_related("teams"))


def notices_of(row: TradeBreak, level: EscalationLevel, policy_id: int, told: Told) -> list[Notice]:
    """Return what the people and channels are told; whoever may not see the break, no detail."""
    key = f"escalation:{row.pk}:{policy_id}:{level.number}"
    seeing = [person for person in told.people if sees(person, row)]
    blind = [person for person in told.people if person not in seeing]
    late = f"Level {level.number} ({level.when_words})"
    found = []
    if seeing or told.channels:
        found.append(
            Notice(
                kind=NoticeKind.ESCALATION,
                key=key,
                subject=f"Overdue: {subject_of(row)}",
                text=f"{about(row)}\n{late}. {_holder(row)}",
                link=link_to(row),
                trade_break_id=row.pk,
                people=seeing,
                channels=told.channels,
            )
        )
    if blind:
        team = row.team.name if row.team else "another team"
        found.append(
            Notice(
                kind=NoticeKind.ESCALATION,
                key=key,
                subject=f"Overdue: a break of {team}, due {when(row.due_at)}",
                text=f"{late}. {HIDDEN}",
                trade_break_id=row.pk,
                people=blind,
            )
        )
    return found


def _holder(row: TradeBreak) -> str:
    where = f"in the queue of {row.team.name}" if row.team else "in nobody's queue"
    return f"{f'Assigned to {row.assigned_to}' if row.assigned_to else 'Unassigned'}, {where}."
