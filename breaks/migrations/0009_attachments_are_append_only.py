from django.db import migrations

from breaks import append_only


def install(apps, schema_editor):
    append_only.install(schema_editor.connection)


class Migration(migrations.Migration):
    """Files are evidence as comments are; databases made before have triggers for the others."""

    dependencies = [("breaks", "0008_queue_indexes")]
    # On the way back 0005 removes every trigger.
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
