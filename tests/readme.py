"""The README's own commands, to be run by tests as they stand."""

import json
import re
import shlex
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from tests.processes import ROOT


def story(name: str) -> str:
    """Return the commands of the block below ``<!-- story: name -->``."""
    found = re.search(
        rf"<!-- story: {name} -->\n```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL
    )
    assert found, f"the README has no story {name!r}"
    return found[1]


def tell(commands: str, *, env: dict[str, str], swaps: dict[str, str], cwd: Path = ROOT) -> str:
    """Run commands in a shell that stops at the first failure; return what they printed."""
    commands = re.sub(r"(?<![\w/])\.venv/bin/python", sys.executable, commands)
    for shown, used in swaps.items():
        commands = commands.replace(shown, used)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def call(commands: str) -> str:
    """Run a story of `manage.py` lines in this process, on the test's database."""
    output = StringIO()
    for line in commands.strip().splitlines():
        python, manage, *arguments = shlex.split(line)
        assert (python, manage) == (".venv/bin/python", "manage.py"), line
        call_command(*arguments, stdout=output, stderr=output)
    return output.getvalue()


def json_documents(output: str) -> list[Any]:
    """Return the JSON documents that were printed one behind the other."""
    found, rest = [], output.strip()
    while rest:
        document, end = json.JSONDecoder().raw_decode(rest)
        found.append(document)
        rest = rest[end:].lstrip()
    return found
