"""Names: checked once, here, at the edge.

A name that passes is safe as one part of a path on Linux, Windows and macOS, as one part of a reference, and on
a command line. Names are stored in Unicode form NFC as they were written; two names are the same when their
:func:`name_key` is.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Callable

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

__all__ = [
    "VIEW_PATH_LIMIT",
    "AssetName",
    "EpisodeName",
    "FilePath",
    "KindName",
    "Login",
    "ProductName",
    "ProjectCode",
    "RepresentationName",
    "SequenceName",
    "ShotName",
    "StatusName",
    "Tag",
    "TaskType",
    "check_file_path",
    "check_name",
    "file_extension",
    "file_key",
    "name_key",
    "path_length",
]

VIEW_PATH_LIMIT = 195
"""Most characters of a path below a view's root; with a root of up to 44 a whole path stays under 240.

The limits of the names below are chosen so that one file of the longest names fits, its extension up to 12 characters
and its version number up to six digits.
"""

FILE_PATH_LIMIT = 160
_WINDOWS_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"} | {
    f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789¹²³"
}
_WINDOWS_FORBIDDEN = set('<>:"/\\|?*')
# Nearly all names are of these; a list of hundreds of versions, or 5,000 frames, is checked fast.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_PLAIN_FILE = re.compile(r"([A-Za-z0-9_-]+)(?:\.[A-Za-z0-9_-]+)*")
_VERSION_LIKE = re.compile(r"v\d+", re.IGNORECASE)
# Behind these stands another extension that tells the kind: fog.bgeo.sc, points.ply.gz.
_COMPRESSIONS = {".gz", ".bz2", ".xz", ".zst", ".sc", ".lz4"}
# Letters and marks that show nothing: two names that differ only in them look the same.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def name_key(name: str) -> str:
    """Return what ``name`` is compared by: letter case and compatible forms of letters do not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def file_key(path: str) -> str:
    """Return what names of files are compared by: two with one key would be one file on Windows or macOS."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def file_extension(path: str) -> str:
    """Return the extension of a file name with its dot, both parts of one like ``.bgeo.sc``; "" if there is none.

    A leading dot begins none, and digits alone (a frame) or words with spaces are none.
    """
    name = path.rpartition("/")[2]
    stem, last = _split_extension(name)
    if last.casefold() in _COMPRESSIONS:
        return _split_extension(stem)[1] + last
    return last


def _split_extension(name: str) -> tuple[str, str]:
    stem, dot, last = name.rpartition(".")
    if not dot or not stem.strip(".") or " " in last or not any(char.isalpha() for char in last):
        return name, ""
    return stem, dot + last


def path_length(path: str) -> int:
    """Return the length of a path as Windows counts it: characters beyond the first 65,536 count twice."""
    return len(path.encode("utf-16-le", "surrogatepass")) // 2


def _reject(message: str, **context: object) -> PydanticCustomError:
    return PydanticCustomError("name", message, context)


def check_name(name: str, what: str, limit: int) -> str:
    """Return ``name`` in NFC, or raise the error that says what is wrong with it.

    Args:
        name: the name as written.
        what: what it names, for the message: "asset name".
        limit: the most characters it may have; in UTF-8 it may take twice as many bytes.
    """
    if _PLAIN_NAME.fullmatch(name) and len(name) <= limit and name.lower() not in _WINDOWS_RESERVED:
        return name
    name = unicodedata.normalize("NFC", name)
    if not name:
        raise _reject("the {what} is empty", what=what)
    _check_length(name, what, limit)
    for char in name:
        if not _is_name_character(char):
            raise _reject(
                "the {what} “{name}” contains {char}; use letters, digits, dots, - and _",
                what=what,
                name=_printable(name),
                char=_described(char),
            )
    if not (name[0] == "_" or unicodedata.category(name[0])[0] in "LN"):
        raise _reject("the {what} “{name}” must begin with a letter, a digit or _", what=what, name=name)
    if name.endswith(".") or ".." in name:
        raise _reject("the {what} “{name}” must not end with a dot or contain two dots in a row", what=what, name=name)
    if _is_windows_reserved(name):
        raise _reject("the {what} “{name}” is reserved by Windows; choose another", what=what, name=name)
    return name


def _check_length(name: str, what: str, limit: int) -> None:
    length, size = path_length(name), len(name.encode("utf-8", "surrogatepass"))
    if length > limit:
        raise _reject(
            "the {what} “{name}” has {length} characters; at most {limit} are allowed",
            what=what,
            name=_printable(name[:60]),
            length=length,
            limit=limit,
        )
    if size > 2 * limit:
        raise _reject(
            "the {what} “{name}” takes {size} bytes in UTF-8; at most {limit} are allowed",
            what=what,
            name=_printable(name),
            size=size,
            limit=2 * limit,
        )


def _is_name_character(char: str) -> bool:
    category = unicodedata.category(char)
    return char in "_-." or ((category[0] in "LN" or category in ("Mn", "Mc")) and not _INVISIBLE.match(char))


def _is_windows_reserved(part: str) -> bool:
    return part.split(".", maxsplit=1)[0].rstrip(" ").casefold() in _WINDOWS_RESERVED


def _described(char: str) -> str:
    if char == " ":
        return "a space"
    if char.isprintable() and not _INVISIBLE.match(char):
        return f"“{char}”"
    return f"the character U+{ord(char):04X}"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def check_file_path(path: str) -> str:
    """Return the relative path of a published file in NFC with ``/`` between its parts, or raise.

    File names keep what artists gave them, spaces too; refused is only what some system cannot store
    or what would leave the folder.
    """
    plain = _PLAIN_FILE.fullmatch(path)
    if plain and len(path) <= FILE_PATH_LIMIT and plain[1].lower() not in _WINDOWS_RESERVED:
        return path
    path = unicodedata.normalize("NFC", path)
    if not path or path_length(path) > FILE_PATH_LIMIT:
        raise _reject(
            "the file name “{name}” must have 1 to {limit} characters",
            name=_printable(path[:80]),
            limit=FILE_PATH_LIMIT,
        )
    for part in path.split("/"):
        problem = _file_part_problem(part)
        if problem:
            raise _reject("the file name “{name}” {problem}", name=_printable(path), problem=problem)
    return path


def _file_part_problem(part: str) -> str:
    if part in ("", ".", ".."):
        return "is not a plain relative path"
    for char in part:
        if char in _WINDOWS_FORBIDDEN or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
            return f"contains {_described(char)}, which not every system can store"
    if part[-1] in ". ":
        return "has a part that ends with a dot or a space, which Windows drops"
    if _is_windows_reserved(part):
        return f"has the part “{part}”, which Windows reserves"
    if len(part.encode("utf-8")) > 255:
        return "has a part of more than 255 bytes"
    return ""


def _name_type(what: str, limit: int) -> Callable[[str], str]:
    def check(name: str) -> str:
        return check_name(name, what, limit)

    return check


def _check_product(name: str) -> str:
    name = check_name(name, "product name", 24)
    if _VERSION_LIKE.fullmatch(name):
        raise _reject("the product name “{name}” looks like a version number; choose another", name=name)
    return name


def _check_representation(name: str) -> str:
    name = check_name(name, "representation name", 16)
    if "." in name:
        # In a view `usd.gz` could be the folder of one representation and the file of another.
        raise _reject("the representation name “{name}” must not contain a dot; use _ or -", name=name)
    return name


def _check_login(login: str) -> str:
    # Logins of directories are often mail addresses.
    check_name(login.replace("@", "_").replace("+", "_"), "login", 64)
    return unicodedata.normalize("NFC", login)


def _check_tag(tag: str) -> str:
    return check_name(tag, "tag", 32)


ProjectCode = Annotated[str, AfterValidator(_name_type("project code", 16))]
AssetName = Annotated[str, AfterValidator(_name_type("asset name", 36))]
EpisodeName = Annotated[str, AfterValidator(_name_type("episode name", 16))]
SequenceName = Annotated[str, AfterValidator(_name_type("sequence name", 16))]
ShotName = Annotated[str, AfterValidator(_name_type("shot name", 20))]
ProductName = Annotated[str, AfterValidator(_check_product)]
RepresentationName = Annotated[str, AfterValidator(_check_representation)]
KindName = Annotated[str, AfterValidator(_name_type("kind", 24))]
TaskType = Annotated[str, AfterValidator(_name_type("task type", 24))]
StatusName = Annotated[str, AfterValidator(_name_type("status", 24))]
Tag = Annotated[str, AfterValidator(_check_tag)]
Login = Annotated[str, AfterValidator(_check_login)]
FilePath = Annotated[str, AfterValidator(check_file_path)]
