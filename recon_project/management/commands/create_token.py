from datetime import timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from knox.models import AuthToken

LIFETIME = cast("timedelta", settings.REST_KNOX["TOKEN_TTL"])
MOST_DAYS = 3650


class Command(BaseCommand):
    help = "Make an API token for a user and print it, this once: only its hash is kept."
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, metavar="NAME")
        parser.add_argument(
            "--days",
            type=int,
            default=LIFETIME.days,
            help="Valid for so long; default %(default)s.",
        )

    def handle(self, *, user: str, days: int, **options: Any) -> None:
        if not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days is {days}; give a number from 1 to {MOST_DAYS}.")
        holder = User.objects.filter(username=user).first()
        if holder is None:
            raise CommandError(
                f"There is no user {user!r}; make one with `manage.py createsuperuser` or in the "
                "admin under Users."
            )
        if not holder.is_active:
            raise CommandError(f"User {user!r} is not active, so a token would not let them in.")
        made, token = AuthToken.objects.create(holder, expiry=timedelta(days=days))
        self.stdout.write(token)
        self.stderr.write(
            f"For {user}, valid until {made.expiry:%Y-%m-%d %H:%M} UTC. It is not shown again. "
            "Send it as the header  Authorization: Token ..."
        )
