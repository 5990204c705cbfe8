from django.core.management.base import CommandError
from django.core.management.commands.flush import Command as Flush
from django.db import connections

from breaks import append_only


class Command(Flush):
    """Django's own, which would run into the triggers and blame the SQL."""

    def handle(self, **options: object) -> None:
        connection = connections[str(options["database"])]
        if append_only.missing(connection) != append_only.names(connection.vendor):
            name = connection.settings_dict["NAME"]
            begin_anew = (
                f"dropdb {name}, createdb {name}"
                if connection.vendor == "postgresql"
                else f"delete the file {name}"
            )
            raise CommandError(
                "The history is append-only and is not emptied. To begin anew, make a new "
                f"database: {begin_anew}, then manage.py migrate."
            )
        super().handle(**options)
