from django.db import migrations

from recon_project.roles import grant


def grant_more(apps, schema_editor):
    grant(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("recon_project", "0006_roles_of_workflows"),
        ("predictions", "0001_models"),
    ]
    operations = [migrations.RunPython(grant_more, migrations.RunPython.noop)]
