"""Run calls at the same moment, each in a thread and a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run each call in a thread and connection of its own; return results or exceptions."""
    gate = threading.Barrier(len(calls))

    def one(call):
        try:
            gate.wait()
            return call()
        except Exception as problem:  # noqa: BLE001  whatever it is, the test looks at it
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))
