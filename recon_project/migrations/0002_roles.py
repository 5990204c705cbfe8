from django.db import migrations

from recon_project.roles import grant


def make_groups(apps, schema_editor):
    grant(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("recon_project", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("trades", "0001_initial"),
        ("connectors", "0001_initial"),
        ("matching", "0001_initial"),
        ("breaks", "0001_initial"),
        ("knox", "0009_extend_authtoken_field"),
        ("axes", "0010_accessattemptexpiration"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        ("django_celery_results", "0014_alter_taskresult_status"),
    ]

    # Groups may have people in them by the time somebody goes back: they stay.
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
