"""The tree of dependencies."""

from __future__ import annotations

from bifrost_cli.tree import Branch, draw


def branches(*keys: str) -> list[Branch]:
    return [Branch(key, key) for key in keys]


def test_tree_is_drawn_with_its_levels_when_it_branches() -> None:
    children = {"comp": branches("render", "grade"), "render": branches("model"), "model": branches("wood")}
    assert list(draw(Branch("comp", "comp"), children)) == [
        "comp",
        "├─ render",
        "│  └─ model",
        "│     └─ wood",
        "└─ grade",
    ]


def test_tree_is_plain_when_the_console_has_no_lines() -> None:
    assert list(draw(Branch("a", "a"), {"a": branches("b", "c")}, plain=True)) == ["a", "|- b", "`- c"]


def test_tree_draws_a_subtree_once_when_it_is_used_twice() -> None:
    children = {"a": branches("b", "c"), "b": branches("d"), "c": branches("d"), "d": branches("e")}
    assert list(draw(Branch("a", "a"), children)) == [
        "a",
        "├─ b",
        "│  └─ d",
        "│     └─ e",
        "└─ c",
        "   └─ d, see above",
    ]


def test_tree_ends_when_the_links_form_a_ring() -> None:
    assert list(draw(Branch("a", "a"), {"a": branches("b"), "b": branches("a")})) == ["a", "└─ b", "   └─ a, see above"]


def test_tree_is_drawn_when_it_is_deeper_than_the_stack() -> None:
    children = {str(level): branches(str(level + 1)) for level in range(5000)}
    assert len(list(draw(Branch("0", "0"), children))) == 5001
