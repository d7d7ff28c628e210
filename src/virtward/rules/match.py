"""Which endpoint a URL means: a trie of path segments.

Rule: as upstream, the path is decoded first and then split, empty segments vanish, a variable takes one segment
(or the whole rest, for a volume or a CIDR), and nothing but the path and the method decides. A literal segment
wins over a variable.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

_HOST = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_PREFIX = re.compile(r"/*api2(?:/+(?:json|extjs|html|htmljs))?(?=/|$)")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


class Url(NamedTuple):
    """A URL taken apart: decoded segments and the query's parameters."""

    segments: tuple[str, ...]
    query: Mapping[str, str]


class Route(NamedTuple):
    """An endpoint's place in the list the trie was made from, and the path's variables."""

    number: int
    params: dict[str, str]


class Node:
    """A place in the trie; `rest` marks a variable that takes everything below."""

    __slots__ = ("literals", "methods", "name", "rest", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, Node] = {}
        self.variable: Node | None = None
        self.name = ""
        self.rest = False
        self.methods: dict[str, int] = {}


def split(url: str) -> Url:
    """Take a URL apart; scheme and host, `/api2/json` and the query may be there or not."""
    path, _, query = _HOST.sub("", url, count=1).partition("#")[0].partition("?")
    pairs = (pair.partition("=") for pair in re.split("[&;]", query) if pair)
    return Url(
        tuple(filter(None, _PREFIX.sub("", _decode(path), count=1).split("/"))),
        {_decode(name.replace("+", " ")): _decode(value.replace("+", " ")) for name, _, value in pairs},
    )


def _decode(text: str) -> str:
    """The text with `%XX` undone; written here because urllib.parse takes five milliseconds to import."""
    return _ESCAPES.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "replace"), text)


def build(routes: Iterable[tuple[str, str, bool]]) -> Node:
    """The trie of (method, path template, the last variable takes the rest), numbered in order."""
    root = Node()
    for number, (method, path, rest) in enumerate(routes):
        node = root
        for segment in filter(None, path.split("/")):
            node = _child(node, segment)
        node.rest = rest
        node.methods[method] = number
    return root


def _child(node: Node, segment: str) -> Node:
    if not segment.startswith("{"):
        return node.literals.setdefault(segment, Node())
    if node.variable is None:
        node.variable = Node()
        node.variable.name = segment[1:-1]
    return node.variable


def find(root: Node, method: str, segments: tuple[str, ...]) -> Route | None:
    """The endpoint for the method at the path, None if there is none."""
    for node, params in _walk(root, segments):
        number = node.methods.get(method)
        if number is not None:
            return Route(number, params)
    return None


def methods(root: Node, segments: tuple[str, ...]) -> Mapping[str, int]:
    """The endpoints at the path, by method."""
    for node, _ in _walk(root, segments):
        if node.methods:
            return node.methods
    return {}


def _walk(node: Node, segments: tuple[str, ...]) -> Iterator[tuple[Node, dict[str, str]]]:
    """The nodes the path may mean, the preferred one first."""
    if not segments:
        yield node, {}
        return
    literal = node.literals.get(segments[0])
    if literal is not None:
        yield from _walk(literal, segments[1:])
    variable = node.variable
    if variable is None:
        return
    taken = "/".join(segments) if variable.rest else segments[0]
    for found, params in _walk(variable, () if variable.rest else segments[1:]):
        yield found, {variable.name: taken, **params}


def similar(paths: Iterable[str], segments: tuple[str, ...], count: int = 5) -> list[str]:
    """The path templates closest to the segments, with the variables they share filled in."""
    from difflib import get_close_matches

    filled = {_fill(path, segments): None for path in paths}
    return get_close_matches("/" + "/".join(segments), filled, n=count, cutoff=0.7)


def _fill(path: str, segments: tuple[str, ...]) -> str:
    """The template with each variable replaced by the segment in its place."""
    parts = path.split("/")[1:]
    return "/" + "/".join(
        segments[i] if part.startswith("{") and i < len(segments) else part for i, part in enumerate(parts)
    )
