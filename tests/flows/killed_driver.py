"""Trains in children that are killed with -9, resumes them, and prints whether each ended with the same bits.

Run as a script: everything is imported once, then each run is a fork.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch

import netsitter as ns
from netsitter.doors.fit import resume
from netsitter.record.events import EpochEnded, Measured
from netsitter.record.journal import read_journal
from netsitter.record.trace import Trace

torch.set_num_threads(1)
rng = np.random.default_rng(0)
LABELS = rng.integers(0, 3, 400)
DATA = (rng.normal(size=(400, 5)) + LABELS[:, None], LABELS)
PLAN = {
    "net": "mlp:12", "net.dropout": 0.2, "loop.epochs": 4, "loop.batch": 20, "loop.save_every_steps": 3,
    "loop.measure_every": 1, "loop.preflight": False, "loop.threads": 1,
}  # fmt: skip


class KillAt:
    """A sink that ends its own process at a step, as a power cut would."""

    def __init__(self, step: int) -> None:
        self.step = step

    def take(self, event: object) -> None:
        if isinstance(event, Measured) and event.steps[-1] >= self.step:
            os.kill(os.getpid(), signal.SIGKILL)

    def close(self) -> None: ...


def forked(work, *, kill_after_s: float | None = None) -> int:
    """Runs the work in a child and waits; the signal that ended it, 0 for none."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(type(error).__name__, error, file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status := os.waitpid(child, 0)[1]) else 0


def result(run: Path) -> str:
    """The saved weights and the whole history of a run, as one checksum."""
    trace = Trace(read_journal(run / "journal.jsonl"))
    told = [(event.epoch, event.step, sorted(event.values.items()), event.best) for event in trace.of(EpochEnded)]
    curve = trace.curve("loss")
    history = repr(told) + repr(curve.steps.tolist()) + repr(curve.values.tolist())
    return hashlib.sha256((run / "model" / "model.safetensors").read_bytes() + history.encode()).hexdigest()


def only_run(runs: Path) -> Path:
    return next(runs.iterdir())


def main(folder: Path) -> None:
    began = time.monotonic()
    forked(lambda: ns.fit(DATA, runs=folder / "whole", show=False, options=PLAN))
    whole, took = result(only_run(folder / "whole")), time.monotonic() - began
    pick = random.Random(0)
    points = [("step", step) for step in pick.sample(range(1, 73), 20)] + [("seconds", took * share) for share in np.linspace(0.2, 0.9, 6)]
    for number, (kind, at) in enumerate(points):
        runs = folder / str(number)
        show = KillAt(at) if kind == "step" else False
        died = forked(lambda: ns.fit(DATA, runs=runs, show=show, options=PLAN), kill_after_s=None if kind == "step" else at)
        path = only_run(runs) if runs.is_dir() and any(runs.iterdir()) else None
        over = path is not None and (path / "journal.jsonl").is_file() and Trace(read_journal(path / "journal.jsonl")).ended
        begun = path is not None and (path / "journal.jsonl").is_file() and Trace(read_journal(path / "journal.jsonl")).started
        if begun and not over:
            forked(lambda: resume(path, data=DATA, show=False))
        same = result(path) == whole if begun else None
        print(json.dumps({"kind": kind, "at": at, "killed": died == signal.SIGKILL, "over": bool(over), "begun": bool(begun), "same": same}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
