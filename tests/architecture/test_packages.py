"""The tree, and whether pyproject.toml tells the truth about it."""

from __future__ import annotations

import re
import sys

import pytest
from source_tree import PACKAGES, ROOT, parsed, project_files, pyproject, python_files, shown

import bifrost_core

TOP_FOLDERS = {".ci", "benchmarks", "bifrost_core", "cli", "docs", "gui", "plugins", "server", "tests"}
CORE_PARTS = {
    *("database", "formats", "models", "operations", "services", "storage", "testing", "workflows"),
    *("__init__.py", "bootstrap.py", "errors.py", "py.typed", "settings.py"),
}


def test_the_top_of_the_tree_is_that_of_the_design_when_it_is_listed() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in project_files() if path.parent != ROOT}
    assert folders <= TOP_FOLDERS, "another folder needs a decision record"


def test_the_core_has_the_parts_of_the_design_when_it_is_listed() -> None:
    top = ROOT / "bifrost_core"
    parts = {path.relative_to(top).parts[0] for path in project_files() if top in path.parents}
    assert parts <= CORE_PARTS


def test_the_wheel_holds_every_package_when_it_is_built() -> None:
    listed = set(pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    tops = {path.relative_to(ROOT).parts[0] for path in python_files()} - {"tests", "benchmarks", "docs"}
    assert listed == set(PACKAGES)
    assert {package.split("/")[0] for package in listed} == tops


def test_every_folder_of_a_package_is_one_itself_when_it_holds_python() -> None:
    folders = {path.parent for path in python_files(*PACKAGES)}
    assert [shown(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_the_version_is_the_same_when_it_stands_twice() -> None:
    assert pyproject()["project"]["version"] == bifrost_core.__version__


def test_commands_exist_when_the_project_declares_them() -> None:
    for target in pyproject()["project"]["scripts"].values():
        module, _, function = target.partition(":")
        (path,) = (ROOT / "cli").joinpath(*module.split(".")[:-1]).glob(f"{module.split('.')[-1]}.py")
        assert function in {getattr(node, "name", "") for node in parsed(path).body}


def test_this_python_is_a_supported_one_when_the_tests_run_on_it() -> None:
    minimum = re.search(r"(\d+)\.(\d+)", pyproject()["project"]["requires-python"])
    assert minimum
    assert sys.version_info >= (int(minimum[1]), int(minimum[2]))


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "CONTRIBUTING.md", "Makefile", "pyproject.toml", ".ci/run"])
def test_a_file_that_people_look_for_is_there_when_they_open_the_project(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0
