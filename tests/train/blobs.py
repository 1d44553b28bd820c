"""A small problem for the loop: points around centres, one centre a class."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from netsitter.data.batches import Resident
from netsitter.nn.build import build
from netsitter.plan.plan import Plan, plan_of
from netsitter.streams import stream_key
from netsitter.train.loop import Parts
from netsitter.train.losses import LOSSES
from netsitter.train.scores import Measure, scorer_of

CLASSES, SIDES = 4, 6


def blobs(rows: int, *, seed: int, example: tuple[int, ...] = (SIDES,)) -> Resident:
    """Rows around the centres, with unit noise."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(CLASSES, *example)) * 1.5
    y = rng.integers(0, CLASSES, rows)
    x = centres[y] + rng.normal(size=(rows, *example))
    return Resident(torch.tensor(x, dtype=torch.float32), torch.tensor(y))


def parts(rows: int = 150, *, example: tuple[int, ...] = (SIDES,)) -> Parts:
    """Training, validation and test part."""
    feeds = {
        name: blobs(n, seed=i, example=example)
        for i, (name, n) in enumerate(zip(("train", "val", "test"), (rows, 60, 60), strict=True))
    }
    score_rows = np.arange(min(50, rows))
    scorers = {name: scorer_of(feed.y_N, Measure("classes")) for name, feed in feeds.items()}
    scorers["train"] = scorer_of(feeds["train"].y_N[: len(score_rows)], Measure("classes"))
    return Parts(feeds, scorers, score_rows, Measure("classes"))


def plan(**changes: object) -> Plan:
    """A whole plan for the blobs; names with two underscores for the dot: optim__lr=0.1."""
    values: dict[str, dict[str, object]] = {
        "data": {"task": "classify", "prepare": "none"},
        "net": {"kind": "mlp", "sizes": (8,), "norm": "batch", "init": "he"},
        "optim": {"lr": 0.01, "schedule": "cosine"},
        "loop": {"epochs": 3, "batch": 32, "loss": "cross_entropy", "measure_every": 2},
    }
    for path, value in changes.items():
        section, _, name = path.partition("__")
        values[section][name] = value
    return plan_of(values)


def net_of(plan: Plan, example: tuple[int, ...] = (SIDES,)) -> nn.Module:
    generator = torch.Generator().manual_seed(stream_key(plan.loop.seed, "init"))
    return build(plan.net, example=example, outputs=CLASSES, generator=generator)


LOSS = LOSSES["cross_entropy"]
CPU = torch.device("cpu")
