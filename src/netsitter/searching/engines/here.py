"""The engine of one process: legs one after the other, where the data already lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netsitter.searching.legs import Leg, Reached, Track
from netsitter.train.beginning import Build
from netsitter.train.prepare import Ready


class Here:
    """Trains legs in turn, in this process."""

    slots = 1

    def __init__(self, ready: Ready, build: Build | None = None) -> None:
        self.track = Track(ready, build)

    def run(self, legs: Sequence[Leg]) -> Iterator[tuple[int, Reached]]:
        for place, leg in enumerate(legs):
            yield place, self.track.run(leg)

    def close(self) -> None: ...
