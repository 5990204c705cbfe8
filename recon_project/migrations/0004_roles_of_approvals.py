from django.db import migrations

from recon_project.roles import grant


def grant_more(apps, schema_editor):
    grant(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("recon_project", "0003_roles_of_the_desk"),
        ("breaks", "0006_approval_policy_history"),
    ]
    operations = [migrations.RunPython(grant_more, migrations.RunPython.noop)]
