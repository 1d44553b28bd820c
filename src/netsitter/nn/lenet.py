"""LeNet-5, the convolutional net of 1998, whose shapes every course draws."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from netsitter.errors import NetError
from netsitter.nn.blocks import Blocks
from netsitter.plan.sections import NetPlan

SIDE = 32
"""Of the images that it reads; those of 28 are padded by 2 on each side, as the paper did with MNIST."""


def lenet(net: NetPlan, example: tuple[int, ...], outputs: int) -> nn.Module:
    """(B, C, 32, 32) or (B, C, 28, 28) -> (B, outputs); 61,706 parameters with one channel and 10 outputs.

    As it is built today: plain mean pooling, every map of the third layer connected to every map of the second, and
    the plan's activation. The paper's had two numbers for each pooling map, a sparse table, and a scaled tanh.
    Raises NetError for other sides.
    Source: LeCun, Bottou, Bengio & Haffner (1998), Proceedings of the IEEE 86(11), figure 2.
    """
    if len(example) != 3 or example[1:] not in ((SIDE, SIDE), (SIDE - 4, SIDE - 4)):
        raise NetError(
            f"lenet reads images of 32 x 32 or 28 x 28; got examples of {example}",
            code="N03",
            allowed="(channels, 32, 32) or (channels, 28, 28)",
            fix="--net conv takes other sides; --set data.resize=32x32 changes these",
        )
    blocks, padding = Blocks(net), (SIDE - example[1]) // 2
    layers = OrderedDict[str, nn.Module]()
    layers.update(blocks.conv(example[0], 6, "1", kernel=5, padding=padding))
    layers["pool1"] = nn.AvgPool2d(2)
    layers.update(blocks.conv(6, 16, "2", kernel=5, padding=0))
    layers["pool2"] = nn.AvgPool2d(2)
    layers["flatten"] = nn.Flatten()
    layers.update(blocks.dense(16 * 5 * 5, 120, "3"))
    layers.update(blocks.dense(120, 84, "4"))
    layers["output"] = nn.Linear(84, outputs)
    return nn.Sequential(layers)
