"""How a network can be drawn: nodes in places, edges with words; the figures know no more of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """One node of a drawing."""

    #: Where it stands.
    x: float
    y: float
    #: What stands in it, a few characters.
    label: str


@dataclass(frozen=True)
class Edge:
    """One arrow of a drawing."""

    #: Numbers of the nodes it joins.
    start: int
    end: int
    #: What it computes, in words.
    words: str
    #: Which colour it has; equal operations have equal ones. -1 for none.
    colour: int
    #: Whether what it computes reaches the output.
    is_live: bool
    #: Where along it the words stand, [0, 1].
    words_at: float = 0.5


@dataclass(frozen=True)
class Drawing:
    """A network, or the part of it that is searched."""

    #: Above the drawing.
    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
