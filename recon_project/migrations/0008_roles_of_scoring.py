from django.db import migrations

from recon_project.roles import grant


def grant_more(apps, schema_editor):
    grant(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("recon_project", "0007_roles_of_models"),
        ("predictions", "0002_scoring"),
        ("workflows", "0009_doubtful_predictions"),
    ]
    operations = [migrations.RunPython(grant_more, migrations.RunPython.noop)]
