import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recon_project.settings")

from recon_project import pulse  # noqa: F401  connects a worker's sign of life

app = Celery("recon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
