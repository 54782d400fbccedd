"""Circles among dependencies, found in a whole graph at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

__all__ = ["in_circles"]

_Edge = tuple[str, str]


def in_circles(edges: Iterable[_Edge]) -> set[str]:
    """Return the nodes that lie on a circle, or on a way from one circle to another.

    Without the edges between these, the graph has no circle.
    """
    forward: dict[str, set[str]] = defaultdict(set)
    backward: dict[str, set[str]] = defaultdict(set)
    for user, used in edges:
        forward[user].add(used)
        backward[used].add(user)
    left = _peeled(set(forward) | set(backward), forward, backward)
    return _peeled(left, backward, forward)


def _peeled(nodes: set[str], out: dict[str, set[str]], back: dict[str, set[str]]) -> set[str]:
    """Return what is left when nodes that lead nowhere are taken away again and again."""
    count = {node: len(out.get(node, set()) & nodes) for node in nodes}
    ends = [node for node, leads in count.items() if not leads]
    left = set(nodes)
    while ends:
        end = ends.pop()
        left.discard(end)
        for node in back.get(end, ()):
            if node in left:
                count[node] -= 1
                if not count[node]:
                    ends.append(node)
    return left
