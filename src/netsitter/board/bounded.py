"""`BoundedTrace`: a trace of a run of any length in bounded memory, for as many runs as people open."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netsitter.record.events import Event, Measured, Resumed, Started
from netsitter.record.trace import Curve, Trace
from netsitter.report.figures.thinned import thinned

MOST_READINGS, MOST_NUMBERS = 2**17, 2**20
"""Of one series, before it is thinned: readings, and numbers in all of them (8 MiB)."""

BLOCK = 4_096
"""Readings that are thinned together, once a series has been."""


@dataclass
class _Series:
    """Readings of one series; of each `stride` that were told, one is kept, lowest and highest among them."""

    steps: list[NDArray[np.int64]] = field(default_factory=list)
    rows: list[NDArray[np.float64]] = field(default_factory=list)
    length: int = 0
    fresh: int = 0
    stride: int = 1

    def add(self, steps_S: NDArray[np.int64], rows_S: NDArray[np.float64]) -> None:
        self.steps.append(steps_S)
        self.rows.append(rows_S)
        self.length += len(steps_S)
        self.fresh += len(steps_S)
        if self.stride > 1 and self.fresh >= BLOCK:
            self._thin_end()
        width = max(1, rows_S[0].size) if len(rows_S) else 1
        if self.length > min(MOST_READINGS, max(256, MOST_NUMBERS // width)):
            self.stride *= 2
            self._settle(*self._picked(*self.whole(), self.length // 2))

    def whole(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """All steps and rows, as one array each from now on."""
        if len(self.steps) > 1:
            self.steps, self.rows = [np.concatenate(self.steps)], [np.concatenate(self.rows)]
        return self.steps[0], self.rows[0]

    def cut(self, step: int) -> None:
        """Forgets the readings behind a step."""
        steps_S, rows_S = self.whole()
        kept = int(np.searchsorted(steps_S, step, side="right"))
        self._settle(steps_S[:kept], rows_S[:kept])

    def _thin_end(self) -> None:
        steps_S, rows_S = self.whole()
        old = self.length - self.fresh
        steps, rows = self._picked(steps_S[old:], rows_S[old:], max(3, self.fresh // self.stride))
        self._settle(np.concatenate([steps_S[:old], steps]), np.concatenate([rows_S[:old], rows]))

    def _picked(
        self, steps_S: NDArray[np.int64], rows_S: NDArray[np.float64], most: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        # Where a reading is of many layers, their mean decides: a spike of one is one of the mean, and NaN stays NaN.
        kept = thinned(rows_S.reshape(len(rows_S), -1).mean(axis=1), most)
        return steps_S[kept], rows_S[kept]

    def _settle(self, steps_S: NDArray[np.int64], rows_S: NDArray[np.float64]) -> None:
        self.steps, self.rows, self.length, self.fresh = [steps_S], [rows_S], len(steps_S), 0


class BoundedTrace(Trace):
    """A trace whose measured series are kept as arrays and thinned when they grow long; `events` is without `Measured`.

    >>> trace = BoundedTrace([Measured(epoch=1, steps=(1, 2), values={"loss": ((2.3,), (2.1,))})])
    >>> trace.curve("loss").values[:, 0].tolist(), trace.events
    ([2.3, 2.1], [])
    """

    def __init__(self, events: tuple[Event, ...] | list[Event] = ()) -> None:
        self._measured: dict[str, _Series] = {}
        super().__init__(events)

    def take(self, event: Event) -> None:
        if isinstance(event, Measured):
            for name, values in event.values.items():
                rows_S = np.asarray(values, dtype=np.float64)
                self._measured.setdefault(name, _Series()).add(np.asarray(event.steps, dtype=np.int64), rows_S)
            return
        if isinstance(event, Started):
            self._measured = {}
        if isinstance(event, Resumed):
            for series in self._measured.values():
                series.cut(event.step)
        super().take(event)

    def curve(self, name: str) -> Curve:
        series = self._measured.get(name)
        return super().curve(name) if series is None else Curve(name, *series.whole())

    def names(self) -> list[str]:
        return sorted({*super().names(), *self._measured})
