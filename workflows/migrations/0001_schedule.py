"""The rows by which beat starts the fixed tasks; an administrator may change any of them."""

from django.db import migrations

SCHEDULE = {
    "Ingest every enabled feed": {
        "task": "tasks.run_ingestion",
        "minute": "*/15",
        "expire_seconds": 15 * 60,
        "description": "Yesterday and today of every enabled feed; what was taken is not taken twice.",
    },
    "Reconcile every enabled reconciliation": {
        "task": "tasks.run_reconciliation",
        "minute": "5,35",
        "expire_seconds": 30 * 60,
        "description": "Yesterday and today; a scope that is already running is left alone.",
    },
    "Wake work whose message or worker was lost": {
        "task": "tasks.recover_stale_work",
        "minute": "*",
        "expire_seconds": 60,
        "description": "Sends the message again; a row that somebody has claimed stays theirs.",
    },
}


def add_rows(apps, schema_editor):
    crontabs = apps.get_model("django_celery_beat", "CrontabSchedule").objects
    tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects
    for name, row in SCHEDULE.items():
        crontab, _ = crontabs.get_or_create(
            minute=row["minute"], hour="*", day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
        )
        tasks.get_or_create(
            name=name,
            defaults={
                "task": row["task"],
                "crontab": crontab,
                "expire_seconds": row["expire_seconds"],
                "description": row["description"],
            },
        )


def remove_rows(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name__in=SCHEDULE).delete()


class Migration(migrations.Migration):
    initial = True
    dependencies = [("django_celery_beat", "0019_alter_periodictasks_options")]
    operations = [migrations.RunPython(add_rows, remove_rows)]
