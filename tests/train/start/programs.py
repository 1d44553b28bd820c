"""Small programs of a user's own, ready to be measured."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from netsitter.doors.beginning import begun
from netsitter.doors.inputs import asked_for
from netsitter.train.prepare import Ready


def table(rows: int = 120, *, sides: int = 5, classes: int = 3) -> tuple[Tensor, Tensor]:
    """(N, D) numbers and the column of the first few that is largest, (N,)."""
    x_ND = torch.randn(rows, sides, generator=torch.Generator().manual_seed(0))
    return x_ND, x_ND[:, :classes].argmax(dim=1)


def dense(*, sides: int = 5, classes: int = 3) -> nn.Module:
    return nn.Sequential(nn.Linear(sides, 8), nn.ReLU(), nn.Linear(8, classes))


def program(net: Any = dense, data: Any = None, **options: Any) -> tuple[Ready, nn.Module]:
    """Data and network in place. options: as for `fit`; loss, optimizer, lr, batch, epochs."""
    loss, optimizer = options.pop("loss", "cross_entropy"), options.pop("optimizer", None)
    asked = asked_for(
        table() if data is None else data,
        net=net,
        loss=loss,
        optimizer=optimizer,
        plan=None,
        options={"lr": 1e-2, "batch": 16, "epochs": 2, "loop.threads": 1, **options},
    )
    return begun(asked)
