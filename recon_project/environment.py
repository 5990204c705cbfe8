"""Typed readers of the environment: what does not parse names itself and stops the start."""

import contextlib
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASE_EXAMPLE = "postgres://user:password@host:5432/name"


class Environment:
    """The process's environment, after an optional ``.env`` file that never overrides it."""

    def __init__(self, *, dotenv: Path) -> None:
        if dotenv.is_file():
            environ.Env.read_env(dotenv)
        self._env = environ.Env()

    def text(self, name: str, default: str) -> str:
        return str(self._env.str(name, default)).strip()

    def words(self, name: str, default: list[str]) -> list[str]:
        """Read a comma-separated list; an empty variable means the default."""
        found = [word.strip() for word in self.text(name, "").split(",")]
        return [word for word in found if word] or default

    def path(self, name: str, default: Path) -> Path:
        return Path(self.text(name, "") or default)

    def one_of(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self.text(name, "") or default
        if value not in allowed:
            raise ImproperlyConfigured(
                f"{name} is {value!r}; it must be one of {', '.join(allowed)}."
            )
        return value

    def flag(self, name: str, default: bool) -> bool:
        words = {"1": True, "true": True, "yes": True, "on": True,
                 "0": False, "false": False, "no": False, "off": False, "": default}  # fmt: skip
        value = self.text(name, "").lower()
        if value not in words:
            raise ImproperlyConfigured(f"{name} is {value!r}; say true or false.")
        return words[value]

    def whole(self, name: str, default: int) -> int:
        value = self.text(name, "")
        if not value:
            return default
        if not value.isdecimal():
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number.")
        return int(value)

    def database(self, *, default_path: Path) -> dict[str, Any]:
        """
        Return the database named by DATABASE_URL, by POSTGRES_*, or else SQLite at `default_path`.

        :raises ImproperlyConfigured: if DATABASE_URL is no database URL.
        """
        url = self.text("DATABASE_URL", "")
        if not url and (host := self.text("POSTGRES_HOST", "")):
            user = quote(self.text("POSTGRES_USER", "postgres"), safe="")
            password = quote(self.text("POSTGRES_PASSWORD", ""), safe="")
            url = (
                f"postgres://{user}:{password}@{host}"
                f":{self.whole('POSTGRES_PORT', 5432)}/{self.text('POSTGRES_DB', 'recon')}"
            )
        return database_settings(url or f"sqlite:///{default_path}")

    def secret_key(self, name: str, *, keep_in: Path, production: bool) -> str:
        """Read the key; outside production one is made once and kept, so that sessions last."""
        if value := self.text(name, ""):
            return value
        if production:
            raise ImproperlyConfigured(
                f"{name} is not set; production needs one of 50 characters or more."
            )
        if not keep_in.exists():
            fresh = keep_in.with_name(f"{keep_in.name}.{secrets.token_hex(4)}")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(50))
            # Of several processes that start at once the first decides, and none reads half a key.
            with contextlib.suppress(FileExistsError):
                keep_in.hardlink_to(fresh)
            fresh.unlink()
        return keep_in.read_text()


def database_settings(url: str) -> dict[str, Any]:
    """
    Return Django's settings for the database a URL names.

    :raises ImproperlyConfigured: if it is no database URL.
    """
    try:
        settings: dict[str, Any] = dict(environ.Env.db_url_config(url))
    except Exception as problem:
        raise ImproperlyConfigured(
            f"DATABASE_URL does not parse ({problem}); write {DATABASE_EXAMPLE}."
        ) from problem
    if "." not in settings.get("ENGINE", ""):
        raise ImproperlyConfigured(
            f"DATABASE_URL names no database Django knows; write {DATABASE_EXAMPLE}."
        )
    if settings["ENGINE"].endswith("sqlite3"):
        # Django's defaults lose contended writes: a deferred transaction cannot wait to upgrade.
        settings["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    else:
        settings["CONN_MAX_AGE"] = 60
        settings["CONN_HEALTH_CHECKS"] = True
    return settings
