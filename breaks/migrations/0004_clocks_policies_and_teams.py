from decimal import Decimal

from django.db import migrations, models

from breaks.deadlines import due_after, rank_of

BATCH = 2_000

POLICIES = {
    "ACCEPT": Decimal(0),
    "PAIR": Decimal(100_000),
    "UNMATCH": Decimal(100_000),
    "IMPORT": Decimal(100_000),
    "ACTIVATE_RULES": Decimal(0),
}
TEAMS = {
    "operations": "Operations",
    "operations-analysts": "Operations analysts",
    "trade-support": "Trade support",
    "senior-operations": "Senior operations",
    "head-of-trading": "Head of trading",
}


def start_clocks(apps, schema_editor):
    breaks = apps.get_model("breaks", "TradeBreak")
    changed = []
    for row in breaks.objects.order_by("pk").iterator(chunk_size=BATCH):
        row.due_at = row.due_at or due_after(row.severity, row.opened_at)
        row.rank = rank_of(exposure=row.exposure, severity=row.severity, due_at=row.due_at)
        changed.append(row)
        if len(changed) == BATCH:
            breaks.objects.bulk_update(changed, ["due_at", "rank"])
            changed = []
    breaks.objects.bulk_update(changed, ["due_at", "rank"])


def add_defaults(apps, schema_editor):
    policies = apps.get_model("breaks", "ApprovalPolicy").objects
    for act, above in POLICIES.items():
        policies.get_or_create(act=act, defaults={"above": above})
    teams = apps.get_model("breaks", "Team").objects
    for code, name in TEAMS.items():
        teams.get_or_create(code=code, defaults={"name": name})


class Migration(migrations.Migration):
    dependencies = [("breaks", "0003_the_desk")]
    operations = [
        migrations.RunPython(start_clocks, migrations.RunPython.noop),
        migrations.RunPython(add_defaults, migrations.RunPython.noop),
        migrations.AlterField("tradebreak", "due_at", models.DateTimeField()),
        migrations.AlterField(
            "tradebreak",
            "rank",
            models.IntegerField(
                help_text="Its place in the queue: the larger, the dearer it is to leave."
            ),
        ),
    ]
