"""The same cases on SQLite and on a real Postgres, each as a test of its own."""

from collections.abc import Callable
from typing import Any

import pytest

Test = Callable[..., None]


def on_both(*cases: Callable[[], Any], commits: bool = True) -> tuple[Test, Test]:
    """
    Return the tests of some cases, first those on SQLite::

        test_on_sqlite, test_on_postgres = on_both(a_case, another)

    With `commits` SQLite keeps what is written until the test ends, as threads and triggers need.
    A case keeps the marks it has.
    """
    marked = [pytest.param(case, marks=getattr(case, "pytestmark", ())) for case in cases]
    sqlite = pytest.mark.django_db(transaction=commits, serialized_rollback=commits)

    @sqlite
    @pytest.mark.parametrize("case", marked)
    def test_on_sqlite(case: Callable[[], Any]) -> None:
        case()

    @pytest.mark.postgres
    @pytest.mark.usefixtures("on_postgres")
    @pytest.mark.parametrize("case", marked)
    def test_on_postgres(case: Callable[[], Any]) -> None:
        case()

    return test_on_sqlite, test_on_postgres
