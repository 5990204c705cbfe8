import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from workflows.services.escalation import check_sla


class Command(BaseCommand):
    help = "Escalate what is overdue: each level once a break and policy version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print the figures as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        fired = check_sla(at=timezone.now())
        if options["json"]:
            levels = {str(number): count for number, count in sorted(fired.levels.items())}
            figures = {"breaks": len(fired.breaks), "levels": levels}
            self.stdout.write(json.dumps(figures))
            return
        self.stdout.write(f"Escalated {fired}.")
