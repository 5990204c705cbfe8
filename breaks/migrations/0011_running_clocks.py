from datetime import timedelta

from django.db import migrations
from django.db.models import F, Max, Q

from breaks.choices import LIVE
from breaks.deadlines import CLOCKS
from breaks.hours import BusinessHours

BATCH = 2_000


def add_default(apps, schema_editor):
    apps.get_model("breaks", "SlaPolicy").objects.get_or_create(
        code="standard", version=1, defaults={"name": "Standard"}
    )


def carry_over(apps, schema_editor):
    """Let every live break's clock say what its due time says, which stays as it is."""
    breaks = apps.get_model("breaks", "TradeBreak").objects
    policy = apps.get_model("breaks", "SlaPolicy").objects.get(code="standard", version=1)
    breaks.update(clock_from=F("opened_at"), sla_policy=policy)
    hours = {None: BusinessHours()} | {
        team.pk: BusinessHours(zone=team.timezone, opens=team.opens_at, closes=team.closes_at)
        for team in apps.get_model("breaks", "Team").objects.all()
    }
    begun = Max("events__at", filter=Q(events__kind="REOPENED"))
    changed = []
    live = breaks.filter(status__in=LIVE).annotate(reopened_at=begun).order_by("pk")
    for row in live.iterator(chunk_size=BATCH):
        row.clock_from = row.reopened_at or row.opened_at
        left = hours[row.team_id].between(row.clock_from, row.due_at)
        spent = max(timedelta(), CLOCKS[row.severity] - left)
        row.clock_spent_us = spent // timedelta(microseconds=1)
        changed.append(row)
        if len(changed) == BATCH:
            breaks.bulk_update(changed, ["clock_from", "clock_spent_us"])
            changed = []
    breaks.bulk_update(changed, ["clock_from", "clock_spent_us"])


class Migration(migrations.Migration):
    dependencies = [("breaks", "0010_clocks")]
    operations = [
        migrations.RunPython(add_default, migrations.RunPython.noop),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
