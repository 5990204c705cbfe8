"""`.env.example` names what the project reads, all of it and nothing else."""

import ast
import re
from pathlib import Path

import pytest

from connectors.models import Feed
from workflows.outward.delivering import OURS

ROOT = Path(__file__).parents[3]
READERS = {"text", "words", "path", "one_of", "flag", "whole", "secret_key"}


def _listed() -> dict[str, str]:
    """Return name and text behind the ``=`` of every line that sets or shows a variable."""
    pattern = re.compile(r"^#?([A-Z][A-Z0-9_]+)=(.*)$", re.MULTILINE)
    return dict(pattern.findall((ROOT / ".env.example").read_text()))


def _read_by_settings() -> set[str]:
    found = set()
    for name in ("settings.py", "environment.py"):
        for node in ast.walk(ast.parse((ROOT / "recon_project" / name).read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                first = node.args[0]
                reads = node.func.attr in READERS or ast.unparse(node.func) == "os.environ.get"
                if reads and isinstance(first, ast.Constant):
                    found.add(first.value)
    return {name for name in found if isinstance(name, str) and name.isupper()}


def _named_by_feeds() -> set[str]:
    """Return the variables that the feeds of the first migration take their secrets from."""
    named = set()
    for feed in Feed.objects.all():
        for key, value in feed.settings.items():
            if key.endswith("_env"):
                named |= set(value.values()) if isinstance(value, dict) else {value}
    return named


def test_it_finds_what_the_settings_read():
    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "VAR_DIR", "ENV_FILE"} <= _read_by_settings()


@pytest.mark.django_db
def test_every_variable_that_is_read_is_listed():
    assert (_read_by_settings() | _named_by_feeds()) - set(_listed()) == set()


@pytest.mark.django_db
def test_every_variable_that_is_listed_is_read():
    read = _read_by_settings() | _named_by_feeds() | {OURS}
    assert set(_listed()) - read == set()


def test_it_holds_no_credentials():
    listed = _listed()
    secret = [name for name in listed if re.search(r"KEY|SECRET|PASSWORD", name)]

    assert {name: listed[name] for name in secret if listed[name]} == {}


def test_kraken_public_is_the_mode_it_starts_in():
    lines = (ROOT / ".env.example").read_text().splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == ["KRAKEN_PAIR=XBTUSD"]
