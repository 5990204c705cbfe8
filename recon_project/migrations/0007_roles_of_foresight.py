from django.db import migrations

from recon_project.roles import grant


def grant_more(apps, schema_editor):
    grant(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("recon_project", "0006_roles_of_workflows"),
        ("matching", "0007_learning"),
        ("breaks", "0017_batches_that_have_ended"),
        ("predictions", "0002_scoring"),
        ("workflows", "0011_figures_of_steps_keep_their_order"),
        ("reporting", "0003_daily_snapshot"),
    ]
    operations = [migrations.RunPython(grant_more, migrations.RunPython.noop)]
