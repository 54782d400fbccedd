"""Where a version's files stand in a view: a tree that people can read.

::

    DEMO/assets/hero/model/v003/hero_model_v003.blend        one file, representation `blend`
    DEMO/assets/hero/model/v003/hero_model_v003_proxy.blend  one file, representation `proxy`
    DEMO/assets/hero/model/v003/usd/hero.usda                several files keep their own names,
    DEMO/assets/hero/model/v003/usd/textures/skin.png        so that links between them hold
    DEMO/shots/sq010/sh020/comp/v001/exr/sh020.1001.exr      as do the frames of a sequence

No two representations of a version share a path, whatever the letter case: a file here has an extension, a folder has
none, and a representation's name has no dot.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from bifrost_core.errors import PublishRejected
from bifrost_core.models.files import Representation
from bifrost_core.models.names import VIEW_PATH_LIMIT, file_extension, name_key, path_length
from bifrost_core.models.reference import EntityPath, version_label

__all__ = ["check_lengths", "representation_path", "stands_in_folder", "version_folder", "view_paths"]

_PART_LIMIT = 255
"""Most bytes of one part of a path, on every common file system."""


def version_folder(entity: EntityPath, product: str, number: int) -> PurePosixPath:
    """Return the folder of a version, relative to the view's root."""
    return PurePosixPath(entity.project, *entity.parts, product, version_label(number))


def stands_in_folder(representation: Representation) -> bool:
    """Return whether the files stand in a folder under their own names: several, a set, or one without extension."""
    several = len(representation.files) > 1 or representation.pattern is not None
    return several or not file_extension(representation.files[0].name)


def representation_path(entity: EntityPath, product: str, number: int, representation: Representation) -> PurePosixPath:
    """Return the one file of a representation, or the folder of its files, relative to the view's root."""
    folder = version_folder(entity, product, number)
    if stands_in_folder(representation):
        return folder / representation.name
    extension = file_extension(representation.files[0].name)
    stem = f"{entity.name}_{product}_{version_label(number)}"
    if name_key(extension.split(".")[1]) == name_key(representation.name):
        return folder / f"{stem}{extension}"
    return folder / f"{stem}_{representation.name}{extension}"


def view_paths(
    entity: EntityPath, product: str, number: int, representation: Representation
) -> tuple[PurePosixPath, ...]:
    """Return where each file of a representation stands, in the order of its files, relative to the view's root."""
    path = representation_path(entity, product, number, representation)
    if stands_in_folder(representation):
        return tuple(path / file.name for file in representation.files)
    return (path,)


def check_lengths(entity: EntityPath, product: str, number: int, representation: Representation) -> None:
    """Refuse paths that some systems could not open.

    Raises:
        PublishRejected: a path below the view's root has more than ``VIEW_PATH_LIMIT`` characters, or a part of it more
            than 255 bytes.
    """
    paths = view_paths(entity, product, number, representation)
    longest = max(paths, key=lambda path: path_length(str(path)))
    length = path_length(str(longest))
    if length > VIEW_PATH_LIMIT:
        raise PublishRejected(
            f"The path “{longest}” would have {length} characters; at most {VIEW_PATH_LIMIT} are allowed, "
            "so that it opens on Windows too.",
            hint="Shorten the file's name or the folders that it stands in.",
            details={"path": str(longest), "limit": VIEW_PATH_LIMIT},
        )
    for path in paths:
        if len(path.name.encode("utf-8")) > _PART_LIMIT:
            raise PublishRejected(
                f"The file name “{path.name}” would have more than {_PART_LIMIT} bytes, which no system can store.",
                hint="Shorten the file's extension.",
                details={"path": str(path), "limit": _PART_LIMIT},
            )
