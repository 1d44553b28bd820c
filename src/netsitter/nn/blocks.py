"""The blocks that the built-in nets are put together from: a weighted layer, its norm, its activation, its dropout."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from torch import nn

from netsitter.nn.activations import activation
from netsitter.nn.dropout import KeyedDropout
from netsitter.plan.sections import NetPlan


class Blocks:
    """Makes blocks as a plan says. It counts its dropout layers, so that no two draw the same mask."""

    def __init__(self, net: NetPlan) -> None:
        self.act = activation(net.act)
        self.normed = net.norm == "batch"
        self.rate = net.dropout
        self.numbers: Iterator[int] = count()

    def dense(self, inputs: int, units: int, name: str) -> dict[str, nn.Module]:
        """A dense layer of `units`, then norm, activation and dropout: (B, D) -> (B, H)."""
        wide = units * self.act.pieces
        # The norm subtracts the mean, and with it any bias before it; its own shift takes that part.
        block: dict[str, nn.Module] = {f"dense{name}": nn.Linear(inputs, wide, bias=not self.normed)}
        if self.normed:
            block[f"norm{name}"] = nn.BatchNorm1d(wide)
        return block | {f"act{name}": self.act.make()} | self.dropout(name)

    def conv(
        self, inputs: int, channels: int, name: str, *, kernel: int = 3, padding: int = 1, pool: nn.Module | None = None
    ) -> dict[str, nn.Module]:
        """A convolution, then pooling if any, norm and activation: (B, C, Y, X) -> (B, C', Y', X').

        Pooling comes first, so that norm and activation work on a quarter of the numbers. Max pooling and a rising
        activation may change places without changing the result.
        """
        wide = channels * self.act.pieces
        block: dict[str, nn.Module] = {
            f"conv{name}": nn.Conv2d(inputs, wide, kernel, padding=padding, bias=not self.normed)
        }
        if pool is not None:
            block[f"pool{name}"] = pool
        if self.normed:
            block[f"norm{name}"] = nn.BatchNorm2d(wide)
        return block | {f"act{name}": self.act.make()}

    def dropout(self, name: str) -> dict[str, nn.Module]:
        """One dropout layer, or none when the plan's rate is 0."""
        return {f"drop{name}": KeyedDropout(self.rate, next(self.numbers))} if self.rate > 0 else {}
