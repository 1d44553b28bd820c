"""Well programs on small synthetic sets."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from benchmarks.faults import data
from benchmarks.faults.nets import mlp
from benchmarks.faults.program import well
from benchmarks.faults.programs.toys import BLOBS, CIRCLES, CLOUD, MOONS, SINE, SPIRALS, XOR, Momentum
from benchmarks.faults.scores import yes_no
from torch import Tensor, nn


@well(bar=0.99)
def xor_sgd_and_squared_error():
    """XOR as in the old books: sigmoids, squared error, plain SGD at a high rate, thousands of steps."""
    net = lambda: mlp(8, inputs=2, classes=1, act=nn.Sigmoid, out=nn.Sigmoid())
    return replace(XOR, build=net, loss=nn.MSELoss(), optimizer=Momentum, lr=1.0, epochs=1_500)


@well(bar=0.99)
def xor_relu():
    """Sixteen ReLUs, logits."""
    return replace(XOR, build=partial(mlp, 16, inputs=2, classes=1), loss=nn.BCEWithLogitsLoss(), score=yes_no(0.0))


@well(bar=0.9)
def xor_cloud_well():
    """Four clouds."""
    return CLOUD


@well(bar=0.9)
def circles_leaky():
    """Leaky ReLU, RMSprop."""
    return replace(
        CIRCLES, build=partial(mlp, 24, inputs=2, classes=1, act=nn.LeakyReLU), optimizer=torch.optim.RMSprop
    )


@well(bar=0.9)
def circles_elu_nadam():
    """ELU, NAdam."""
    return replace(CIRCLES, build=partial(mlp, 24, inputs=2, classes=1, act=nn.ELU), optimizer=torch.optim.NAdam)


@well(bar=0.9)
def moons_prelu():
    """PReLU, AdamW."""
    return replace(MOONS, build=partial(mlp, 24, 24, inputs=2, classes=2, act=nn.PReLU), optimizer=torch.optim.AdamW)


class Squash(nn.Module):
    """An activation of one's own."""

    def forward(self, x: Tensor) -> Tensor:
        return x / (1 + x.abs())


@well(bar=0.9)
def moons_own_activation():
    """x / (1 + |x|)."""
    return replace(MOONS, build=partial(mlp, 24, 24, inputs=2, classes=2, act=Squash), epochs=40)


@well(bar=0.85)
def moons_softplus():
    """Softplus, momentum."""
    return replace(
        MOONS, build=partial(mlp, 24, 24, inputs=2, classes=2, act=nn.Softplus), optimizer=Momentum, lr=0.05, epochs=50
    )


@well(bar=0.9)
def blobs_logistic():
    """No hidden layer."""
    return replace(BLOBS, build=partial(mlp, inputs=2, classes=4), lr=0.05)


@well(bar=0.9)
def blobs_mish():
    """Mish, RAdam."""
    return replace(BLOBS, build=partial(mlp, 16, inputs=2, classes=4, act=nn.Mish), optimizer=torch.optim.RAdam)


class Residual(nn.Module):
    """Eight residual blocks; each begins as the identity."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.out = nn.Linear(2, 32), nn.Linear(32, 3)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(32), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32)) for _ in range(8)
        )
        for block in self.blocks:
            nn.init.zeros_(block[-1].weight)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = x + block(x)
        return self.out(x)


@well(bar=0.85)
def spirals_residual():
    """A deep residual net whose branches begin at zero."""
    return replace(SPIRALS, build=Residual, lr=3e-3, epochs=30)


@well(bar=0.85)
def spirals_label_smoothing():
    """Label smoothing."""
    return replace(SPIRALS, loss=nn.CrossEntropyLoss(label_smoothing=0.1))


@well(bar=0.8)
def sine_relu_net():
    """ReLUs for a sine."""
    return replace(SINE, build=partial(mlp, 64, 64, inputs=1, classes=1))


@well(bar=0.6)
def sine_noisy():
    """Half of the target is noise."""
    return replace(SINE, data=partial(data.sine, noise=0.4))


@well(bar=0.8)
def sine_adamax_large_batch():
    """Adamax in batches of 128."""
    return replace(SINE, optimizer=torch.optim.Adamax, lr=0.02, batch=128, epochs=150)
