"""What a network's layers do to a batch: mean, spread, and the share of units that are dead or saturated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from netsitter.nn.modes import into_training

FLAT = {nn.Sigmoid: (0.0, 1.0), nn.Tanh: (-1.0, 1.0)}
"""Where the flat ends of an activation lie."""

SHAPES = (nn.Flatten, nn.Unflatten, nn.Identity)
"""Layers that leave values as they are."""

NEAR_FLAT = 0.03
"""An output this near to a flat end, as a share of the whole range, counts as saturated: the slope of a sigmoid
is under 0.03 there, an eighth of its largest."""


@dataclass(frozen=True)
class LayerSignal:
    """The outputs of one layer over a batch.

    dead: share of units that give 0 on every row. saturated: share of outputs at a flat end; None where there is none.
    """

    name: str
    kind: str
    mean: float
    std: float
    dead: float
    saturated: float | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def layer_signals(net: nn.Module, x_B: Tensor) -> list[LayerSignal]:
    """How large the outputs of each layer with weights, and of each activation, are on a batch; in training mode.

    The network is as it was afterwards: its buffers are put back.
    """
    found: list[LayerSignal] = []

    def note(name: str, part: nn.Module, out: Tensor) -> None:
        out = out.detach().float()
        units = out.flatten(2).transpose(1, 2).flatten(0, 1) if out.ndim > 2 else out
        dead = (units == 0).all(dim=0).float().mean()
        found.append(
            LayerSignal(
                name, type(part).__name__, float(out.mean()), float(out.std()), float(dead), _saturated(part, out)
            )
        )

    with watched(net, note), as_it_was(net), torch.no_grad():
        into_training(net)
        net(x_B)
    return found


def innermost(net: nn.Module) -> list[tuple[str, nn.Module]]:
    """The modules that hold no others, by name; of a network that is one itself, it alone, named ""."""
    return [(name, part) for name, part in net.named_modules() if not any(part.children())]


@contextmanager
def watched(net: nn.Module, note: Callable[[str, nn.Module, Tensor], None]) -> Iterator[None]:
    """Within this context `note` hears of each output tensor of each innermost layer, as the forward pass goes."""
    handles = [
        part.register_forward_hook(
            lambda part, _, out, name=name: note(name, part, out) if isinstance(out, Tensor) and out.ndim > 1 else None
        )
        for name, part in innermost(net)
        if not isinstance(part, SHAPES)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def as_it_was(net: nn.Module) -> Iterator[None]:
    """Puts parameters, buffers and mode back at the end."""
    tensors = dict(net.named_parameters()) | dict(net.named_buffers())
    kept = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    modes = [(part, part.training) for part in net.modules()]
    try:
        yield
    finally:
        with torch.no_grad():
            for name, tensor in (dict(net.named_parameters()) | dict(net.named_buffers())).items():
                tensor.copy_(kept[name])
        for part, training in modes:
            part.training = training


def saturated_share(ends: tuple[float, float], out: Tensor) -> float:
    """The share of outputs that lie near one of these flat ends."""
    low, high = ends
    margin = NEAR_FLAT * (high - low)
    return float(((out < low + margin) | (out > high - margin)).float().mean())


def _saturated(part: nn.Module, out: Tensor) -> float | None:
    ends = next((ends for kind, ends in FLAT.items() if isinstance(part, kind)), None)
    return None if ends is None else saturated_share(ends, out)
