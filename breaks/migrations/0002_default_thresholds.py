from decimal import Decimal

from django.db import migrations

DEFAULTS = {
    "CRITICAL": Decimal(1_000_000),
    "HIGH": Decimal(100_000),
    "MEDIUM": Decimal(10_000),
}


def add_defaults(apps, schema_editor):
    thresholds = apps.get_model("breaks", "ExposureThreshold").objects.using(
        schema_editor.connection.alias
    )
    for severity, at_least in DEFAULTS.items():
        thresholds.get_or_create(severity=severity, defaults={"at_least": at_least})


class Migration(migrations.Migration):

    dependencies = [("breaks", "0001_initial")]

    operations = [migrations.RunPython(add_defaults, migrations.RunPython.noop)]
