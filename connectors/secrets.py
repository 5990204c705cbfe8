"""Secrets and addresses that feeds name by environment variable, never by value."""

import os
from collections.abc import Mapping
from typing import Any

from connectors.protocol import Unreadable


def from_environment(settings: Mapping[str, Any], setting: str, default: str = "") -> str:
    """
    Return the value of the variable that ``settings[setting]`` names.

    :raises Unreadable: if no variable is named, or it is not set.
    """
    name = str(settings.get(setting) or default)
    if not name:
        raise Unreadable(f"The feed's settings have no {setting!r}; name an environment variable.")
    value = os.environ.get(name, "").strip()
    if not value:
        raise Unreadable(f"{name} is not set; put it into the environment or the .env file.")
    return value


def optional(settings: Mapping[str, Any], setting: str) -> str:
    """Return the value of the variable a setting names, or empty text."""
    return os.environ.get(str(settings.get(setting) or ""), "").strip()
