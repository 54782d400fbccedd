from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_strategies import ANY_TEXT, LIMITS, check_of, valid_names
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from bifrost_core.models import names
from bifrost_core.models.names import check_file_path, check_name, file_extension, file_key, name_key, path_length

RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(\..*)?", re.IGNORECASE)


def is_clean(message: str) -> bool:
    """Whether a message can be printed as it is, in one line, on any terminal."""
    return message.isprintable() and len(message) < 600


def is_safe_part(part: str) -> bool:
    """Whether a path part means itself on Linux, Windows and macOS; written apart from the code that it judges."""
    return (
        PurePosixPath(part).parts == (part,)
        and PureWindowsPath(part).parts == (part,)
        and part not in (".", "..")
        and not RESERVED.fullmatch(part)
        and not re.search(r'[\x00-\x1f\x7f<>:"/\\|?*]', part)
        and part[-1] not in ". "
        and len(part.encode("utf-8")) <= 255
    )


@pytest.mark.parametrize("what", LIMITS)
@given(text=ANY_TEXT)
def test_any_text_passes_or_is_refused_cleanly_when_it_is_checked_as_a_name(what: str, text: str) -> None:
    annotated, limit = LIMITS[what]
    try:
        name = TypeAdapter(annotated).validate_python(text)
    except ValidationError as exc:
        (problem,) = exc.errors()
        assert problem["type"] == "name"
        assert is_clean(problem["msg"]), problem["msg"]
    else:
        assert is_safe_part(name)
        assert path_length(name) <= limit
        assert name == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("what", LIMITS)
@given(data=st.data())
def test_a_name_stays_as_it_is_when_it_is_checked_again(what: str, data: st.DataObject) -> None:
    name = data.draw(valid_names(what))
    assert check_of(LIMITS[what][0])(name) == name


def test_every_single_character_is_safe_when_it_passes() -> None:
    passed = 0
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        # The 900,000 unassigned and private ones are all refused by one rule: a few of them will do.
        if unicodedata.category(char) in ("Cn", "Co") and code % 997:
            continue
        try:
            name = check_name(f"a{char}b", "asset name", 36)
        except PydanticCustomError as exc:
            assert is_clean(exc.message()), hex(code)
        else:
            passed += 1
            assert is_safe_part(name), hex(code)
            assert not re.search(r"[\s@:/?#%&=]", name), f"{code:x} has a meaning in a reference"
    assert passed > 100_000


@given(name=valid_names("asset"))
def test_a_file_of_that_name_can_be_made_when_the_name_passes(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("name")
    (folder / name).write_bytes(b"x")
    # macOS may hand the name back in another Unicode form.
    assert [unicodedata.normalize("NFC", found.name) for found in folder.iterdir()] == [name]


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "-rf", ".hidden", "a..b", "hero.", "a b", "a/b", "a\\b", "a:b", "a\x00b", "a\nb", "a\u202eb"),
        *("CON", "con", "nul.txt", "Com1", "LPT9.geo", "com¹", "aux.model.v1"),
        *("a@b", "a#b", "a%b", "a?b", "a*b", "a|b", 'a"b', "a<b", "a>b", "$HOME", "~", "a;b", "a&b", "a`b", "a'b"),
        *("\ud800", "a\udcffb", "\u0301", "he\u200dro", "\u3164", "hero\ufe0f", "a\u034fb", "a" * 37, "語" * 25),
    ],
)
def test_a_name_is_refused_when_some_system_or_reader_would_stumble_over_it(name: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        check_name(name, "asset name", 36)
    assert is_clean(caught.value.message())
    assert "asset name" in caught.value.message()


@pytest.mark.parametrize(
    "name",
    ["hero", "_old", "Hero-2.1", "7of9", "Ærlig", "герой", "主人公", "नायक", "नमस्ते", "ヒーロー", "console", "com10"],
)
def test_a_name_passes_when_it_is_one_of_any_script(name: str) -> None:
    assert check_name(name, "asset name", 36) == name


def test_the_message_tells_the_character_when_one_is_not_allowed() -> None:
    with pytest.raises(PydanticCustomError, match="contains a space; use letters, digits, dots, - and _"):
        check_name("big hero", "asset name", 36)
    with pytest.raises(PydanticCustomError, match=r"U\+3164"):
        check_name("a\u3164", "asset name", 36)


def test_a_name_is_composed_when_it_was_written_with_separate_accents() -> None:
    assert check_name("he\u0301ro", "asset name", 36) == "h\u00e9ro"


def test_names_are_counted_as_windows_does_when_they_have_rare_letters() -> None:
    assert path_length("a\U00020000") == 3
    with pytest.raises(PydanticCustomError, match="has 40 characters"):
        check_name("\U00020000" * 20, "asset name", 36)


@given(name=valid_names("asset"))
def test_keys_are_equal_when_names_differ_in_case_or_form_only(name: str) -> None:
    key = name_key(name)
    assert name_key(key) == key
    assert name_key(unicodedata.normalize("NFD", name)) == key
    assert name_key(unicodedata.normalize("NFKC", name)) == key
    assert name_key(name.casefold()) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hero", "hERO"),
        ("Straße", "STRASSE"),
        ("\uff48\uff45\uff52\uff4f", "hero"),
        ("e\u0301", "\u00c9"),
        ("ﬁsh", "FISH"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ],
)
def test_keys_are_equal_when_people_would_mistake_the_names(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_keys_differ_when_names_do() -> None:
    assert len({name_key(name) for name in ("hero", "hero2", "her", "héro", "he_ro", "he-ro")}) == 6


def test_no_key_holds_a_separator_when_its_name_passes() -> None:
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code))[0] in "LNM":
            assert not set(name_key(chr(code))) & set("/\\:@\0"), hex(code)


@pytest.mark.parametrize("name", ["v1", "V003", "v0", "v٣"])
def test_a_product_name_is_refused_when_it_looks_like_a_version(name: str) -> None:
    with pytest.raises(PydanticCustomError, match="looks like a version"):
        check_of(names.ProductName)(name)


def test_a_representation_name_is_refused_when_it_has_a_dot() -> None:
    with pytest.raises(PydanticCustomError, match="must not contain a dot"):
        check_of(names.RepresentationName)("usd.gz")


@pytest.mark.parametrize("login", ["anna", "anna@studio.example", "anna+fx@studio.example", "a.b", "Ödön"])
def test_a_login_passes_when_it_is_a_name_or_a_mail_address(login: str) -> None:
    assert check_of(names.Login)(login) == login


@given(text=ANY_TEXT)
def test_any_text_passes_or_is_refused_cleanly_when_it_is_checked_as_a_file(text: str) -> None:
    try:
        path = check_file_path(text)
    except PydanticCustomError as exc:
        assert is_clean(exc.message())
    else:
        assert all(is_safe_part(part) for part in path.split("/"))
        assert path_length(path) <= names.FILE_PATH_LIMIT


@pytest.mark.parametrize(
    "path", ["a b.png", "textures/skin (final).png", "sh010.%04d.exr", "@2x.png", ".alembic", "größe.usd", "[1].exr"]
)
def test_a_file_keeps_its_name_when_every_system_can_store_it(path: str) -> None:
    assert check_file_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        *("", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", "C:/x", "a\\b", "a\0", "a\n", "x.", "x ", "a /b"),
        *("con", "a/NUL.exr", "x" * 161, "é" * 128, "skin.<UDIM>.png", "a?b", "\udcff.png"),
    ],
)
def test_a_file_is_refused_when_some_system_cannot_store_it_or_it_leaves_its_folder(path: str) -> None:
    with pytest.raises(PydanticCustomError):
        check_file_path(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *(("hero.usda", ".usda"), ("a.b/hero", ""), ("tex/Skin.PNG", ".PNG"), ("fog.bgeo.sc", ".bgeo.sc")),
        *(("cache.0001.gz", ".gz"), ("a.gz", ".gz"), (".alembic", ""), ("..a", ""), ("sh010.1001", ""), ("x.", "")),
        *(("hero.v2 of Bo", ""), ("hero.final.blend", ".blend"), ("clip.mp4", ".mp4"), ("", "")),
    ],
)
def test_an_extension_is_what_tells_the_kind_when_a_file_has_one(path: str, expected: str) -> None:
    assert file_extension(path) == expected


def test_file_keys_are_equal_only_when_a_file_system_would_mix_the_files_up() -> None:
    assert file_key("Tex/Skin.PNG") == file_key("tex/skin.png")
    assert file_key("e\u0301.png") == file_key("É.png")
    assert file_key("cm².png") != file_key("cm2.png")
