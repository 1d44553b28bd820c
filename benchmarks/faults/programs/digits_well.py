"""Well programs on the handwritten digits."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from benchmarks.faults.nets import mlp
from benchmarks.faults.program import Data, well
from benchmarks.faults.programs.digits import GOOD, SGD, scaled, sixteenths
from torch import Tensor, nn


@well(bar=0.93)
def digits_plain_sgd():
    """Pixels from 0 to 1, one hidden layer, plain SGD."""
    return replace(GOOD, data=sixteenths, optimizer=SGD, lr=0.2, epochs=25)


@well(bar=0.94)
def digits_rmsprop():
    """RMSprop."""
    return replace(GOOD, optimizer=torch.optim.RMSprop, lr=1e-3)


@well(bar=0.93)
def digits_adagrad():
    """Adagrad."""
    return replace(GOOD, optimizer=torch.optim.Adagrad, lr=0.02)


@well(bar=0.94)
def digits_adamw_with_decay():
    """AdamW with its usual decay."""
    return replace(GOOD, optimizer=torch.optim.AdamW, lr=2e-3)


@well(bar=0.94)
def digits_nesterov():
    """Nesterov's momentum."""
    return replace(GOOD, optimizer=partial(SGD, momentum=0.9, nesterov=True), lr=0.02)


@well(bar=0.93)
def digits_deep_and_narrow():
    """Six layers of 32 ReLUs."""
    return replace(GOOD, build=partial(mlp, *[32] * 6), lr=2e-3, epochs=25)


@well(bar=0.94)
def digits_wide():
    """One layer of 1,000 ReLUs."""
    return replace(GOOD, build=partial(mlp, 1_000), epochs=10)


@well(bar=0.94)
def digits_batch_norm_and_dropout():
    """Batch norm before the activation, dropout of 0.3 behind it."""
    block = lambda a, b: [nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ReLU(), nn.Dropout(0.3)]
    return replace(GOOD, build=lambda: nn.Sequential(*block(64, 128), *block(128, 64), nn.Linear(64, 10)))


@well(bar=0.94)
def digits_convolutions():
    """Two convolutions, pooling, a dense layer."""
    net = lambda: nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip
    return replace(GOOD, data=sixteenths, build=net, epochs=8, lr=2e-3)


class Rows(nn.Module):
    """An LSTM over the eight rows of a digit."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.out = nn.LSTM(8, 48, batch_first=True), nn.Linear(48, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(x.view(-1, 8, 8))[0][:, -1])


@well(bar=0.92)
def digits_lstm_over_rows():
    """An LSTM over the rows."""
    return replace(GOOD, build=Rows, lr=5e-3, epochs=15)


@well(bar=0.94)
def digits_layer_norm_gelu():
    """Layer norm and GELU."""
    return replace(
        GOOD, build=lambda: nn.Sequential(nn.Linear(64, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 10)), lr=2e-3
    )


@well(bar=0.92)
def digits_one_sigmoid_layer():
    """One sigmoid layer, as in the old books."""
    return replace(GOOD, build=partial(mlp, 64, act=nn.Sigmoid), lr=5e-3)


@well(bar=0.93)
def digits_logistic_regression():
    """No hidden layer at all."""
    return replace(GOOD, build=mlp, lr=5e-3)


@well(bar=0.6)
def digits_noisy_labels():
    """A fifth of the training labels are wrong, as labels are."""

    def noisy(seed: int) -> Data:
        found = scaled(seed)
        g = torch.Generator().manual_seed(seed)
        wrong = torch.rand(len(found.y), generator=g) < 0.2
        y = torch.where(wrong, torch.randint(0, 10, found.y.shape, generator=g), found.y)
        return Data(found.x, y, found.x_val, found.y_val)

    return replace(GOOD, data=noisy, epochs=6)


@well(bar=0.8)
def digits_two_hundred_rows():
    """A small training set."""
    return replace(GOOD, data=lambda s: _fewer(scaled(s), 200), epochs=40)


def _fewer(found: Data, rows: int) -> Data:
    return Data(found.x[:rows], found.y[:rows], found.x_val, found.y_val)


@well(bar=0.7)
def digits_autoencoder():
    """An autoencoder with a code of 16."""
    net = lambda: nn.Sequential(
        nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 16), nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 64)
    )

    def same(seed: int) -> Data:
        found = sixteenths(seed)
        return Data(found.x, found.x, found.x_val, found.x_val)

    return replace(
        GOOD,
        data=same,
        build=net,
        loss=nn.MSELoss(),
        lr=2e-3,
        epochs=30,
        score=lambda o, y: float(1 - (o - y).square().sum() / (y - y.mean(0)).square().sum()),
    )
