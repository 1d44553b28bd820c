"""The loads: what is trained, on what, in what portions."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from netsitter.data.batches import Resident
from netsitter.data.sources.open import open_source
from netsitter.plan.plan import Plan, changed
from netsitter.searching.legs import SCORED

Part = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Load:
    """One load. net: as on the command line."""

    name: str
    net: str
    optim: str
    batch: int
    trials: int
    rows: int
    val_rows: int
    example: tuple[int, ...]
    classes: int

    def plan(self, trial: int, trials: int, *, epochs: int) -> Plan:
        """The plan of one trial: rates and penalties spread over two decades."""
        place = (trial + 0.5) / trials
        fields = {
            "net": self.net,
            "net.norm": "batch" if self.net.startswith("conv") else "none",
            "net.init": "he",
            "optim.kind": self.optim,
            "optim.lr": 1e-4 * 100 ** ((trial * 0.618) % 1),
            "optim.l2": 1e-5 * 100**place,
            "optim.schedule": "constant",
            "loop.epochs": epochs,
            "loop.batch": self.batch,
            "loop.score_rows": SCORED,
            "loop.watch_every": 0,
            "loop.threads": 1,
        }
        return changed(Plan(), fields)

    def multiply_adds(self) -> int:
        """Of one trial and epoch in matrix products, without the slope of the inputs; of dense nets only."""
        sides = [int(np.prod(self.example)), *map(int, self.net.partition(":")[2].split(",")), self.classes]
        return self.rows * sum(a * b * (2 if place == 0 else 3) for place, (a, b) in enumerate(pairwise(sides)))


LOADS = {
    load.name: load
    for load in (
        Load("cifar-200", "mlp:50", "momentum", 200, 100, 45_000, 5_000, (3072,), 10),
        Load("cifar-100", "mlp:50", "momentum", 100, 100, 45_000, 5_000, (3072,), 10),
        Load("digits", "mlp:50", "momentum", 32, 100, 1_438, 359, (64,), 10),
        Load("table", "mlp:128,128", "adam", 200, 100, 18_000, 2_000, (54,), 7),
        Load("conv", "conv:16,32", "adam", 100, 8, 2_000, 500, (3, 32, 32), 10),
        Load("conv-digits", "conv:16,32", "adam", 32, 8, 1_438, 359, (1, 8, 8), 10),
    )
}
"""By name; `conv` is a part of CIFAR-10. Of the training part netsitter scores as many rows as a search does.

CIFAR-10 comes from NETSITTER_DATA; where it is not there, random pixels cost the same and teach nothing.
"""


def parts_of(load: Load) -> tuple[Resident, Resident]:
    """Training and validation part, prepared, in memory."""
    x_N, y_N = {"digits": _digits, "conv-digits": _digits, "table": _table}.get(load.name, _pixels)(load)
    x_N = x_N.reshape(len(x_N), *load.example)
    cut = load.rows
    x_N = x_N - x_N[:cut].mean(dim=0)
    return Resident(x_N[:cut].contiguous(), y_N[:cut]), Resident(x_N[cut:].contiguous(), y_N[cut:])


def net_of(load: Load) -> nn.Module:
    """The network of a load as people write it by hand."""
    sizes = [int(size) for size in load.net.partition(":")[2].split(",")]
    if load.net.startswith("conv"):
        return _convnet(load.example[0], sizes, load.classes)
    sides = [int(np.prod(load.example)), *sizes]
    layers: list[nn.Module] = []
    for inputs, units in pairwise(sides):
        layers += [nn.Linear(inputs, units), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sides[-1], load.classes))


def _convnet(inputs: int, channels: list[int], classes: int) -> nn.Module:
    """What `conv` builds: one convolution, then two a stage, pooling between, the mean of each channel at the end."""
    layers: list[nn.Module] = []
    for stage, wide in enumerate(channels):
        count = 1 if stage == 0 else 2
        for place in range(count):
            layers.append(nn.Conv2d(inputs, wide, 3, padding=1, bias=False))
            if place == count - 1 and stage < len(channels) - 1:
                layers.append(nn.MaxPool2d(2))
            layers += [nn.BatchNorm2d(wide), nn.ReLU()]
            inputs = wide
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


def _pixels(load: Load) -> Part:
    rows = load.rows + load.val_rows
    folder = Path(os.environ.get("NETSITTER_DATA", "")) / "cifar-10-batches-bin"
    if not folder.is_dir():
        draws = torch.Generator().manual_seed(0)
        return torch.randn(rows, 3072, generator=draws), torch.randint(0, 10, (rows,), generator=draws)
    part = open_source(str(folder)).parts["train"]
    return torch.from_numpy(part.x.take(np.arange(rows))).float() / 255, torch.from_numpy(part.y[:rows]).long()


def _digits(load: Load) -> Part:
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    return torch.tensor(digits.data[order] / 16, dtype=torch.float32), torch.tensor(digits.target[order])


def _table(load: Load) -> Part:
    """Rows of which a quarter of the features, in products of two, decide the class."""
    draws = torch.Generator().manual_seed(0)
    x_ND = torch.randn(load.rows + load.val_rows, load.example[0], generator=draws)
    some = x_ND[:, :14]
    truth_NK = (some[:, :7] * some[:, 7:]) @ torch.randn(7, load.classes, generator=draws)
    return x_ND, truth_NK.argmax(dim=1)
