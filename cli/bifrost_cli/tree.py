"""Draws what depends on what as a tree of lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Branch", "draw"]


@dataclass(frozen=True)
class Branch:
    """A node: what it is known by, and what is written."""

    key: str
    text: str


def draw(top: Branch, children: Mapping[str, Sequence[Branch]], *, plain: bool = False) -> Iterator[str]:
    """Yield the lines of the tree below ``top``; what stands in it twice is drawn out only once.

    Args:
        top: the first line.
        children: the branches below each key.
        plain: with ASCII only, for a console that has no lines.
    """
    tee, corner, bar = ("|- ", "`- ", "|  ") if plain else ("├─ ", "└─ ", "│  ")
    drawn = {top.key}
    yield top.text
    # A stack and no recursion: chains of dependencies may be longer than Python's stack is deep.
    stack = [(iter(_marked(children.get(top.key, ()))), "")]
    while stack:
        branches, indent = stack[-1]
        branch, last = next(branches, (None, False))
        if branch is None:
            stack.pop()
            continue
        below = children.get(branch.key, ())
        again = bool(below) and branch.key in drawn
        yield f"{indent}{corner if last else tee}{branch.text}{', see above' if again else ''}"
        if below and not again:
            drawn.add(branch.key)
            stack.append((iter(_marked(below)), indent + ("   " if last else bar)))


def _marked(branches: Sequence[Branch]) -> list[tuple[Branch, bool]]:
    return [(branch, index == len(branches) - 1) for index, branch in enumerate(branches)]
