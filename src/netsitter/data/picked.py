"""Some rows of other rows, as rows of their own."""

from __future__ import annotations

import numpy as np

from netsitter.data.rows import Rows
from netsitter.data.source import Part, Source


class PickedRows:
    """The rows of `whole` with these numbers, in this order. index_N: (N,) int64."""

    def __init__(self, whole: Rows, index_N: np.ndarray) -> None:
        self.whole, self.index_N = whole, index_N
        self.example, self.dtype, self.in_memory = whole.example, whole.dtype, whole.in_memory

    def __len__(self) -> int:
        return len(self.index_N)

    def take(self, index_B: np.ndarray) -> np.ndarray:
        return self.whole.take(self.index_N[index_B])

    def stored(self, row: int) -> bytes:
        return self.whole.stored(int(self.index_N[row]))


def picked(source: Source, part: str, index_N: np.ndarray) -> Part:
    """Some rows of one part of a source, as a part of their own."""
    whole = source.parts[part]
    if len(index_N) == len(whole) and bool((index_N == np.arange(len(index_N))).all()):
        return whole
    given = None if whole.given is None else whole.given[index_N]
    groups = None if whole.groups is None else whole.groups[index_N]
    return Part(PickedRows(whole.x, index_N), whole.y[index_N], given, groups)
