"""The plain convolutional net with batch norm: stages of 3x3 convolutions, max pooling between, one mean a channel."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from netsitter.errors import NetError
from netsitter.nn.blocks import Blocks
from netsitter.plan.sections import NetPlan


def convnet(net: NetPlan, example: tuple[int, ...], outputs: int) -> nn.Module:
    """(B, C, Y, X) -> (B, outputs) through one stage for each of `net.sizes`, which are its channels.

    A stage has two convolutions, the first stage one, since its maps of full size cost the most. Between two stages
    max pooling halves the sides; after the last the mean of each channel remains.
    Raises NetError when the examples are no images, or too small for that many stages.
    """
    sizes = net.sizes or ()
    _must_fit(sizes, example)
    blocks, layers = Blocks(net), OrderedDict[str, nn.Module]()
    channels = example[0]
    for stage, wide in enumerate(sizes, start=1):
        names = [f"{stage}"] if stage == 1 else [f"{stage}a", f"{stage}b"]
        for name in names:
            halves = name == names[-1] and stage < len(sizes)
            layers.update(blocks.conv(channels, wide, name, pool=nn.MaxPool2d(2) if halves else None))
            channels = wide
        layers.update(blocks.dropout(str(stage)))
    layers["mean"] = ChannelMean()
    layers["output"] = nn.Linear(channels, outputs)
    # Measured on two CPU cores: a step takes two thirds of the time that it takes with channels first.
    return nn.Sequential(layers).to(memory_format=torch.channels_last)


class ChannelMean(nn.Module):
    """(B, C, Y, X) -> (B, C): the mean of each channel.

    PyTorch's adaptive pooling is slow when lifted over trials, and the gradient of a mean over Y and X comes with
    channels first: whatever lies before it would have to turn it round.
    """

    def forward(self, x_BCYX: Tensor) -> Tensor:
        return x_BCYX.movedim(-3, -1).flatten(-3, -2).mean(dim=-2)


def _must_fit(sizes: tuple[int, ...], example: tuple[int, ...]) -> None:
    if len(example) != 3:
        raise NetError(
            f"a convolutional net needs images of three sides; got examples of {example}",
            code="N03",
            allowed="(channels, height, width)",
            fix="--net mlp takes any examples",
        )
    most = min(example[1:]).bit_length()
    if not sizes or len(sizes) > most:
        raise NetError(
            f"{len(sizes)} stages do not fit images of {example[1]} x {example[2]}: each but the last halves the sides",
            code="N04",
            where="net.sizes",
            allowed=f"1 to {most} stages; {len(sizes)} need sides of {2 ** max(0, len(sizes) - 1)} or more",
            fix="--net conv:" + ",".join(map(str, sizes[:most] or (32,))),
        )
