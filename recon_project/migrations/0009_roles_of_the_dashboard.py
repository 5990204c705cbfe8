from django.db import migrations

from recon_project.roles import grant


def grant_more(apps, schema_editor):
    grant(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("recon_project", "0007_learn"),
        ("recon_project", "0008_roles_of_scoring"),
        ("reporting", "0002_daily_report"),
    ]
    operations = [migrations.RunPython(grant_more, migrations.RunPython.noop)]
