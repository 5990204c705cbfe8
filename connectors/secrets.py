"""Secrets and addresses that feeds and channels name by environment variable, never by value."""

import os
import re
from collections.abc import Mapping
from typing import Any

from connectors.protocol import Unreadable

# Whoever may edit one could have these shown, or sent to a host of the list.
_OF_THE_DESK = re.compile(
    r"SECRET_KEY|DATABASE_URL|REDIS_URL|SLACK_WEBHOOK_URL|POSTGRES_\w+|EMAIL_\w+", re.ASCII
)


def from_environment(settings: Mapping[str, Any], setting: str, default: str = "") -> str:
    """
    Return the value of the variable that ``settings[setting]`` names.

    :raises Unreadable: if no variable is named, it is not set, or it is the desk's own.
    """
    name = str(settings.get(setting) or default)
    if not name:
        raise Unreadable(f"The feed's settings have no {setting!r}; name an environment variable.")
    value = variable(name)
    if not value:
        raise Unreadable(f"{name} is not set; put it into the environment or the .env file.")
    return value


def optional(settings: Mapping[str, Any], setting: str) -> str:
    """Return the value of the variable a setting names, or empty text."""
    return variable(str(settings.get(setting) or ""))


def variable(name: str, *, allowed: str = "") -> str:
    """
    Return the value of a variable, or empty text.

    :raises Unreadable: if it is one of the desk's own secrets, but for the one `allowed`.
    """
    if name != allowed and _OF_THE_DESK.fullmatch(name):
        raise Unreadable(f"{name} is the desk's own and not for this; name another variable.")
    return os.environ.get(name, "").strip()
