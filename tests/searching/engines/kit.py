"""What searches on every engine are compared by: a small search whose workers write down what they begin with."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from netsitter.data.batches import Feed
from netsitter.doors.beginning import begun
from netsitter.doors.inputs import asked_for
from netsitter.plan.space import log, pick
from netsitter.record.events import Searched
from netsitter.searching.engines.engine import Engine
from netsitter.searching.engines.site import Site
from netsitter.searching.study import Study

CHANCE = np.random.default_rng(0)
LABELS = np.arange(600) % 5
ROWS = (CHANCE.normal(0, 2, (5, 8))[LABELS] + CHANCE.normal(0, 1.2, (600, 8))).astype("float32")

TWO, MANY = (8, 12), tuple(range(2, 17))
"""Widths of networks: few make large cohorts, many make many."""

TRIALS = 30


@dataclass(frozen=True)
class Told:
    """A feed that writes down the order of every epoch."""

    inner: Feed
    folder: Path

    @property
    def rows(self) -> int:
        return self.inner.rows

    @property
    def y_N(self) -> Tensor:
        return self.inner.y_N

    def batches(self, order: np.ndarray, bounds: Sequence[tuple[int, int]]) -> Iterator[tuple[Tensor, Tensor]]:
        if len(order) == self.rows:
            (self.folder / f"order-{sha256(order.tobytes()).hexdigest()}").touch()
        return self.inner.batches(order, bounds)


def site(folder: Path) -> Site:
    """The site of a small search of a function of one's own, which tells of its weights and its process."""

    def net(inputs: int, outputs: int, hyper: Mapping | None = None) -> nn.Module:
        width = (hyper or {"width": TWO[0]})["width"]
        found = nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))
        digest = sha256(b"".join(p.detach().numpy().tobytes() for p in found.parameters())).hexdigest()
        (folder / f"weights-{width}-{digest}").touch()
        if hyper is not None and (folder / f"deadly-{width}").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        if hyper is not None and (folder / "armed").exists():
            (folder / f"pid-{os.getpid()}-{width}").touch()
            time.sleep(0.3)  # so that there is time to be killed in
        if hyper is not None and (folder / f"wrong-{width}").exists():
            raise ArithmeticError(f"no network of {width}")
        return found

    options = {"batch": 20, "epochs": 9, "optim": "adam", "schedule": "constant"}
    asked = asked_for((ROWS, LABELS), net=net, loss=nn.CrossEntropyLoss(), plan=None, options=options)
    ready = begun(asked)[0]
    feeds = {**ready.parts.feeds, "train": Told(ready.parts.feeds["train"], folder)}
    ready = replace(ready, parts=replace(ready.parts, feeds=feeds))
    return Site.of(ready, asked.build, loss=asked.loss)


def study(there: Site, engine: Engine, *, widths: Sequence[int] = TWO, **options) -> Study:
    space = {"width": pick(*widths), "optim.lr": log(1e-3, 1e-1)}
    return Study(there.ready, there.build, space, trials=TRIALS, stages=2, engine=engine, **options)


def searched(search: Study) -> list[Searched]:
    """Every trial, in the order in which they were told."""
    with torch.random.fork_rng():
        return [event for event in search.events() if isinstance(event, Searched)]


def beginnings(folder: Path) -> set[str]:
    """What workers wrote down: weights by width, and orders of epochs. They are forgotten."""
    files = [file for kind in ("weights", "order") for file in folder.glob(f"{kind}-*")]
    for file in files:
        file.unlink(missing_ok=True)
    return {file.name for file in files}


class Killer(threading.Thread):
    """Kills workers with -9 as they begin, so many times, those with networks of one width twice at most."""

    def __init__(self, folder: Path, kills: int) -> None:
        super().__init__(daemon=True)
        self.folder, self.left, self.killed = folder, kills, list[int]()
        self.by_width, self.over, self.chance = Counter[str](), threading.Event(), random.Random(0)

    def run(self) -> None:
        (self.folder / "armed").touch()
        seen = set()
        while self.left > 0 and not self.over.wait(0.01):
            for file in set(self.folder.glob("pid-*")) - seen:
                seen.add(file)
                _, pid, width = file.name.split("-")
                if self.left > 0 and self.by_width[width] < 2 and int(pid) not in self.killed:
                    time.sleep(self.chance.uniform(0, 0.2))
                    os.kill(int(pid), signal.SIGKILL)
                    self.killed.append(int(pid))
                    self.by_width[width] += 1
                    self.left -= 1
        (self.folder / "armed").unlink()
