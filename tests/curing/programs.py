"""Small programs for the cure: five clouds of points, learned in an instant, and what can be wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from netsitter.curing.program import Program
from netsitter.doors.beginning import begun
from netsitter.doors.inputs import asked_for

ROWS, SIDES, CLASSES = 400, 6, 5


def clouds(seed: int = 0) -> tuple[Tensor, Tensor]:
    """x (N, D), y (N,): five clouds that overlap a little."""
    chance = torch.Generator().manual_seed(seed)
    y = torch.arange(ROWS) % CLASSES
    centres = 2 * torch.randn(CLASSES, SIDES, generator=torch.Generator().manual_seed(1))
    return centres[y] + 0.7 * torch.randn(ROWS, SIDES, generator=chance), y


def net(*, out: nn.Module | None = None, spread: float | None = None) -> nn.Sequential:
    layers = [nn.Linear(SIDES, 24), nn.ReLU(), nn.Linear(24, CLASSES), *([out] if out is not None else [])]
    built = nn.Sequential(*layers)
    if spread is not None:
        for part in built:
            if isinstance(part, nn.Linear):
                nn.init.normal_(part.weight, std=spread)
    return built


def program(build: Callable[[], nn.Module] = net, data: Any = None, **options: Any) -> Program:
    """A program as the cure takes it; SGD at 0.1 on cross-entropy unless said otherwise."""
    given = {"loss": nn.CrossEntropyLoss(), "optimizer": torch.optim.SGD} | {
        name: options.pop(name) for name in ("loss", "optimizer") if name in options
    }
    settings = {"lr": 0.1, "batch": 20, "epochs": 10, **options}
    asked = asked_for(clouds() if data is None else data, net=build, plan=None, options=settings, **given)
    prepared, _ = begun(asked)
    return Program(prepared, asked.build)
