from django.db import migrations

from breaks import append_only


def install(apps, schema_editor):
    append_only.install(schema_editor.connection)


def remove(apps, schema_editor):
    append_only.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("breaks", "0004_clocks_policies_and_teams")]
    operations = [migrations.RunPython(install, remove)]
