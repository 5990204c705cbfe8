from django.db import migrations

from recon_project.roles import grant


def grant_more(apps, schema_editor):
    grant(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("recon_project", "0004_roles_of_approvals"),
        ("breaks", "0007_back_tests"),
    ]
    operations = [migrations.RunPython(grant_more, migrations.RunPython.noop)]
