"""Rows for the admin's pages, and ways to look at them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from matching.models import Match
from tests import factories


@pytest.fixture
def look(superuser, browser_as) -> Callable[..., Any]:
    """Return a function that opens an admin page by name as a superuser: ``look("index")``."""
    browser = browser_as(superuser)

    def open_page(name: str, *args: Any, query: str = "", **headers: str) -> Any:
        return browser.get(reverse(f"admin:{name}", args=args) + query, headers=headers)

    return open_page


@pytest.fixture
def queries() -> Callable[[Client, str], int]:
    """Return a function that counts the queries of a page, which must answer 200."""

    def count(browser: Client, address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            response = browser.get(address)
        assert response.status_code == 200, address
        return len(captured)

    return count


@pytest.fixture
def differing_match(db) -> Match:
    """Make a match of one OMS and one custodian trade that differ in price."""
    return factories.match(
        left=[factories.trade(price="187.50")],
        right=[factories.trade(source="custodian", price="187.25")],
        differences=[
            {
                "field": "price",
                "kind": "PRICE",
                "left_value": "187.50",
                "right_value": "187.25",
                "difference": "0.25",
                "tolerance": "0.01",
            }
        ],
    )
