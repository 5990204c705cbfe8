from django.db import migrations

from recon_project.roles import grant


def grant_more(apps, schema_editor):
    grant(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("recon_project", "0005_roles_of_back_tests"),
        ("breaks", "0013_kinds_of_events"),
        ("workflows", "0008_routing"),
    ]
    operations = [migrations.RunPython(grant_more, migrations.RunPython.noop)]
