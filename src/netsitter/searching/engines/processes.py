"""The engine of several processes on this machine."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from loky import ProcessPoolExecutor

from netsitter.searching.engines.dispatch import Dispatcher, WorkerLost
from netsitter.searching.engines.site import DataElsewhere, Site, Worker
from netsitter.searching.legs import Leg, Reached
from netsitter.train.stopping import unbroken

ORPHANED_S = 1.0
"""Seconds between two looks of a worker whether the search's own process is still there."""


class Processes(Dispatcher):
    """Trains legs in processes of their own, each with the data in place.

    A pool of one process each, so that it is known which leg a process took with it when it died.
    """

    def __init__(self, site: Site, workers: int) -> None:
        self.slots, self.site = workers, site
        self._threads = max(1, (os.cpu_count() or 1) // workers)
        self._code = site.code()
        self.sent = None if site.can_be_read else site.data()
        self._idle = [self._pool() for _ in range(workers)]
        self._busy: dict[Future[Reached], ProcessPoolExecutor] = {}

    def begin(self, leg: Leg) -> Future[Reached]:
        pool = self._idle.pop()
        try:
            task: Future[Reached] = pool.submit(_run, leg)
        except BrokenProcessPool:  # it died while it had nothing to do
            self._renew(pool)
            pool = self._idle.pop()
            task = pool.submit(_run, leg)
        self._busy[task] = pool
        return task

    def wait(self, tasks: Collection[Future[Reached]]) -> Sequence[Future[Reached]]:
        return list(wait(tasks, return_when=FIRST_COMPLETED).done)

    def result(self, task: Future[Reached]) -> Reached:
        pool = self._busy.pop(task)
        try:
            reached = task.result()
        except BrokenProcessPool as fault:
            self._renew(pool)
            raise WorkerLost(_how(fault)) from None
        except DataElsewhere:
            self.sent = self.sent or self.site.data()
            self._renew(pool)
            raise
        except BaseException:
            self._idle.append(pool)
            raise
        self._idle.append(pool)
        return reached

    def cancel(self, task: Future[Reached]) -> None:
        if task in self._busy:  # and not yet ended by `close`
            self._renew(self._busy.pop(task))

    def close(self) -> None:
        with unbroken():
            for pool in [*self._idle, *self._busy.values()]:
                pool.shutdown(wait=True, kill_workers=True)
            self._idle, self._busy = [], {}

    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, initializer=_settle, initargs=(self._code, self.sent, self._threads, os.getpid()))

    def _renew(self, pool: ProcessPoolExecutor) -> None:
        pool.shutdown(wait=True, kill_workers=True)
        self._idle.append(self._pool())


_settled: dict[str, Any] = {}
"""In a worker: what it was given, and the `Worker` once it is made."""


def _settle(code: bytes, data: bytes | None, threads: int, search: int) -> None:
    _settled.update(code=code, data=data, threads=threads, worker=None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the search, which ends its workers itself
    threading.Thread(target=_end_with, args=(search,), daemon=True).start()


def _end_with(search: int) -> None:
    """Ends this process when the search's own is gone, however that ended."""
    while os.getppid() == search:
        time.sleep(ORPHANED_S)
    os._exit(1)


def _run(leg: Leg) -> Reached:
    data = _settled["data"]
    if _settled["worker"] is None:
        _settled["worker"] = Worker(_settled["code"], most_threads=_settled["threads"])
    reached: Reached = _settled["worker"].run(leg, None if data is None else lambda: data)
    _settled["data"] = data and b""
    return reached


def _how(fault: BaseException) -> str:
    """How a worker ended."""
    told = str(fault)
    if "SIGKILL" in told:
        return "a worker was killed by the system, most often because memory was out"
    codes = told.partition("The exit codes of the workers are ")[2].strip()
    return f"a worker ended with {codes}" if codes else "a worker ended by itself"
