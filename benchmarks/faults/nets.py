"""Networks that several programs use, and ways to spoil a start or a whole program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from benchmarks.faults.program import Data, Program
from torch import nn

Change = Callable[[Program], Program]


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


def normal(spread: float) -> Callable[..., object]:
    """For `init_with`: weights drawn from N(0, spread²), biases as they are."""
    return lambda part: nn.init.normal_(part.weight, std=spread)


def biased(value: float) -> Callable[..., object]:
    """For `init_with`: every bias is this number."""
    return lambda part: part.bias.fill_(value)


def spoilt(good: Program, *faults: Change) -> tuple[Program, Program]:
    """(sick, good): the program with each fault done to it in turn, and as it was."""
    sick = good
    for fault in faults:
        sick = fault(sick)
    return sick, good


def set_to(**fields: Any) -> Change:
    """A fault that lies in fields of the program."""
    return lambda program: replace(program, **fields)


def built(*, score: Any = None, **options: Any) -> Change:
    """A fault that is an option of `build`; score: how such a network is judged, where it is otherwise."""
    return lambda program: replace(
        program, build=partial(program.build, **options), score=program.score if score is None else score
    )


def started(change: Callable[..., object]) -> Change:
    """A fault of the first weights; it comes after `built`."""
    return lambda program: replace(program, build=init_with(program.build, change))


def fed(change: Callable[[Data], Data]) -> Change:
    """A fault of the rows: a change after they were loaded as they should be."""
    return lambda program: replace(program, data=lambda seed: change(program.data(seed)))
