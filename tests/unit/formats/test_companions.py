"""Companions: the files that a main file needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Optional

import pytest

from bifrost_core.errors import InvalidRequest
from bifrost_core.formats import blocks
from bifrost_core.formats.companions import CompanionFinder, Companions


def write(folder: Path, name: str, content: str = "") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8"))
    return path


def names(found: Companions) -> list[str]:
    return [file.relative_to(found.root).as_posix() for file in found.files]


def usda(*lines: str) -> str:
    return "#usda 1.0\n" + "\n".join(lines) + "\n"


def test_usd_layers_are_followed_to_their_textures(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        "hero.usda",
        usda("(", "  subLayers = [", "    @./geo/body.usda@,", "    @look.usda@", "  ]", ")"),
    )
    write(tmp_path, "geo/body.usda", usda('def "Body" (prepend payload = @../heavy.usda@</Body>) {}'))
    write(tmp_path, "heavy.usda", usda('def "Body" {}'))
    write(
        tmp_path, "look.usda", usda("asset inputs:file = @textures/skin.png@", "asset b = @@@textures/odd@name.png@@@")
    )
    write(tmp_path, "textures/skin.png")
    write(tmp_path, "textures/odd@name.png")
    found = CompanionFinder().find(main)
    assert found.root == tmp_path
    assert names(found) == ["geo/body.usda", "look.usda", "heavy.usda", "textures/skin.png", "textures/odd@name.png"]
    assert found.warnings == ()


def test_root_is_the_common_folder_when_a_layer_names_one_above(tmp_path: Path) -> None:
    main = write(tmp_path, "kit/assets/car/car.usda", usda("prepend references = @../../materials/red.usda@</red>"))
    write(tmp_path, "kit/materials/red.usda", usda("asset f = @../textures/red.jpg@"))
    write(tmp_path, "kit/textures/red.jpg")
    found = CompanionFinder().find(main)
    assert found.root == tmp_path / "kit"
    assert names(found) == ["materials/red.usda", "textures/red.jpg"]


def test_strings_and_comments_name_no_files(tmp_path: Path) -> None:
    write(tmp_path, "a.png")
    write(tmp_path, "b.png")
    main = write(
        tmp_path,
        "hero.usda",
        usda(
            '(doc = """Mail to me@a.png@here,',
            'said "she" @a.png@""")',
            'string note = "@a.png@ \\" @a.png@"',
            "string other = '@a.png@'",
            "# was: @a.png@",
            "asset f = @b.png@ # not @a.png@",
        ),
    )
    assert names(CompanionFinder().find(main)) == ["b.png"]


def test_paths_are_found_when_the_layer_is_larger_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_BLOCK", 64)
    filler = [f"point3f[] p{index} = [({index}, 2, 3)]" for index in range(50)]
    doc = '"""' + "\n".join("@no.png@ and more words" for _ in range(20)) + '"""'
    main = write(tmp_path, "hero.usda", usda(*filler, f"string doc = {doc}", "asset f = @yes.png@", *filler))
    write(tmp_path, "no.png")
    write(tmp_path, "yes.png")
    assert names(CompanionFinder().find(main)) == ["yes.png"]


def test_paths_are_found_when_a_line_is_longer_than_may_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_BLOCK", 64)
    monkeypatch.setattr(blocks, "_LONGEST", 256)
    points = ", ".join(f"({index}, 0, 0)" for index in range(500))
    main = write(tmp_path, "hero.usda", usda("asset a = @a.png@", f"point3f[] p = [{points}]", "asset b = @b.png@"))
    write(tmp_path, "a.png")
    write(tmp_path, "b.png")
    assert max(len(block) for block in blocks.read_blocks(main)) < 1000
    assert names(CompanionFinder().find(main)) == ["a.png", "b.png"]


def test_usd_layer_is_read_when_its_extension_leaves_its_form_open(tmp_path: Path) -> None:
    main = write(tmp_path, "hero.usd", usda("asset a = @crate.usd@"))
    (tmp_path / "crate.usd").write_bytes(b"PXR-USDC\0\0@x.png@")
    found = CompanionFinder().find(main)
    assert names(found) == ["crate.usd"]
    assert found.warnings == (
        "hero.usd needs binary USD, which is not read; what that names is not published with it: “crate.usd”.",
    )


def test_library_references_are_told_apart_from_files(tmp_path: Path) -> None:
    uri = "bifrost://DEMO/assets/chair/model?version=latest"
    main = write(tmp_path, "set.usda", usda(f"prepend references = @{uri}@", "asset a = @https://a.org/x.png@"))
    found = CompanionFinder().find(main)
    assert found.references == (uri,)
    assert (found.files, found.warnings) == ((), ())


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("/mnt/textures/skin.png", "absolute path"),
        ("C:/textures/skin.png", "absolute path"),
        ("$TEXTURES/skin.png", "absolute path"),
        ("gone/skin.png", "not there"),
        ("x" * 5000 + ".png", "not there"),
        ("./.secret/key.png", "hidden"),
    ],
)
def test_file_is_warned_of_when_it_cannot_come_along(tmp_path: Path, named: str, words: str) -> None:
    write(tmp_path, ".secret/key.png")
    found = CompanionFinder().find(write(tmp_path, "hero.usda", usda(f"asset a = @{named}@")))
    assert found.files == ()
    (warning,) = found.warnings
    assert words in warning
    assert named in warning


def test_warning_stays_short_when_many_files_lack(tmp_path: Path) -> None:
    lines = [f"asset a = @gone{index}.png@" for index in range(30)]
    (warning,) = CompanionFinder().find(write(tmp_path, "hero.usda", usda(*lines))).warnings
    assert warning == (
        "hero.usda needs files that are not there: “gone0.png”, “gone1.png”, “gone2.png”, “gone3.png” and 26 more."
    )


def test_nothing_is_taken_from_beside_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    main = write(home, "work/hero.usda", usda("asset a = @../private.png@", "asset b = @skin.png@"))
    write(home, "private.png")
    write(home, "work/skin.png")
    found = CompanionFinder().find(main)
    assert names(found) == ["skin.png"]
    assert "far outside" in found.warnings[0]
    in_home = write(home, "hero.usda", usda("asset a = @private.png@"))
    assert names(CompanionFinder().find(in_home)) == ["private.png"]


def test_search_ends_when_layers_name_each_other(tmp_path: Path) -> None:
    one = write(tmp_path, "one.usda", usda("asset a = @two.usda@", "asset b = @one.usda@"))
    two = write(tmp_path, "two.usda", usda("asset a = @one.usda@"))
    finder = CompanionFinder()
    assert finder.find(one).files == (two,)
    assert finder.find(two).files == (one,)
    assert finder.find(one, two).files == ()


def test_udim_tiles_come_along_when_a_texture_has_the_token(tmp_path: Path) -> None:
    for name in ("skin.1001.png", "skin.1002.png", "skin.2.png", "u1_v1.tif", "u1_v2.tif"):
        write(tmp_path, f"tex/{name}")
    main = write(
        tmp_path,
        "hero.usda",
        usda("asset a = @tex/skin.<UDIM>.png@", "asset b = @tex/<UVTILE>.tif@", "asset c = @<UDIM>@"),
    )
    found = CompanionFinder().find(main)
    assert names(found) == ["tex/skin.1001.png", "tex/skin.1002.png", "tex/u1_v1.tif", "tex/u1_v2.tif"]
    assert found.warnings == ("hero.usda needs files that are not there: “<UDIM>”.",)


def test_obj_brings_its_materials_and_their_textures(tmp_path: Path) -> None:
    main = write(tmp_path, "chair.obj", "# an obj\r\nmtllib my chair.mtl\r\nv 0 0 0\r\n")
    write(
        tmp_path,
        "my chair.mtl",
        "newmtl wood\n"
        "map_Kd -s 1 1 1 -o 0.5 0 wood grain.png\n"
        "bump -bm 0.3 tex\\bump.png\n"
        "map_Ks -clamp on -mm 0 1 -imfchan l tex/spec.png\n"
        "norm tex/normal.png\n"
        "# map_Kd old.png\n"
        "Kd 1 1 1\n",
    )
    for name in ("wood grain.png", "tex/bump.png", "tex/spec.png", "tex/normal.png", "old.png"):
        write(tmp_path, name)
    found = CompanionFinder().find(main)
    assert names(found) == ["my chair.mtl", "wood grain.png", "tex/bump.png", "tex/spec.png", "tex/normal.png"]
    assert found.warnings == ()


def test_obj_may_name_several_material_libraries(tmp_path: Path) -> None:
    main = write(tmp_path, "chair.obj", "mtllib one.mtl two.mtl\n")
    write(tmp_path, "one.mtl")
    write(tmp_path, "two.mtl")
    assert names(CompanionFinder().find(main)) == ["one.mtl", "two.mtl"]


def test_texture_may_look_like_a_number(tmp_path: Path) -> None:
    main = write(tmp_path, "a.mtl", "map_Kd -o 1 2 3 1.png\nmap_Ke -boost 2 7\n")
    write(tmp_path, "1.png")
    write(tmp_path, "7")
    assert names(CompanionFinder().find(main)) == ["1.png", "7"]


def test_gltf_brings_buffers_and_images(tmp_path: Path) -> None:
    document = {
        "buffers": [{"uri": "chair%20mesh.bin"}, {"uri": "data:application/octet-stream;base64,AAAA"}],
        "images": [{"uri": "tex/wood.png"}, {"bufferView": 0}],
    }
    main = write(tmp_path, "chair.gltf", json.dumps(document))
    write(tmp_path, "chair mesh.bin")
    write(tmp_path, "tex/wood.png")
    found = CompanionFinder().find(main)
    assert names(found) == ["chair mesh.bin", "tex/wood.png"]
    assert found.warnings == ()


@pytest.mark.parametrize("content", ["{", "[]", '{"buffers": 7, "images": [1, {"uri": 2}]}', "\xff"])
def test_gltf_has_no_companions_when_it_makes_no_sense(tmp_path: Path, content: str) -> None:
    found = CompanionFinder().find(write(tmp_path, "a.gltf", content))
    assert found.files == ()
    assert bool(found.warnings) == (content in ("{", "\xff"))


MAYA = """//Maya ASCII 2024 scene
file -rdi 1 -ns "rig" -rfn "rigRN" -op "v=0;p=17" -typ "mayaAscii" "refs/rig.ma";
file -r -ns "rig" -dr 1 -rfn "rigRN" -op "v=0;p=17" -typ
\t\t"mayaAscii" "refs/rig.ma{1}";
file -r -ns "far" -dr 1 -rfn "farRN" -typ "mayaAscii" "C:/show/far.ma";
requires maya "2024";
createNode mesh -n "bodyShape";
\tsetAttr ".ftn" -type "string" "trap.png";
\tsetAttr -s 3 ".pt[0:2]" -type "float3" 0 0 0
\t\t 1 1 1 ;
createNode file -n "skin";
\trename -uid "1";
\tsetAttr ".ftn" -type "string" "sourceimages//skin.png";
createNode file -n "tiles";
\tsetAttr ".uvt" 3;
\tsetAttr ".ftn" -type "string" "sourceimages/tile.1001.png";
createNode file -n "long";
\tsetAttr ".ftn" -type "string" (
\t\t"sourceimages/"
\t\t+ "long.png");
createNode gpuCache -n "cache";
\tsetAttr -k off ".cfn" -type "string" "cache\\\\\\\\wheel.abc";
createNode file -n "none";
\tsetAttr ".ftn" -type "string" "";
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_maya_scene_brings_references_textures_and_caches(tmp_path: Path, line_end: str) -> None:
    main = write(tmp_path, "scenes/hero.ma", MAYA.replace("\n", line_end))
    write(tmp_path, "workspace.mel")
    write(
        tmp_path,
        "scenes/refs/rig.ma",
        'createNode file -n "f";\n\tsetAttr ".ftn" -type "string" "sourceimages/rig.png";\n',
    )
    for name in ("skin.png", "tile.1001.png", "tile.1002.png", "long.png", "rig.png"):
        write(tmp_path, f"sourceimages/{name}")
    write(tmp_path, "scenes/trap.png")
    write(tmp_path, "cache/wheel.abc")
    found = CompanionFinder().find(main)
    assert found.root == tmp_path
    assert names(found) == [
        "scenes/refs/rig.ma",
        "sourceimages/skin.png",
        "sourceimages/tile.1001.png",
        "sourceimages/tile.1002.png",
        "sourceimages/long.png",
        "cache/wheel.abc",
        "sourceimages/rig.png",
    ]
    assert found.warnings == (
        "hero.ma needs files by absolute path, which are not published with it: “C:/show/far.ma”.",
    )


def test_maya_scene_may_be_written_in_an_old_code_page(tmp_path: Path) -> None:
    main = tmp_path / "hero.ma"
    main.write_bytes('createNode file -n "f";\n\tsetAttr ".ftn" -type "string" "Gesäß.png";\n'.encode("cp1252"))
    write(tmp_path, "Gesäß.png")
    assert names(CompanionFinder().find(main)) == ["Gesäß.png"]


@pytest.mark.parametrize("name", ["hero.blend", "hero.mb", "hero.abc", "hero.png", "hero"])
def test_binary_files_are_not_read(tmp_path: Path, name: str) -> None:
    found = CompanionFinder().find(write(tmp_path, name, "mtllib a.mtl\n@a.mtl@"))
    assert (found.root, found.files, found.warnings) == (tmp_path, (), ())


def test_folder_is_refused_when_a_file_is_expected(tmp_path: Path) -> None:
    (tmp_path / "hero.obj").mkdir()
    with pytest.raises(InvalidRequest, match="cannot be read"):
        CompanionFinder().find(tmp_path / "hero.obj")


def test_real_usd_kit_is_whole(fixture_files: Optional[Path]) -> None:
    kit = fixture_files and fixture_files / "usd" / "USD_Mini_Car_Kit"
    if not kit or not kit.is_dir():
        return
    found = CompanionFinder().find(kit / "assets/wheels/wheelNormal/asset/wheelNormalAsset.usda")
    assert found.root == kit
    assert names(found) == [
        "assets/wheels/wheelNormal/geo/wheelNormalGeo.usda",
        "materials/mediumGrey.usda",
        "materials/lightGrey.usda",
        "textures/global-colors/greymedium.jpg",
        "textures/global-colors/greylight.jpg",
    ]
    sedan = CompanionFinder().find(kit / "assets/vehicles/sedan/asset/sedanFullAsset.usda")
    assert len(sedan.files) == 12
    assert "wheelVariants.usda" in sedan.warnings[0]


def test_real_maya_scene_brings_the_reference_beside_it(fixture_files: Optional[Path]) -> None:
    scene = fixture_files and fixture_files / "maya" / "referenced" / "referenced_layers.ma"
    if not scene or not scene.is_file():
        return
    found = CompanionFinder().find(scene)
    assert names(found) == ["ref.ma"]
    assert "absolute path" in found.warnings[0]
