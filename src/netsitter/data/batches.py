"""Batches: which rows form which step, and how they come to the device.

Which rows is a plan of indices, drawn from (seed, epoch) alone, the same wherever the data lies.
Data that fits is prepared once and kept on the device as one tensor; other data is read ahead from
disk by processes, in the same order, and prepared batch by batch.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from netsitter.data.rows import Rows
from netsitter.streams import numpy_stream

CHUNK_BYTES = 64 * 2**20
"""Rows are prepared in portions of about this size, so that no second copy of the data is made."""

SCORE_ROWS, SCORE_BYTES = 1_000, 8 * 2**20
"""Rows at a time when scoring, and bytes of prepared inputs; a batch of training is never too large for it."""

Prepare = Callable[[Tensor], Tensor]


def batch_bounds(rows: int, batch: int) -> list[tuple[int, int]]:
    """Where each batch begins and ends in an epoch's order. A last batch of one joins the one before it.

    Batch normalisation has no variance over a single row.
    """
    starts = list(range(0, rows, batch))
    if batch > 1 and len(starts) > 1 and rows - starts[-1] == 1:
        starts.pop()
    return list(zip(starts, [*starts[1:], rows], strict=True))


def epoch_order(rows: int, *, seed: int, epoch: int) -> np.ndarray:
    """The order of the rows in one epoch: (N,) int64, every row once."""
    return numpy_stream(seed, "order", epoch=epoch).permutation(rows)


class Feed(Protocol):
    """Prepared examples of one part, by index. y_N: their targets, all in memory."""

    rows: int
    y_N: Tensor

    def batches(self, order: np.ndarray, bounds: Sequence[tuple[int, int]]) -> Iterator[tuple[Tensor, Tensor]]:
        """(x_B..., y_B...) on the device for each pair of bounds into `order`."""
        ...


@dataclass(frozen=True)
class Resident:
    """Examples that lie prepared on the device. x_N: (N, ...) float32; y_N: (N,) int64 or (N, O) float32."""

    x_N: Tensor
    y_N: Tensor

    @property
    def rows(self) -> int:
        return len(self.x_N)

    def batches(self, order: np.ndarray, bounds: Sequence[tuple[int, int]]) -> Iterator[tuple[Tensor, Tensor]]:
        order_N = torch.from_numpy(order).to(self.x_N.device)
        for start, end in bounds:
            rows_B = order_N[start:end]
            yield self.x_N.index_select(0, rows_B), self.y_N.index_select(0, rows_B)


@dataclass(frozen=True)
class Streamed:
    """Examples that are read from disk while training goes on.

    workers: processes that read ahead; 0 reads in this one.
    """

    source: Rows
    y_N: Tensor
    prepare: Prepare
    device: torch.device
    workers: int

    @property
    def rows(self) -> int:
        return len(self.source)

    def batches(self, order: np.ndarray, bounds: Sequence[tuple[int, int]]) -> Iterator[tuple[Tensor, Tensor]]:
        lists = [order[start:end] for start, end in bounds]
        workers = min(self.workers, len(lists))
        loader = DataLoader(
            _Reader(self.source),  # type: ignore[arg-type]
            batch_sampler=_Lists(lists),
            collate_fn=_same,
            num_workers=workers,
            prefetch_factor=2 if workers else None,
            pin_memory=self.device.type == "cuda",
            generator=torch.Generator().manual_seed(_seed_of(order, bounds)),
        )
        for rows_B, x_B in zip(lists, loader, strict=True):
            index_B = torch.from_numpy(rows_B).to(self.y_N.device)
            x_B = self.prepare(x_B.to(self.device, non_blocking=True)).float()
            yield x_B, self.y_N.index_select(0, index_B).to(self.device)


def feed_of(
    source: Rows,
    y_N: Tensor,
    prepare: Prepare,
    *,
    prepared_shape: tuple[int, ...],
    device: torch.device,
    most_bytes: int,
    workers: int | None,
) -> Feed:
    """The rows of one part, resident when their prepared form takes at most `most_bytes`, else streamed."""
    bytes_needed = len(source) * int(np.prod(prepared_shape)) * 4
    if bytes_needed > most_bytes:
        return Streamed(source, y_N, prepare, device, workers_for(workers, source))
    x_N = torch.empty((len(source), *prepared_shape), device=device)
    for rows in chunks(source, len(source)):
        x_N[rows] = prepare(torch.from_numpy(source.take(np.arange(rows.start, rows.stop))).to(device))
    return Resident(x_N, y_N.to(device))


def chunks(source: Rows, rows: int) -> Iterator[slice]:
    """Portions of `rows` rows that take about CHUNK_BYTES each as float32."""
    size = max(1, CHUNK_BYTES // max(1, 4 * int(np.prod(source.example))))
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))


def score_batch(batch: int, example: tuple[int, ...]) -> int:
    """Rows at a time when scoring examples of this shape; of no influence on a loss that is a plain mean."""
    return max(batch, min(SCORE_ROWS, SCORE_BYTES // max(1, 4 * int(np.prod(example)))))


def workers_for(asked: int | None, source: Rows) -> int:
    """How many processes read ahead: as asked, else one less than there are cores where rows are decoded."""
    if asked is not None:
        return asked
    return 0 if source.in_memory else max(1, min(8, (os.cpu_count() or 2) - 1))


def free_bytes(device: torch.device) -> int:
    """Memory that is free on the device now."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        with open("/proc/meminfo") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _seed_of(order: np.ndarray, bounds: Sequence[tuple[int, int]]) -> int:
    """What a data set that draws by chance starts from in its processes: another in each epoch, the same each time."""
    return zlib.crc32(order.tobytes()) + (bounds[0][0] if bounds else 0)


class _Reader:
    """Rows as a map-style data set that reads a whole batch at a time."""

    def __init__(self, source: Rows) -> None:
        self.source = source

    def __len__(self) -> int:
        return len(self.source)

    def __getitems__(self, rows_B: np.ndarray) -> Tensor:
        return torch.from_numpy(self.source.take(rows_B))


class _Lists:
    """Index lists as a batch sampler."""

    def __init__(self, lists: Sequence[np.ndarray]) -> None:
        self.lists = lists

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self.lists)

    def __len__(self) -> int:
        return len(self.lists)


def _same(batch: Tensor) -> Tensor:
    return batch
