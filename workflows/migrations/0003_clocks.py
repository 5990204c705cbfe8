from django.db import migrations

# Name, task, minute, hour, description.
ROWS = (
    (
        "Read the holidays of the exchanges again",
        "tasks.refresh_calendars",
        "40",
        "3",
        "Once a day; what an exchange has announced moves due times, with a line of history each.",
    ),
)


def add_rows(apps, schema_editor):
    crontabs = apps.get_model("django_celery_beat", "CrontabSchedule").objects
    tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects
    for name, task, minute, hour, description in ROWS:
        crontab, _ = crontabs.get_or_create(
            minute=minute, hour=hour, day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
        )
        tasks.get_or_create(
            name=name,
            defaults={
                "task": task,
                "crontab": crontab,
                "expire_seconds": 24 * 60 * 60,
                "description": description,
            },
        )


def remove_rows(apps, schema_editor):
    names = [name for name, *_ in ROWS]
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name__in=names).delete()


class Migration(migrations.Migration):
    dependencies = [("workflows", "0002_history_roots")]
    operations = [migrations.RunPython(add_rows, remove_rows)]
