"""The files that people and machines start from: Makefile, README, locks, containers."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def _documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _code(path: Path) -> str:
    """Return what the document shows as code, one block or phrase a line."""
    found = re.findall(r"```\w*\n(.*?)```|`([^`\n]+)`", path.read_text(), re.DOTALL)
    return "\n".join(block or phrase for block, phrase in found)


@pytest.mark.parametrize("document", _documents(), ids=lambda path: path.name)
class TestDocuments:
    def test_every_make_command_is_a_target(self, document):
        named = set(re.findall(r"\bmake ([a-z]+)", _code(document)))

        assert named - _make_targets() == set()

    def test_every_manage_command_exists(self, document):
        from django.core.management import get_commands

        named = set(re.findall(r"manage\.py ([a-z_]+)", _code(document)))

        assert named - set(get_commands()) == set()

    def test_every_link_leads_to_a_file(self, document):
        links = re.findall(r"\]\(([^)#\s]+)", document.read_text())
        local = [link for link in links if "://" not in link]

        assert [link for link in local if not (document.parent / link).exists()] == []

    def test_every_option_of_a_command_exists(self, document):
        from django.core.management import get_commands, load_command_class

        apps = get_commands()
        unknown = []
        for line in _code(document).replace("\\\n", " ").splitlines():
            called = re.search(r"manage\.py ([a-z_]+)([^|;]*)", line)
            if called and called[1] in apps:
                parser = load_command_class(apps[called[1]], called[1]).create_parser("", "")
                options = set(re.findall(r"(--[a-z][a-z0-9-]*)", called[2]))
                unknown += sorted(options - set(parser._option_string_actions))
        assert unknown == []


def test_help_lists_every_target():
    documented = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert documented == _make_targets()


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock"]
)
class TestLocks:
    def test_every_package_is_pinned_with_its_hashes(self, name):
        text = (ROOT / name).read_text().replace("\\\n", " ")
        pins = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]

        assert len(pins) > 50
        assert [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []

    def test_no_host_is_named(self, name):
        text = (ROOT / name).read_text()

        assert "://" not in text
        assert re.findall(r"(?m)^\s*--?(?:index-url|extra-index-url|find-links|i|f)\b", text) == []


class TestContainers:
    def test_compose_starts_the_desks_three_processes_over_postgres_and_redis(self):
        services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

        assert {"postgres", "redis", "web", "worker", "beat"} <= set(services)
        for name in ("web", "worker", "beat"):
            assert services[name]["environment"]["POSTGRES_HOST"] == "postgres"
            assert services[name]["environment"]["REDIS_URL"].startswith("redis://redis:")

    def test_compose_reads_only_what_the_example_lists(self):
        example = (ROOT / ".env.example").read_text()
        read = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))

        assert {name for name in read - {"PORT"} if f"{name}=" not in example} == set()

    def test_the_image_does_not_run_as_root(self):
        lines = (ROOT / "Dockerfile").read_text().splitlines()

        assert [line for line in lines if line.startswith("USER ")] == ["USER desk"]
        assert any(line.startswith("HEALTHCHECK ") for line in lines)

    def test_what_the_image_needs_is_sent_to_the_build(self):
        sent = {
            line[1:]
            for line in (ROOT / ".dockerignore").read_text().splitlines()
            if line[:1] == "!"
        }
        apps = {path.parent.name for path in ROOT.glob("*/apps.py")} | {"recon_project"}

        assert apps | {"manage.py", "requirements.lock", "templates", "static"} <= sent
        assert [name for name in sent if not (ROOT / name).exists()] == []

    def test_the_workflow_runs_the_same_script_as_a_person(self):
        jobs = yaml.safe_load((ROOT / ".github/workflows/ci-docker.yml").read_text())["jobs"]
        commands = [step.get("run", "") for step in jobs["tests"]["steps"]]

        assert ".ci/run" in commands
        assert "3.11" in jobs["tests"]["strategy"]["matrix"]["python"]
        assert any("/api/v1/health" in step.get("run", "") for step in jobs["image"]["steps"])
