"""Maya ASCII scenes: the files that they reference and the textures and caches that their nodes name.

Maya reads relative paths from the project's folder, the one with a ``workspace.mel``; references that stand beside
the scene are found there too. Binary scenes (``.mb``) are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bifrost_core.formats.blocks import read_blocks, text

__all__ = ["named_files", "project_folder"]

_COPY_NUMBER = re.compile(r"\{[0-9]+\}$")
_PATHS = {
    "file": "ftn",
    "imagePlane": "imn",
    "gpuCache": "cfn",
    "AlembicNode": "fn",
    "mayaUsdProxyShape": "fp",
    "aiStandIn": "dso",
    "aiImage": "filename",
}
_STRING = rb'"(?:[^"\\]|\\.)*"'
_STRINGS = re.compile(_STRING, re.DOTALL)
_ATTRIBUTES = "|".join(("uvt", *_PATHS.values())).encode()
_STATEMENT = re.compile(
    rb"^createNode (?P<node>\w+)"
    rb"|^file\s+-r\s(?P<reference>[^\n]*(?:\n[ \t][^\n]*)*)"
    rb'|^[ \t]*setAttr (?:-\w+ \w+ )*"\.(?P<attribute>' + _ATTRIBUTES + rb')" (?P<value>(?:' + _STRING + rb'|[^";])*);',
    re.MULTILINE,
)
_UDIM_TILING = "3"
_TILE = re.compile(r"1[0-9]{3}(?=\.[^./]+$)")


def named_files(path: Path) -> Iterator[str]:
    """Yield the paths that a Maya ASCII scene names, as they are written; UDIM textures with ``<UDIM>``.

    Raises:
        OSError: the file cannot be read.
    """
    node, tiling = "", ""
    for block in read_blocks(path, b";\n"):
        for match in _STATEMENT.finditer(block):
            if match.group("node"):
                node, tiling = match.group("node").decode("ascii", "replace"), ""
            elif match.group("reference"):
                yield from _last_string(match.group("reference"))
            elif match.group("attribute") == b"uvt":
                tiling = match.group("value").decode("ascii", "replace").strip()
            elif match.group("attribute").decode("ascii", "replace") == _PATHS.get(node):
                yield from _tiled(_joined(match.group("value")), tiling)


def project_folder(path: Path) -> Path:
    """Return the folder of the Maya project that a scene stands in: the one with its ``workspace.mel``, or its own."""
    for folder in path.parents:
        if (folder / "workspace.mel").is_file():
            return folder
    return path.parent


def _last_string(statement: bytes) -> list[str]:
    strings = _STRINGS.findall(statement)
    return [_COPY_NUMBER.sub("", _unescaped(strings[-1]))] if strings else []


def _joined(value: bytes) -> str:
    """Return the string of ``-type "string" "a"``, or of ``( "a" + "b" )``, as Maya breaks long ones."""
    return "".join(_unescaped(part) for part in _STRINGS.findall(value)[1:])


def _unescaped(string: bytes) -> str:
    return re.sub(r"\\(.)", r"\1", text(string[1:-1]))


def _tiled(name: str, tiling: str) -> list[str]:
    if not name:
        return []
    return [_TILE.sub("<UDIM>", name) if tiling == _UDIM_TILING else name]
