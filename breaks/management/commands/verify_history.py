from django.core.management.base import BaseCommand, CommandError

from breaks.models import BreakEvent, TradeBreak
from breaks.services.history import verify


class Command(BaseCommand):
    help = "Check that no break's history was changed, cut or re-ordered since it was written."
    # The checks import every view and all of pandas with them; a command should start at once.
    requires_system_checks = ()

    def handle(self, **options: object) -> None:
        broken = next(verify(), None)
        if broken is not None:
            raise CommandError(
                f"The history does not hold. First broken link: {broken} Compare with a backup "
                "from before, and ask who had access to the database."
            )
        breaks, events = TradeBreak.objects.count(), BreakEvent.objects.count()
        self.stdout.write(f"The history of {breaks} breaks holds, {events} events.")
