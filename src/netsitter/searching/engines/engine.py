"""`Engine`: what trains the legs of a search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from netsitter.searching.legs import Leg, Reached


class Engine(Protocol):
    """Trains legs, wherever that is. slots: legs that it trains at the same time."""

    slots: int

    def run(self, legs: Sequence[Leg]) -> Iterator[tuple[int, Reached]]:
        """What came of each leg, with its place in `legs`, as they end; each once, whatever is lost on the way."""
        ...

    def close(self) -> None:
        """Ends what it began; nothing is left behind."""
        ...
