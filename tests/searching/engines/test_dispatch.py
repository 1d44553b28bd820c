"""Engines whose workers are elsewhere: whenever Ctrl-C comes, no worker is forgotten."""

from __future__ import annotations

import signal
from collections.abc import Collection, Sequence

import pytest

from netsitter.searching.engines.dispatch import Dispatcher
from netsitter.searching.legs import Leg


class Interrupted(Dispatcher):
    """Workers that are only counted, and Ctrl-C in the middle of one thing."""

    slots = 2

    def __init__(self, amid: str) -> None:
        self.amid, self.working, self.begun = amid, set[int](), 0

    def begin(self, leg: Leg) -> int:
        self.begun += 1
        self.working.add(self.begun)
        self._signal("begin", 2)
        return self.begun

    def wait(self, tasks: Collection[int]) -> Sequence[int]:
        self._signal("wait", 2)
        return [min(tasks)]

    def result(self, task: int):
        self._signal("result", 2)
        self.working.remove(task)

    def cancel(self, task: int) -> None:
        self.working.remove(task)

    def close(self) -> None:
        pass

    def _signal(self, here: str, at: int) -> None:
        if self.amid == here and self.begun == at:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("amid", ["begin", "wait", "result"])
def test_no_worker_is_forgotten_whenever_ctrl_c_comes(amid):
    engine = Interrupted(amid)
    told = []
    with pytest.raises(KeyboardInterrupt):
        told.extend(engine.run([Leg("", (), 1)] * 4))
    assert engine.begun >= 2
    assert not engine.working
