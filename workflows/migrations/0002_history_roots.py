from django.db import migrations

NAME = "Write the daily root of the history"


def add_row(apps, schema_editor):
    crontab, _ = apps.get_model("django_celery_beat", "CrontabSchedule").objects.get_or_create(
        minute="20", hour="*", day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={
            "task": "tasks.write_history_root",
            "crontab": crontab,
            "expire_seconds": 60 * 60,
            "description": "Once a day, at the first of these times after midnight UTC at which the "
            "desk is up; days missed are caught up, and at every other time there is nothing to do.",
        },
    )


def remove_row(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("workflows", "0001_schedule")]
    operations = [migrations.RunPython(add_row, remove_row)]
