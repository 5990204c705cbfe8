"""Only the registered bytes are ever loaded; anything else is refused, and it is said why."""

import random
import zipfile
from io import BytesIO

import pytest
from django.core.management import call_command

from predictions import registry
from predictions.choices import ModelStatus
from predictions.registry import ModelAbsent, ModelAltered
from recon_project.health import health
from tests.predicting import model_version

pytestmark = pytest.mark.django_db


def test_without_a_model_it_says_how_to_train_one():
    with pytest.raises(ModelAbsent, match=r"manage\.py train_break_model"):
        registry.active()
    assert registry.state() == "absent"
    assert health()["checks"]["model"] == "absent"


def test_one_that_may_only_be_activated_is_not_in_force():
    model_version()

    with pytest.raises(ModelAbsent):
        registry.active()


def test_a_file_that_is_gone_is_absent_and_it_says_which():
    version = model_version(status=ModelStatus.ACTIVE)
    registry.path().unlink()

    with pytest.raises(ModelAbsent, match=f"file of {version}.*put its file back"):
        registry.active()
    assert registry.state() == "absent"


@pytest.mark.parametrize("seed", range(5))
def test_one_flipped_bit_is_refused_before_anything_looks_into_it(seed, monkeypatch):
    chance = random.Random(seed)  # noqa: S311
    version = model_version(status=ModelStatus.ACTIVE)
    data = bytearray(registry.path().read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    registry.path().write_bytes(data)
    looked_into = []
    monkeypatch.setattr(registry, "read", looked_into.append)

    with pytest.raises(ModelAltered, match=f"not the file that was registered as {version}"):
        registry.active()
    assert not looked_into
    assert registry.state() == "altered"


@pytest.mark.parametrize("data", [b"", b"x", b"PK\x03\x04"])
def test_a_truncated_or_foreign_file_is_refused(data):
    model_version(status=ModelStatus.ACTIVE)
    registry.path().write_bytes(data)

    with pytest.raises(ModelAltered):
        registry.active()


def test_a_file_nobody_registered_is_refused():
    registry.path().parent.mkdir(parents=True)
    registry.path().write_bytes(b"from elsewhere")

    with pytest.raises(ModelAltered, match="belongs to no model that is in force"):
        registry.active()


def test_the_file_of_another_version_is_refused():
    model_version(status=ModelStatus.ACTIVE)
    other = model_version()
    registry.path().write_bytes(registry.kept_bytes(other))

    with pytest.raises(ModelAltered):
        registry.active()


def test_health_tells_an_altered_model_and_is_degraded_by_it():
    model_version(status=ModelStatus.ACTIVE)
    assert health()["checks"]["model"] == "ok"
    registry.path().write_bytes(b"other bytes")

    found = health()

    assert found["checks"]["model"] == "altered"
    assert found["status"] != "ok"


def test_a_kept_file_that_was_altered_is_not_put_in_force():
    version = model_version()
    registry.kept(version.digest).write_bytes(b"other bytes")

    with pytest.raises(ModelAltered, match="kept file"):
        registry.put_in_force(version)
    assert not registry.path().exists()


@pytest.mark.thorough
class TestWhatSkopsReads:
    def test_a_type_that_is_not_trusted_is_refused_and_named(self):
        from skops import io

        data = io.dumps(zipfile.ZipFile.__init__)

        with pytest.raises(ModelAltered, match="which is not trusted"):
            registry.read(data)

    def test_bytes_that_are_no_model_are_refused(self):
        archive = BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("schema.json", "{}")

        for data in (b"no archive", archive.getvalue()):
            with pytest.raises(ModelAltered, match="cannot be read"):
                registry.read(data)


def test_nothing_is_unpickled_anywhere():
    """Nor could it be: no module of the project imports what would do it."""
    import ast
    from pathlib import Path

    root = Path(registry.__file__).parent
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in getattr(node, "names", [])]
            module = getattr(node, "module", None)
            assert not {"pickle", "joblib", "cloudpickle"} & {*names, module}, file


def test_there_is_a_weekly_schedule(db):
    from django_celery_beat.models import PeriodicTask

    row = PeriodicTask.objects.get(task="tasks.train_break_model")

    assert (row.enabled, row.crontab.day_of_week) == (True, "0")


def test_the_schema_of_models_is_migrated():
    call_command("makemigrations", "predictions", check=True, dry_run=True, verbosity=0)
