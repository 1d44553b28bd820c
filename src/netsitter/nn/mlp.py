"""The dense net: flatten, hidden layers, outputs."""

from __future__ import annotations

from collections import OrderedDict
from math import prod

from torch import nn

from netsitter.nn.blocks import Blocks
from netsitter.plan.sections import NetPlan


def mlp(net: NetPlan, example: tuple[int, ...], outputs: int) -> nn.Module:
    """(B, *example) -> (B, outputs) through the hidden layers of `net.sizes`; none makes it a linear model."""
    blocks, layers = Blocks(net), OrderedDict[str, nn.Module](flatten=nn.Flatten())
    width = prod(example)
    for number, units in enumerate(net.sizes or (), start=1):
        layers.update(blocks.dense(width, units, str(number)))
        width = units
    layers["output"] = nn.Linear(width, outputs)
    return nn.Sequential(layers)
