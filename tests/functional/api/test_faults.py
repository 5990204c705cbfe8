"""What the API does when something else goes wrong: no database, the same request twice at once."""

import json
import subprocess
import sys
import threading

import pytest
from django.db import connection
from rest_framework.test import APIClient

from breaks.models import BreakComment
from tests import factories

ASK_HEALTH = """
import json, time
import django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
client.get("/api/v1/health")  # the first request also imports the project
began = time.monotonic()
health = client.get("/api/v1/health")
seconds = time.monotonic() - began
other = client.get("/api/v1/breaks", headers={"Authorization": "Token abc"})
print(json.dumps({
    "status": health.status_code, "body": health.json(), "seconds": seconds,
    "other": [other.status_code, other["Content-Type"]],
}))
"""


def test_without_a_database_health_is_503_and_the_rest_says_so(child_env):
    nobody_there = "postgres://desk:secret@127.0.0.1:1/desk"
    done = subprocess.run(
        [sys.executable, "-c", ASK_HEALTH],
        env=child_env(DATABASE_URL=nobody_there),
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])

    assert told["status"] == 503
    assert (told["body"]["status"], told["body"]["checks"]["database"]) == ("down", "down")
    assert "secret" not in json.dumps(told["body"])
    assert told["seconds"] < 5
    assert told["other"] == [503, "application/problem+json"]


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_by_many_at_once_works_once():
    user, one = factories.user("Analyst"), factories.trade_break()
    start = threading.Barrier(8)
    answers = []

    def comment() -> None:
        client = APIClient()
        client.force_authenticate(user)
        start.wait()
        try:
            answers.append(
                client.post(
                    f"/api/v1/breaks/{one.pk}/comment",
                    {"text": "Asked"},
                    format="json",
                    headers={"Idempotency-Key": "K1"},
                )
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=comment) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert BreakComment.objects.count() == 1
    statuses = sorted(answer.status_code for answer in answers)
    assert len(statuses) == 8
    assert set(statuses) <= {200, 409}
    done = {answer.content for answer in answers if answer.status_code == 200}
    assert len(done) == 1
