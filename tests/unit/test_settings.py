from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from bifrost_core.errors import ConfigurationError
from bifrost_core.settings import Settings, default_library_path, load_settings, settings_path


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    return tmp_path / "my settings.toml"


def test_the_defaults_hold_when_there_is_no_file(settings_file: Path) -> None:
    assert load_settings({"BIFROST_AMS_SETTINGS": str(settings_file)}) == Settings()


def test_the_file_is_read_when_it_is_there(settings_file: Path) -> None:
    settings_file.write_text('library = "/projects/größe"\nworkers = 8\nbusy_timeout = 5\n', encoding="utf-8")
    settings = load_settings({"BIFROST_AMS_SETTINGS": str(settings_file)})
    assert (settings.library, settings.workers, settings.busy_timeout) == ("/projects/größe", 8, 5.0)


def test_the_environment_wins_when_both_say_something(settings_file: Path) -> None:
    settings_file.write_text('library = "file"\nlogin = "anna"\n', encoding="utf-8")
    environment = {"BIFROST_AMS_SETTINGS": str(settings_file), "BIFROST_AMS_LIBRARY": "mine", "BIFROST_AMS_LOGIN": ""}
    settings = load_settings(environment)
    assert (settings.library, settings.login) == ("mine", "anna")


def test_the_process_environment_counts_when_none_is_given(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIFROST_AMS_SETTINGS", str(settings_file))
    monkeypatch.setenv("BIFROST_AMS_WORKERS", "3")
    assert load_settings().workers == 3
    assert settings_path() == settings_file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("library = ", "is not TOML"),
        ("librarry = 'x'", "“librarry”"),
        ("workers = 'many'", "“workers”"),
        ("workers = 65", "“workers”"),
        ("busy_timeout = 0", "“busy_timeout”"),
        ("busy_timeout = inf", "“busy_timeout”"),
        ("busy_timeout = nan", "“busy_timeout”"),
    ],
)
def test_a_bad_file_is_refused_with_what_to_do_when_it_is_read(settings_file: Path, text: str, said: str) -> None:
    settings_file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said) as caught:
        load_settings({"BIFROST_AMS_SETTINGS": str(settings_file)})
    assert caught.value.hint


def test_a_file_is_refused_when_it_is_not_utf8_or_a_folder(settings_file: Path, tmp_path: Path) -> None:
    settings_file.write_bytes(b'library = "\xff"')
    for path in (settings_file, tmp_path):
        with pytest.raises(ConfigurationError, match=r"cannot be read|not TOML"):
            load_settings({"BIFROST_AMS_SETTINGS": str(path)})


def test_a_variable_is_refused_by_name_when_its_value_is_wrong(settings_file: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"BIFROST_AMS_SETTINGS": str(settings_file), "BIFROST_AMS_WORKERS": "-1"})
    assert "BIFROST_AMS_WORKERS" in caught.value.hint


def test_the_places_are_the_users_own_when_none_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BIFROST_AMS_SETTINGS")
    assert settings_path().name == "settings.toml"
    assert "bifrost-ams" in settings_path().parts
    assert "bifrost-ams" in default_library_path().parts
    assert default_library_path().is_absolute()


def test_the_login_is_the_one_that_is_set_when_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "John  Smith")
    assert Settings(login="anna@studio.example").user_login() == "anna@studio.example"
    assert Settings().user_login() == "John_Smith"


def test_the_login_is_asked_for_when_the_system_knows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", unknown)
    with pytest.raises(ConfigurationError, match="who you are") as caught:
        Settings().user_login()
    assert "BIFROST_AMS_LOGIN" in caught.value.hint
