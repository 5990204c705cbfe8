import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recon_project.settings")

app = Celery("recon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
