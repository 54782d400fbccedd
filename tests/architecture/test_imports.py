"""Who may import whom, and what may be loaded when."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
from source_tree import PACKAGES, ROOT, module_name, pyproject, python_files

HEAVY = {"sqlalchemy", "alembic", "click", "rich", "fileseq", "fastjsonschema", "platformdirs"}


def loaded_by(statements: str) -> set[str]:
    """Return the top-level modules that a fresh Python has loaded after these statements."""
    code = f"{statements}\nimport sys\nprint(*sorted(sys.modules))"
    command = [sys.executable, "-c", code]
    environment_paths = [str((ROOT / package).parent) for package in PACKAGES]
    prefix = f"import sys\nsys.path[:0] = {environment_paths!r}\n"
    command[-1] = prefix + code
    found = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout.split()
    return {name.partition(".")[0] for name in found}


def imports_of(*packages: str) -> str:
    names = [module_name(path) for package in packages for path in python_files(f"bifrost_core/{package}")]
    assert names, packages
    return "\n".join(f"import {name}" for name in names)


# Python 3.9 has no current import-linter; `make lint` runs the same contracts.
if importlib.util.find_spec("importlinter"):

    def test_imports_run_down_when_the_contracts_are_checked() -> None:
        command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
        command.append("--no-cache")
        checked = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_part_of_the_core_has_its_layer_when_the_contracts_are_read() -> None:
    (contract,) = (item for item in pyproject()["tool"]["importlinter"]["contracts"] if item["type"] == "layers")
    layers = {name.strip() for layer in contract["layers"] for name in layer.split("|")}
    parts = {".".join(module_name(path).split(".")[:2]) for path in python_files("bifrost_core")} - {"bifrost_core"}
    assert parts == layers


@pytest.mark.parametrize("package", ["models", "operations"])
def test_nothing_heavy_is_loaded_when_the_seams_are_imported(package: str) -> None:
    assert not loaded_by(imports_of(package)) & HEAVY


@pytest.mark.parametrize("package", ["storage", "formats", "workflows"])
def test_no_database_is_loaded_when_a_client_is_imported(package: str) -> None:
    assert not loaded_by(imports_of(package)) & {"sqlalchemy", "alembic"}


def test_nothing_is_loaded_when_only_the_package_is_imported() -> None:
    assert not loaded_by("import bifrost_core") & (HEAVY | {"pydantic"})


def test_no_command_or_database_is_loaded_when_the_command_line_starts() -> None:
    loaded = loaded_by("import bifrost_cli.main")
    assert not loaded & {"sqlalchemy", "alembic", "pydantic", "rich", "fileseq"}
