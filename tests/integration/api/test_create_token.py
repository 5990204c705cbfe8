import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests import factories


def create_token(*arguments: str) -> tuple[str, str]:
    out, said = io.StringIO(), io.StringIO()
    call_command("create_token", *arguments, stdout=out, stderr=said)
    return out.getvalue().strip(), said.getvalue()


class TestCreateToken:
    def test_prints_a_token_that_works(self, analyst):
        token, said = create_token("--user", analyst.username)

        client = APIClient(HTTP_AUTHORIZATION=f"Token {token}")
        assert client.get("/api/v1/trades").status_code == 200
        assert "not shown again" in said
        assert token not in said

    def test_keeps_only_its_hash(self, analyst):
        token, _ = create_token("--user", analyst.username)
        (kept,) = AuthToken.objects.values()

        assert token not in {str(value) for value in kept.values()}
        assert len(kept["digest"]) == 128

    @pytest.mark.parametrize(("arguments", "days"), [([], 90), (["--days", "7"], 7)])
    def test_expires(self, analyst, arguments, days):
        create_token("--user", analyst.username, *arguments)
        left = AuthToken.objects.get().expiry - timezone.now()

        assert abs(left - timedelta(days=days)) < timedelta(minutes=1)

    def test_a_user_who_is_not_there_is_a_sentence(self, db):
        with pytest.raises(CommandError, match=r"There is no user 'nobody'; make one"):
            create_token("--user", "nobody")

    def test_so_is_one_who_left(self, db):
        gone = factories.user("Analyst", is_active=False)
        with pytest.raises(CommandError, match="not active"):
            create_token("--user", gone.username)

    @pytest.mark.parametrize("days", ["0", "-1", "99999"])
    def test_so_is_a_wrong_number_of_days(self, analyst, days):
        with pytest.raises(CommandError, match="from 1 to 3650"):
            create_token("--user", analyst.username, "--days", days)
        assert not AuthToken.objects.exists()
