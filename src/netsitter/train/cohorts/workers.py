"""Threads that run parts of a cohort side by side, each operation of a part on one thread of the processor.

Two threads in one matrix product wait for each other at its end; where the machine has other work, they wait for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
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
    return ThreadPoolExecutor(workers, thread_name_prefix="netsitter")
