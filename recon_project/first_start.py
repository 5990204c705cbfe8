"""What the desk does once, on a database that is new: schema, a login, the demo's trades."""

import secrets
import time
from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    password: str


def pending_migrations() -> int:
    """
    Return how many migrations the database lacks.

    :raises django.db.OperationalError: if the database does not answer.
    """
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def migrate() -> float:
    """Bring the schema up to date; return the seconds it took."""
    started = time.monotonic()
    call_command("migrate", verbosity=0, interactive=False)
    return time.monotonic() - started


@transaction.atomic
def make_first_login(*, username: str = "admin") -> Login | None:
    """Make a superuser with a random password; None where anybody has a login already."""
    if User.objects.exists():
        return None
    password = secrets.token_urlsafe(12)
    made = User.objects.create_superuser(username, password=password)
    made.groups.set(Group.objects.filter(name="Administrator"))
    return Login(username=username, password=password)


def has_trades() -> bool:
    from trades.models import Trade

    return Trade.objects.exists()
