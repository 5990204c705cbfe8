"""A real Chromium: pages of it with people signed in, whose console must stay silent."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from tests import factories

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDE = {"width": 1440, "height": 900}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def chromium(monkeypatch) -> Iterator[Any]:
    """
    Start a browser for one test.

    Not for several: Django gives a thread another connection while an event loop runs in it, and
    Playwright's would then run while the database is emptied and filled again.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: make install"
    )
    # Tests read the database from the thread in which that loop runs.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium, live_server) -> Iterator[Callable[[], Any]]:
    """
    Return a function that opens a page with cookies of its own; addresses begin at the desk's.

    What its console complains of fails the test.
    """
    complaints: list[str] = []
    opened = []

    def open_one() -> Any:
        context = chromium.new_context(base_url=live_server.url, viewport=WIDE)
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    for context in opened:
        context.close()
    assert complaints == []


@pytest.fixture
def desk_of(new_page, live_server) -> Callable[[User], Any]:
    """Return a function that opens a page at which this person is signed in: `desk_of(chen)`."""

    def sit_down(person: User) -> Any:
        session = Client()
        session.force_login(person)
        page = new_page()
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": session.cookies[name].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        return page

    return sit_down


@pytest.fixture
def page(desk_of, analyst) -> Any:
    """Return a page at which the analyst is signed in."""
    return desk_of(analyst)


@pytest.fixture
def sign_in() -> Callable[[Any, User], None]:
    """Return a function that signs a person in as people do, by name and password."""

    def fill_in(page: Any, person: User) -> None:
        page.goto("/admin/login/")
        page.fill("#id_username", person.username)
        page.fill("#id_password", factories.PASSWORD)
        page.press("#id_password", "Enter")
        page.wait_for_selector("text=Overview")

    return fill_in
