"""Modes: evaluation for a while with every layer's own mode back after, and training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Inside, dropout is off and batch norm counts nothing; a layer that was frozen before is frozen after."""
    modes = [(part, part.training) for part in net.modules()]
    net.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def into_training(net: nn.Module) -> None:
    """Training mode, unless the net is in it already: then a layer that its builder froze stays frozen."""
    if not net.training:
        net.train()
