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
from functools import partial
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
    points = [("step", step) for step in pick.sample(range(1, 60), 20)] + [
        ("seconds", took * share) for share in np.linspace(0.2, 0.9, 6)
    ]
    for number, (kind, at) in enumerate(points):
        died = killed(folder / str(number), kind, at)
        path, begun, over = found(folder / str(number))
        if begun and not over:
            forked(partial(resume, path, data=DATA, show=False))
        same = result(path) == whole if begun else None
        print(json.dumps({"kind": kind, "killed": died == signal.SIGKILL, "begun": begun, "same": same}), flush=True)


def killed(runs: Path, kind: str, at: float) -> int:
    """Trains until it is killed at this step, or after so many seconds."""
    show = KillAt(int(at)) if kind == "step" else False
    work = partial(ns.fit, DATA, runs=runs, show=show, options=PLAN)
    return forked(work, kill_after_s=at if kind == "seconds" else None)


def found(runs: Path) -> tuple[Path | None, bool, bool]:
    """The run that a kill left: its folder, whether it had begun to tell, and whether it was over."""
    path = next(runs.iterdir(), None) if runs.is_dir() else None
    if path is None or not (path / "journal.jsonl").is_file():
        return path, False, False
    trace = Trace(read_journal(path / "journal.jsonl"))
    return path, trace.started is not None, trace.ended is not None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
