"""Networks that several programs use, and ways to spoil their start."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn


def mlp(*hidden: int, act=nn.ReLU, out=None, inputs: int = 64, classes: int = 10) -> nn.Sequential:  # type: ignore[no-untyped-def]
    """Dense layers with an activation between; `out` stands behind the last."""
    sizes = (inputs, *hidden)
    layers: list[nn.Module] = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), act()]
    layers.append(nn.Linear(sizes[-1], classes))
    return nn.Sequential(*layers, *([out] if out is not None else []))


def init_with(build: Callable[[], nn.Module], change: Callable[..., object]) -> Callable[[], nn.Module]:
    """The network with `change` done to every dense and convolution layer."""

    def made() -> nn.Module:
        net = build()
        with torch.no_grad():
            for part in net.modules():
                if isinstance(part, nn.Linear | nn.Conv2d):
                    change(part)
        return net

    return made


def zero(part: nn.Linear | nn.Conv2d) -> None:
    """Weights and bias 0."""
    part.weight.zero_()
    assert part.bias is not None
    part.bias.zero_()
