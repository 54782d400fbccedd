"""What every source file keeps to, beyond what ruff and mypy check."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest
from source_tree import PACKAGES, module_name, parsed, project_files, python_files, shown

SOURCES = python_files(*PACKAGES)
LINE_LIMIT = 400
# Tests, and the contract suites that are shipped, are lists: they are read one entry at a time.
TEST_LINE_LIMIT = 600
FUNCTION_LIMIT = 60
# A longer file stands here with the reason why it is better whole.
LONG_FILES = {
    "docs/demo/make_demo_files.py": "it builds one scene in Blender, told from front to back; no part of the packages"
}
VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "stuff", "tools", "shared", "base_utils"}
# Base classes that declare or carry no methods of ours: what stands below them is documented there.
PLAIN_BASES = {"ABC", "Protocol", "Enum", "str", "Exception", "BaseModel", "Model", "Request", "NamedTuple", "Generic"}


def is_migration(path: Path) -> bool:
    """Whether alembic alone can load this file, and lists of columns make its functions long."""
    return "migrations" in path.parts


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=shown)


@each(python_files())
def test_a_file_is_read_by_the_oldest_python_when_it_is_parsed(path: Path) -> None:
    assert isinstance(parsed(path), ast.Module)


@each(python_files())
def test_a_file_names_its_concept_when_it_is_looked_for(path: Path) -> None:
    assert path.stem.strip("_") not in VAGUE
    assert path.parent.name not in VAGUE


@each(python_files())
def test_a_file_is_short_enough_to_read_when_it_has_no_reason_to_be_long(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    is_test = shown(path).startswith(("tests/", "bifrost_core/testing/"))
    limit = TEST_LINE_LIMIT if is_test else LINE_LIMIT
    if shown(path) in LONG_FILES:
        assert lines > limit, "it is short again: take it off the list"
    else:
        assert lines <= limit


@each([path for path in SOURCES if not is_migration(path)])
def test_functions_are_short_enough_to_read_when_they_are_counted(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LIMIT, f"{node.name} has {length} lines"


def is_public(node: ast.stmt) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_")


def undocumented(node: ast.AST, where: str) -> list[str]:
    assert isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
    found = [] if ast.get_docstring(node) else [where]
    if isinstance(node, ast.ClassDef):
        bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
        if len(bases) < len(node.bases) or bases - PLAIN_BASES:
            return found
    if isinstance(node, (ast.Module, ast.ClassDef)):
        for inner in node.body:
            # A setter is documented by its property, and the name of a test says what it tests.
            name = getattr(inner, "name", "")
            if is_public(inner) and not name.startswith("test_") and not getattr(inner, "decorator_list", []):
                found += undocumented(inner, f"{where}.{name}")
    return found


@each(SOURCES)
def test_everything_public_has_a_docstring_when_it_is_read(path: Path) -> None:
    tree = parsed(path)
    if tree.body:
        assert undocumented(tree, module_name(path)) == []


def declared_names(path: Path) -> list[str]:
    for node in parsed(path).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    return []


@each([path for path in SOURCES if declared_names(path)])
def test_all_holds_what_the_module_has_when_it_is_imported(path: Path) -> None:
    names = declared_names(path)
    assert len(set(names)) == len(names)
    module = importlib.import_module(module_name(path))
    assert [name for name in names if not hasattr(module, name)] == []


@each([path for path in SOURCES if path.name not in ("__init__.py", "__main__.py") and not is_migration(path)])
def test_what_others_may_use_is_declared_when_a_module_has_public_parts(path: Path) -> None:
    module = importlib.import_module(module_name(path))
    public = {
        name
        for name, value in vars(module).items()
        if name.isidentifier()  # pydantic keeps generics that it made, as Page[Asset], where they were first named
        and not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    }
    assert public <= set(declared_names(path))


# Spelled so that this file does not hold what it looks for.
MACHINE_PATHS = re.compile(
    "|".join(
        [
            *(rf"(?<![\w.]){folder}/" for folder in ("/" + "root", "/" + "work", "/" + "home/[a-z]\\w*", "/" + "tmp")),
            "index" + "-url",
            "/" + "simple/",
            '"resolved": ' + '"http',
            "file:" + "///opt",
        ]
    )
)


def test_no_path_of_a_machine_is_in_the_project_when_its_texts_are_searched() -> None:
    found = []
    for path in project_files():
        content = path.read_bytes()
        if b"\0" in content[:4096]:
            continue
        for number, line in enumerate(content.decode("utf-8").splitlines(), start=1):
            if MACHINE_PATHS.search(line):
                found.append(f"{shown(path)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_a_path_of_a_machine_would_be_seen_when_a_line_held_one() -> None:
    for line in ("cd /" + "root/x", "open('/" + "tmp/a')", "--extra-index" + "-url=x", "/" + "home/anna/b"):
        assert MACHINE_PATHS.search(line), line
    for line in ("PROJECT/work/hero", "docs/tmp/x", "https://example.com/home/"):
        assert not MACHINE_PATHS.search(line), line


def test_no_large_file_is_in_the_project_when_someone_clones_it() -> None:
    assert [shown(path) for path in project_files() if path.stat().st_size > 512 * 1024] == []
