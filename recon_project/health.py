"""Whether the desk can work, for load balancers: quick, open to anybody, and silent on secrets."""

import os
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from predictions import registry
from recon_project.models import WorkerPulse
from recon_project.pulse import EVERY_SECONDS

OK, DEGRADED, DOWN = "ok", "degraded", "down"
ABSENT, ALTERED = "absent", "altered"
STATUSES, CHECKS = [OK, DEGRADED, DOWN], [OK, DOWN]
BROKER_SECONDS = 0.5
# A worker that writes a large run into SQLite cannot write its pulse for a while.
WORKER_SILENT = timedelta(seconds=6 * EVERY_SECONDS)


def health() -> dict[str, Any]:
    """
    Look at every part; never raises and never waits longer than a second for the broker.

    `status` is ok, degraded (a part but the database is down) or down. A missing model is no
    fault: rules decide then. An altered one is: somebody has to look.
    """
    database = _database()
    checks = {
        "database": database,
        "broker": _broker(settings.CELERY_BROKER_URL),
        "worker": _worker() if database == OK else DOWN,
        "model": _model(database),
    }
    whole = DOWN if database == DOWN else DEGRADED if {DOWN, ALTERED} & set(checks.values()) else OK
    return {
        "status": whole,
        "timestamp": timezone.now(),
        "environment": settings.ENVIRONMENT,
        "version": settings.VERSION,
        "checks": checks,
    }


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return DOWN
    return OK


def _broker(url: str) -> str:
    if url.startswith("filesystem:"):
        folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"]
        return OK if os.access(folder, os.R_OK | os.W_OK | os.X_OK) else DOWN
    if url.startswith(("redis:", "rediss:")):
        return _redis(url)
    from kombu import Connection
    from kombu.exceptions import OperationalError

    try:
        with Connection(url, connect_timeout=BROKER_SECONDS) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0)
    except (OperationalError, OSError):
        return DOWN
    return OK


def _redis(url: str) -> str:
    from redis import Redis, RedisError
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        with Redis.from_url(
            url,
            socket_connect_timeout=BROKER_SECONDS,
            socket_timeout=BROKER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as broker:
            broker.ping()
    except (RedisError, OSError):
        return DOWN
    return OK


def _worker() -> str:
    since = timezone.now() - WORKER_SILENT
    try:
        return OK if WorkerPulse.objects.filter(seen_at__gte=since).exists() else DOWN
    except DatabaseError:  # not migrated yet
        return DOWN


def _model(database: str) -> str:
    """Tell whether the file is the registered one; while the database is down, whether it is."""
    if database == DOWN:
        return OK if registry.path().is_file() else ABSENT
    try:
        return registry.state()
    except DatabaseError:  # not migrated yet
        return ABSENT


class ChecksOutput(serializers.Serializer):
    database = serializers.ChoiceField(CHECKS)
    broker = serializers.ChoiceField(CHECKS)
    worker = serializers.ChoiceField(CHECKS)
    model = serializers.ChoiceField([OK, ABSENT, ALTERED])


class HealthOutput(serializers.Serializer):
    status = serializers.ChoiceField(STATUSES)
    timestamp = serializers.DateTimeField()
    environment = serializers.CharField()
    version = serializers.CharField()
    checks = ChecksOutput()


class Health(APIView):
    """Whether the desk can work; 503 when its database does not answer."""

    authentication_classes = []
    permission_classes = [AllowAny]
    metadata_class = None
    http_method_names = ["get", "head"]

    @extend_schema(
        auth=[],
        responses={
            200: HealthOutput,
            503: OpenApiResponse(HealthOutput, "The database is down."),
        },
    )
    def get(self, _request: Request) -> Response:
        found = health()
        code = status.HTTP_503_SERVICE_UNAVAILABLE if found["status"] == DOWN else 200
        return Response(HealthOutput(found).data, code, headers={"Cache-Control": "no-store"})
