from django.db import migrations

from recon_project.roles import grant


def grant_more(apps, schema_editor):
    grant(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("recon_project", "0009_roles_of_the_dashboard"),
        ("reporting", "0003_daily_snapshot"),
    ]
    operations = [migrations.RunPython(grant_more, migrations.RunPython.noop)]
