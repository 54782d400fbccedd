"""Settings: a TOML file, then ``BIFROST_AMS_*`` variables, become one typed object.

The file is ``settings.toml`` in the user's configuration folder, or the one that ``BIFROST_AMS_SETTINGS``
names. Nothing is read at import: entry points call :func:`load_settings` once and pass the result on.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bifrost_core.errors import ConfigurationError

__all__ = ["ENVIRONMENT_PREFIX", "Settings", "default_library_path", "load_settings", "settings_path"]

ENVIRONMENT_PREFIX = "BIFROST_AMS_"
_FILE_VARIABLE = ENVIRONMENT_PREFIX + "SETTINGS"
_APPLICATION = "bifrost-ams"


class Settings(BaseModel):
    """What a user or a studio may set; every field has a variable ``BIFROST_AMS_<FIELD>``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    library: str = Field(default="", description="URL or folder of the library; empty: the user's data folder")
    login: str = Field(default="", description="who publishes; empty: the login name of the operating system")
    workers: int = Field(default=0, ge=0, le=64, description="threads for many small files; 0: chosen by Bifrost")
    busy_timeout: float = Field(
        default=60.0, gt=0, allow_inf_nan=False, description="seconds to wait for a busy database"
    )

    def user_login(self) -> str:
        """Return the login that changes are recorded under; spaces in a system's login become ``_``.

        Raises:
            ConfigurationError: none is set, and the operating system knows none.
        """
        if self.login:
            return self.login
        try:
            return "_".join(getpass.getuser().split())
        except (KeyError, ImportError, OSError) as exc:
            raise ConfigurationError(
                "Bifrost cannot tell who you are: the operating system knows no login name.",
                hint=f"Set login in the settings, or the variable {ENVIRONMENT_PREFIX}LOGIN.",
            ) from exc


def settings_path(environment: Optional[Mapping[str, str]] = None) -> Path:
    """Return where the settings file is (it need not exist)."""
    environment = os.environ if environment is None else environment
    if environment.get(_FILE_VARIABLE):
        return Path(environment[_FILE_VARIABLE])
    from platformdirs import user_config_path

    return user_config_path(_APPLICATION, appauthor=False) / "settings.toml"


def default_library_path() -> Path:
    """Return the folder of the library that is used when none is named."""
    from platformdirs import user_data_path

    return user_data_path(_APPLICATION, appauthor=False) / "library"


def load_settings(environment: Optional[Mapping[str, str]] = None) -> Settings:
    """Read the settings file and the environment; the environment wins.

    Raises:
        ConfigurationError: the file is not TOML, or a setting is unknown or of the wrong type.
    """
    environment = os.environ if environment is None else environment
    path = settings_path(environment)
    values = _read_toml(path)
    for field in Settings.model_fields:
        variable = environment.get(ENVIRONMENT_PREFIX + field.upper())
        if variable:
            values[field] = variable
    try:
        return Settings.model_validate(values)
    except ValidationError as exc:
        problem = exc.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        raise ConfigurationError(
            f"The setting “{name}” is not usable: {problem['msg']}.",
            hint=f"Correct it in {path} or in the variable {ENVIRONMENT_PREFIX}{name.upper()}.",
        ) from exc


def _read_toml(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as exc:
        raise ConfigurationError(f"The settings file {path} is not TOML: {exc}.", hint="Correct that line.") from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"The settings file {path} cannot be read: {exc}.") from exc
