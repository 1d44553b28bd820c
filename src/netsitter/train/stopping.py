"""When a run or a trial ends before its last epoch: pure functions of what has been seen, and the signals."""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType


def better(score: float, best: float | None) -> bool:
    """Whether a validation score beats the best so far; one that is not a number never does."""
    return not math.isnan(score) and (best is None or score > best)


def out_of_patience(epoch: int, best_epoch: int, patience: int | None) -> bool:
    """Whether the last better epoch lies `patience` epochs back or more."""
    return patience is not None and epoch - best_epoch >= patience


class Stop:
    """Whether somebody wants the run to stop, and which signal said so."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def __bool__(self) -> bool:
        return self.signal is not None


@contextmanager
def heed_signals() -> Iterator[Stop]:
    """Within this context Ctrl-C, SIGTERM and SIGHUP only ask to stop; a second one ends at once, as usual.

    Outside the main thread signals cannot be caught; the stop is never asked for then.
    """
    stop = Stop()
    if current_thread() is not main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if stop:
            signal.signal(number, before[number] if before[number] is not None else signal.SIG_DFL)
            signal.raise_signal(number)
        stop.signal = number

    heeded = [s for s in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, s)]
    handlers = {getattr(signal, name): signal.getsignal(getattr(signal, name)) for name in heeded}
    # What the caller ignores, as nohup does with SIGHUP, stays ignored.
    before = {number: handler for number, handler in handlers.items() if handler is not signal.SIG_IGN}
    try:
        for number in before:
            signal.signal(number, ask)
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


@contextmanager
def unbroken() -> Iterator[None]:
    """What happens within is done whole: a signal to stop takes effect behind it. A second one ends at once."""
    stop = Stop()
    try:
        with heed_signals() as stop:
            yield
    finally:
        if stop.signal is not None:
            signal.raise_signal(stop.signal)
