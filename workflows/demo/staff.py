"""
The people of the demo: named for what they do, in teams, so that routing has somebody to give to.

None of them has a password; `manage.py changepassword demo-analyst` lets one sign in as them.
"""

from dataclasses import dataclass

from django.contrib.auth.models import Group, User

from breaks.choices import BreakType
from breaks.models import Team
from workflows.models import WorkPattern


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's user name, group and teams, and the break types they know best."""

    name: str
    group: str
    teams: tuple[str, ...]
    knows: tuple[BreakType, ...] = ()


STAFF = (
    Member("demo-analyst", "Analyst", ("operations", "operations-analysts")),
    Member("demo-pricing", "Analyst", ("operations-analysts",), (BreakType.PRICE,)),
    Member(
        "demo-support", "Analyst", ("trade-support",),
        (BreakType.MISSING_LEFT, BreakType.MISSING_RIGHT),
    ),
    Member("demo-senior", "Supervisor", ("senior-operations",)),
    Member("demo-head", "Supervisor", ("head-of-trading",)),
)  # fmt: skip


def join() -> None:
    """Make the people that are not there yet; whoever is there stays as they are."""
    groups = {group.name: group for group in Group.objects.all()}
    teams = {team.code: team for team in Team.objects.all()}
    for member in STAFF:
        person, is_new = User.objects.get_or_create(
            username=member.name, defaults={"is_staff": True}
        )
        if not is_new:
            continue
        person.set_unusable_password()
        person.save(update_fields=["password"])
        person.groups.add(groups[member.group])
        for code in member.teams:
            if team := teams.get(code):
                team.members.add(person)
                if member.knows:
                    WorkPattern.objects.create(
                        team=team, user=person, skill_types=[str(one) for one in member.knows]
                    )
