"""Searches in children that are killed with -9 at random moments, resumes them, and prints whether each ended the same.

Run as a script: everything is imported once, then each search is a fork.
"""

from __future__ import annotations

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
from netsitter.record.events import Searched
from netsitter.record.journal import read_journal
from tests.flows.killed_driver import forked

torch.set_num_threads(1)
LABELS = np.arange(300) % 3
ROWS = (np.random.default_rng(0).normal(size=(300, 5)) + LABELS[:, None]).astype("float32")
ASKED = {"net": "mlp:8", "trials": 14, "epochs": 6, "batch": 20, "show": False, "train": False}


class KillAfter:
    """A sink that ends its own process when so many trials are over."""

    def __init__(self, trials: int) -> None:
        self.left = trials

    def take(self, event: object) -> None:
        self.left -= isinstance(event, Searched)
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def close(self) -> None: ...


def told(folder: Path) -> list[Searched]:
    return [event for event in read_journal(folder / "journal.jsonl") if isinstance(event, Searched)]


def outcome(events: list[Searched]) -> list[tuple]:
    return sorted((e.number, e.stage, sorted(e.values.items()), e.score, e.curve, e.how) for e in events)


def main(folder: Path) -> None:
    began = time.monotonic()
    whole = ns.search((ROWS, LABELS), runs=folder / "whole", **ASKED)
    length, expected = time.monotonic() - began, outcome(told(whole.path))
    chance = random.Random(0)
    for number in range(30):
        runs = folder / str(number)
        by_trials = number < 12
        show = KillAfter(number + 1) if by_trials else False
        work = lambda runs=runs, show=show: ns.search((ROWS, LABELS), runs=runs, **{**ASKED, "show": show})
        killed = forked(work, kill_after_s=None if by_trials else chance.uniform(0.02, length))
        paths = list(runs.glob("*")) if runs.exists() else []
        begun = (
            bool(paths)
            and (paths[0] / "journal.jsonl").exists()
            and b'"search"' in (paths[0] / "journal.jsonl").read_bytes()
        )
        same = None
        if begun:
            forked(lambda path=paths[0]: ns.search((ROWS, LABELS), resume=path, show=False, train=False))
            found = told(paths[0])
            same = outcome(found) == expected and len(found) == len({event.number for event in found})
        print(json.dumps({"killed": bool(killed), "begun": begun, "same": same, "by_trials": by_trials}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
