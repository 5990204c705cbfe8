import threading
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from recon_project.environment import Environment, database_settings


@pytest.fixture
def env(tmp_path) -> Environment:
    return Environment(dotenv=tmp_path / ".env")


class TestReaders:
    def test_an_empty_variable_means_the_default(self, env, monkeypatch):
        for name in ("WORDS", "PLACE", "CHOICE", "FLAG", "COUNT"):
            monkeypatch.setenv(name, " ")

        assert env.words("WORDS", ["a"]) == ["a"]
        assert env.path("PLACE", Path("/x")) == Path("/x")
        assert env.one_of("CHOICE", ["a", "b"], "b") == "b"
        assert env.flag("FLAG", default=True) is True
        assert env.whole("COUNT", 7) == 7

    def test_values_are_read(self, env, monkeypatch):
        monkeypatch.setenv("WORDS", "a, b,,c ")
        monkeypatch.setenv("FLAG", "No")
        monkeypatch.setenv("COUNT", "12")

        assert env.words("WORDS", []) == ["a", "b", "c"]
        assert env.flag("FLAG", default=True) is False
        assert env.whole("COUNT", 7) == 12

    @pytest.mark.parametrize(
        ("read", "value", "sentence"),
        [
            (lambda env: env.whole("X", 1), "1.5", "X is '1.5'; it must be a whole number."),
            (lambda env: env.whole("X", 1), "-3", "X is '-3'; it must be a whole number."),
            (lambda env: env.flag("X", default=True), "maybe", "X is 'maybe'; say true or false."),
            (
                lambda env: env.one_of("X", ["a", "b"], "a"),
                "c",
                "X is 'c'; it must be one of a, b.",
            ),
        ],
    )
    def test_what_does_not_parse_names_itself(self, env, monkeypatch, read, value, sentence):
        monkeypatch.setenv("X", value)

        with pytest.raises(ImproperlyConfigured) as refusal:
            read(env)

        assert str(refusal.value) == sentence

    def test_the_file_never_overrides_the_process(self, tmp_path, monkeypatch):
        dotenv = tmp_path / ".env"
        dotenv.write_text("FROM_BOTH=file\nFROM_FILE=file\n")
        monkeypatch.setenv("FROM_BOTH", "process")
        monkeypatch.setenv("FROM_FILE", "to be restored")
        monkeypatch.delenv("FROM_FILE")

        env = Environment(dotenv=dotenv)

        assert env.text("FROM_BOTH", "") == "process"
        assert env.text("FROM_FILE", "") == "file"


class TestDatabase:
    def test_without_any_variable_it_is_sqlite_that_waits_for_its_turn(self, env):
        database = env.database(default_path=Path("/data/desk.sqlite3"))

        assert database["NAME"] == "/data/desk.sqlite3"
        assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
        assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]

    def test_postgres_variables_need_no_quoting(self, env, monkeypatch):
        monkeypatch.setenv("POSTGRES_HOST", "db.example.com")
        monkeypatch.setenv("POSTGRES_PASSWORD", "p@ss:w/rd?#%")

        database = env.database(default_path=Path("x"))

        assert database["ENGINE"] == "django.db.backends.postgresql"
        assert database["HOST"] == "db.example.com"
        assert database["PASSWORD"] == "p@ss:w/rd?#%"
        assert (database["USER"], database["NAME"], database["PORT"]) == ("postgres", "recon", 5432)

    def test_a_url_goes_before_the_parts(self, env, monkeypatch):
        monkeypatch.setenv("POSTGRES_HOST", "ignored")
        monkeypatch.setenv("DATABASE_URL", "postgres://u:p@h:6000/n")

        assert env.database(default_path=Path("x"))["HOST"] == "h"

    @pytest.mark.parametrize("url", ["nonsense", "ftp://host/x", "postgres://h:port/x"])
    def test_what_is_no_database_is_refused_with_an_example(self, url):
        with pytest.raises(
            ImproperlyConfigured, match=r"postgres://user:password@host:5432/name\."
        ):
            database_settings(url)


class TestSecretKey:
    def test_it_is_made_once_and_kept_from_others(self, env, tmp_path, monkeypatch):
        monkeypatch.delenv("SECRET_KEY", raising=False)
        place = tmp_path / "secret_key"

        first = env.secret_key("SECRET_KEY", keep_in=place, production=False)

        assert len(first) >= 50
        assert env.secret_key("SECRET_KEY", keep_in=place, production=False) == first
        assert place.stat().st_mode & 0o777 == 0o600
        assert list(tmp_path.iterdir()) == [place]

    def test_of_many_that_start_at_once_all_have_the_same(self, env, tmp_path, monkeypatch):
        monkeypatch.delenv("SECRET_KEY", raising=False)
        place, keys = tmp_path / "secret_key", []

        def read() -> None:
            keys.append(env.secret_key("SECRET_KEY", keep_in=place, production=False))

        threads = [threading.Thread(target=read) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(keys) == 8
        assert len(set(keys)) == 1

    def test_production_makes_none(self, env, tmp_path, monkeypatch):
        monkeypatch.delenv("SECRET_KEY", raising=False)

        with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set"):
            env.secret_key("SECRET_KEY", keep_in=tmp_path / "key", production=True)
