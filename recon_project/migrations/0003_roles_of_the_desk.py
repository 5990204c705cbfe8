from django.db import migrations

from recon_project.roles import grant


def grant_more(apps, schema_editor):
    grant(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("recon_project", "0002_roles"),
        ("breaks", "0004_clocks_policies_and_teams"),
    ]
    operations = [migrations.RunPython(grant_more, migrations.RunPython.noop)]
