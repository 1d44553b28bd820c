"""Threads that run parts of a cohort side by side, each operation of a part on one thread of the processor.

Two threads in one matrix product wait for each other at its end; where the machine has other work, they wait for that.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from multiprocessing import parent_process
from typing import TypeVar

import torch

from netsitter.train.cohorts.cohort import Way
from netsitter.train.device import using_threads

CORES = torch.get_num_threads() if parent_process() is None else 1
"""Threads that PyTorch would take by itself: its own choice, or that of whoever called before us. In a process that
another has started to share work with it, one.
"""

KEPT_BYTES = 128 * 2**20
"""Of a block, or of what is free at an end of the memory, up to which it is kept."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Of `mallopt`, by malloc.h."""

Part = TypeVar("Part")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Part], Result], parts: Iterable[Part], way: Way) -> list[Result]:
    """`work` of each part, by the workers and threads of this way; results in the order of the parts."""
    if way.workers == 1:
        with using_threads(way.threads):
            return [work(part) for part in parts]

    def alone(part: Part) -> Result:
        if way.threads is not None and torch.get_num_threads() != way.threads:
            torch.set_num_threads(way.threads)
        return work(part)

    with using_threads(way.threads):
        return list(_pool(way.workers).map(alone, parts))


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    _keep_freed_memory()
    return ThreadPoolExecutor(workers, thread_name_prefix="netsitter")


def _keep_freed_memory() -> None:
    """Has the C library keep what was freed, in the whole process.

    glibc gives the outputs of a step back to the system when a thread frees them, and the next step asks for each page
    anew: 3,600 page faults a step of the benchmark's convnet, a tenth of its time. Others do as they do.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            library = ctypes.CDLL(None)
            library.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
            library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
