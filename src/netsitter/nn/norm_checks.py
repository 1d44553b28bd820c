"""Batches that are too small for batch norm, named with the layer before training starts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from netsitter.nn.modes import evaluating

FEW_NUMBERS = 8
"""Numbers a channel below which a batch's variance is mostly noise: its relative error is √(2 / (n - 1)), over half."""

KINDS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
"""The layers that count over a batch."""


@dataclass(frozen=True)
class BatchFault:
    """One layer that a batch is too small for.

    rows: of that batch; numbers: how many values a channel has in it.
    fatal: whether PyTorch stops there; else the statistics are noisy only.
    last: whether it is the smaller last batch of an epoch.
    """

    layer: str
    rows: int
    numbers: int
    fatal: bool
    last: bool

    @property
    def says(self) -> str:
        which = f"the last batch of an epoch has {self.rows}" if self.last else f"a batch has {self.rows}"
        seen = f"{self.layer} sees {self.numbers} number{'s' * (self.numbers > 1)} a channel"
        why = "one number has no variance" if self.fatal else "mean and variance are mostly noise"
        return f"{which} row{'s' * (self.rows > 1)}, so that {seen}: {why}"


def check_batch(net: nn.Module, example: tuple[int, ...], *, batch: int, rows: int) -> tuple[BatchFault, ...]:
    """The batch norm layers for which a batch, or the last one of an epoch, is too small; the gravest first.

    example: shape of one input. batch: rows of a step. rows: of the training part.
    """
    sizes = {min(batch, rows): False}
    if rows > batch and rows % batch:
        sizes[rows % batch] = True
    faults = [
        BatchFault(name, size, size * numbers, fatal=size * numbers < 2, last=last)
        for name, numbers in _numbers_a_row(net, example).items()
        for size, last in sizes.items()
        if size * numbers < FEW_NUMBERS
    ]
    return tuple(sorted(faults, key=lambda fault: (not fault.fatal, fault.last)))


def _numbers_a_row(net: nn.Module, example: tuple[int, ...]) -> dict[str, int]:
    """How many numbers of one channel each batch norm that counts over batches sees of one row."""
    seen: dict[str, int] = {}

    def looks(name: str, given: Tensor) -> None:
        seen[name] = given.numel() // (given.shape[0] * given.shape[1])

    norms = [(name, layer) for name, layer in net.named_modules() if isinstance(layer, KINDS)]
    if not norms:
        return {}
    handles = [
        layer.register_forward_pre_hook(lambda _, args, name=name: looks(name, args[0])) for name, layer in norms
    ]
    device = next((weight.device for weight in net.parameters()), torch.device("cpu"))
    try:
        with torch.no_grad(), evaluating(net):
            net(torch.zeros(1, *example, device=device))
    finally:
        for handle in handles:
            handle.remove()
    return seen
