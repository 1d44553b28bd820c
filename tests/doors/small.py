"""Small data for the doors: pictures and rows of four classes, learned in an instant; and sinks that count or die."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

import netsitter as ns
from netsitter.record.events import EpochEnded, Event

ROWS, CLASSES = 200, 4

rng = np.random.default_rng(0)
LABELS = np.arange(ROWS) % CLASSES
CENTRES = rng.integers(40, 216, (CLASSES, 8, 8))
PICTURES = np.clip(CENTRES[LABELS] + rng.normal(0, 25, (ROWS, 8, 8)), 0, 255).astype(np.uint8)
TABLE = PICTURES.reshape(ROWS, 64).astype(np.float64)
REALS = TABLE[:, :4] @ np.array([3.0, -2.0, 1.0, 4.0]) + 1e6 + 0.5
"""Real targets that hang on the first four columns, far from 0 and in a large unit."""

quick = partial(ns.fit, runs=None, show=False, net="mlp:16", epochs=2, options={"loop.preflight": False})
"""`fit` as most of these tests want it."""


class Heard:
    """A sink that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.closed = False

    def take(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None:
        self.closed = True


class PowerCut(Exception):
    """What ends a run in the middle, as nothing of ours would."""


class Cuts(Heard):
    """A sink that ends the run after some epochs."""

    def __init__(self, after: int = 1) -> None:
        super().__init__()
        self.after = after

    def take(self, event: Event) -> None:
        if isinstance(event, EpochEnded) and event.epoch == self.after:
            raise PowerCut


def cut_short(runs: Path, data: object = (PICTURES, LABELS), **options: object) -> Path:
    """The folder of a run that was cut off after its first epoch of three."""
    settings = {"runs": runs, "epochs": 3, "options": {"loop.preflight": False, "loop.save_every_steps": 2}}
    try:
        quick(data, **{**settings, **options, "show": Cuts()})
    except PowerCut:
        return next(path.parent for path in Path(runs).glob("*/journal.jsonl"))
    raise AssertionError("the run was not cut off")
