"""Fixtures every test may use: people by group, HTTP clients, a real Postgres."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.test import Client, TransactionTestCase
from rest_framework.test import APIClient

from breaks import append_only
from breaks.models import ApprovalPolicy
from recon_project.environment import database_settings
from tests import factories, postgres
from tests.processes import outside_env

hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.load_profile("desk")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Give tests that commit the rows of the migrations back: their clean-up empties all tables.

    Tests on Postgres go to one xdist worker, which starts the one server.
    """
    for item in items:
        if item.get_closest_marker("postgres"):
            item.add_marker(pytest.mark.xdist_group("postgres"))
        marker = item.get_closest_marker("django_db")
        commits = marker is not None and marker.kwargs.get("transaction")
        if commits or {"live_server", "transactional_db"} & set(item.fixturenames):
            item.fixturenames.append("django_db_serialized_rollback")


@pytest.fixture(scope="session", autouse=True)
def _emptied_after_commits() -> Iterator[None]:
    """
    Let the clean-up of tests that commit empty the history too, which its triggers refuse.

    They are dropped around it, in the tests' own database, and are there in every test.
    """
    with pytest.MonkeyPatch.context() as patch:
        flush = TransactionTestCase._fixture_teardown

        def without_triggers(case: TransactionTestCase) -> None:
            append_only.remove(connections["default"])
            try:
                flush(case)
            finally:
                append_only.install(connections["default"])

        patch.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield


# --- people, one of each group ---------------------------------------------------------------


@pytest.fixture
def analyst(db) -> User:
    return factories.user("Analyst")


@pytest.fixture
def supervisor(db) -> User:
    return factories.user("Supervisor")


@pytest.fixture
def administrator(db) -> User:
    return factories.user("Administrator")


@pytest.fixture
def integration(db) -> User:
    return factories.user("Integration")


@pytest.fixture
def auditor(db) -> User:
    return factories.user("Auditor")


@pytest.fixture
def superuser(db) -> User:
    return factories.user(is_staff=True, is_superuser=True)


@pytest.fixture
def unguarded(db) -> None:
    """Let every act through without a second person, for tests of the acts themselves."""
    ApprovalPolicy.objects.update(is_enabled=False)


# --- callers ---------------------------------------------------------------------------------


@pytest.fixture
def api() -> APIClient:
    """Return a client of the HTTP API that nobody has signed in to."""
    return APIClient()


@pytest.fixture
def api_as() -> Callable[[User], APIClient]:
    """Return a function that makes an API client for a user: ``api_as(analyst).get(...)``."""

    def sign_in(user: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return sign_in


@pytest.fixture
def browser_as() -> Callable[[User], Client]:
    """Return a function that makes a client with a session, as the admin wants one."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


# --- child processes -------------------------------------------------------------------------


@pytest.fixture
def child_env(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Return a function that makes such an environment: ``child_env(DATABASE_URL=...)``."""
    return lambda **over: outside_env(tmp_path / "var", **over)


# --- a real Postgres -------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Run one server a session (and xdist worker); yield its URL without a database."""
    try:
        with postgres.server() as url:
            yield url
    except postgres.PostgresMissing as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, tmp_path_factory) -> str:
    """Return the name of a migrated database that each test's own is copied from."""
    name = "desk_template"
    _execute(postgres_server, f'CREATE DATABASE "{name}"')
    env = outside_env(tmp_path_factory.mktemp("template"), DATABASE_URL=f"{postgres_server}/{name}")
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], env=env, check=True)
    return name


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """Yield the DATABASE_URL of a migrated database of the test's own, for child processes."""
    name = f"desk_{factories.number()}"
    _execute(postgres_server, f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}"')
    yield f"{postgres_server}/{name}"
    _execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def on_postgres(postgres_url: str, django_db_blocker) -> Iterator[str]:
    """
    Let the test, its threads included, work on Postgres instead of SQLite; commits are real.

    Not together with the `db` fixtures or the `django_db` mark: the database is the test's own.
    """
    before = connections.settings["default"]
    connections["default"].close()
    theirs = connections["default"]
    connections.settings["default"] = before | {"OPTIONS": {}} | database_settings(postgres_url)
    del connections["default"]
    ContentType.objects.clear_cache()
    try:
        with django_db_blocker.unblock():
            yield postgres_url
            connections["default"].close()
    finally:
        connections.settings["default"] = before
        connections["default"] = theirs
        ContentType.objects.clear_cache()


def _execute(server: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(statement)
