"""A throw-away Postgres with a desk on it, filled by the SQL that lies beside this file."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.process import python


@contextmanager
def filled(*scripts: str, **sizes: int) -> Iterator[dict[str, str]]:
    """
    Yield the environment in which the desk's commands find a migrated database.

    `scripts` fill it, in order; they read a size ``rows`` as ``bench.rows``. Without scripts it is
    an empty desk.
    """
    from tests import postgres

    with postgres.server() as server, tempfile.TemporaryDirectory() as place:
        import psycopg

        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE filled")
        env = over(f"{server}/filled", place)
        python(env, "manage.py", "migrate", "--verbosity=0")
        with psycopg.connect(env["DATABASE_URL"], autocommit=True) as connection:
            for name, size in sizes.items():
                connection.execute(f"SET bench.{name} = {size}")
            for script in scripts:
                connection.execute(Path(__file__).with_name(script).read_text())
            # As autovacuum would have done by then: it lets the pages read indexes alone.
            connection.execute("VACUUM ANALYZE")
        yield env


def over(url: str, place: str) -> dict[str, str]:
    """Return the environment of a desk over a database, with its files in a place of its own."""
    from tests.processes import outside_env

    return outside_env(
        Path(place), DATABASE_URL=url, ML_MODEL_PATH=f"{place}/models", LOG_LEVEL="ERROR"
    )
