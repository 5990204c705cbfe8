from django.db import migrations

# code, name, kind, timezone, calendar
SOURCES = [
    ("oms", "OMS", "OMS", "America/New_York", "XNYS"),
    ("custodian", "Custodian", "CUSTODIAN", "America/New_York", "XNYS"),
    ("prime_broker", "Prime broker", "PRIME_BROKER", "America/New_York", "XNYS"),
    ("exchange", "Exchange", "EXCHANGE", "UTC", "24/7"),
    ("manual", "Manual entry", "MANUAL", "America/New_York", "XNYS"),
]


def create_sources(apps, schema_editor):
    sources = apps.get_model("trades", "Source").objects.using(schema_editor.connection.alias)
    for code, name, kind, timezone, calendar in SOURCES:
        sources.get_or_create(
            code=code,
            defaults={"name": name, "kind": kind, "timezone": timezone, "calendar": calendar},
        )


class Migration(migrations.Migration):
    dependencies = [("trades", "0001_initial")]
    operations = [migrations.RunPython(create_sources, migrations.RunPython.noop)]
