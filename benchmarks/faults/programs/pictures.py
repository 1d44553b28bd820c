"""Clothes of Fashion-MNIST and photographs of CIFAR-10, a few thousand of each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
import torch.nn.functional as F
from benchmarks.faults import data
from benchmarks.faults.nets import init_with, mlp, zero
from benchmarks.faults.program import Data, Program, sick, well
from benchmarks.faults.scores import accuracy
from torch import Tensor, nn

SGD, Adam = torch.optim.SGD, torch.optim.Adam
Momentum = partial(SGD, momentum=0.9)


def flat(found: Data) -> Data:
    return Data(found.x.flatten(1), found.y, found.x_val.flatten(1), found.y_val)  # type: ignore[union-attr]


def clothes(seed: int) -> Data:
    return data.times(1 / 127.5, -0.6)(data.fashion(seed))


def clothes_rows(seed: int) -> Data:
    return flat(clothes(seed))


def photos(seed: int) -> Data:
    return data.times(1 / 64, -1.9)(data.cifar(seed))


def photo_rows(seed: int) -> Data:
    return flat(photos(seed))


def conv(
    channels: int = 1, side: int = 28, *, act=nn.ReLU, norm: bool = False, out: nn.Module | None = None
) -> nn.Sequential:  # type: ignore[no-untyped-def]
    def block(a: int, b: int) -> list[nn.Module]:
        return [
            nn.Conv2d(a, b, 3, padding=1, bias=not norm),
            *([nn.BatchNorm2d(b)] if norm else []),
            act(),
            nn.MaxPool2d(2),
        ]

    return nn.Sequential(
        *block(channels, 8), *block(8, 16), nn.Flatten(), nn.Linear(16 * (side // 4) ** 2, 10), *([out] if out else [])
    )


photo_conv = partial(conv, 3, 32)
DENSE = Program(clothes_rows, partial(mlp, 64, inputs=784), nn.CrossEntropyLoss(), Adam, 1e-3, 32, 8, accuracy)
CONV = Program(clothes, conv, nn.CrossEntropyLoss(), Adam, 2e-3, 32, 4, accuracy)
PHOTO = Program(photos, photo_conv, nn.CrossEntropyLoss(), Adam, 2e-3, 32, 5, accuracy)
PHOTO_DENSE = Program(photo_rows, partial(mlp, 50, inputs=3072), nn.CrossEntropyLoss(), Adam, 1e-3, 50, 8, accuracy)


@sick("uncentred-input|uneven-scales", bar=0.75)
def clothes_raw_pixels():
    """Pixels from 0 to 255 with plain SGD."""
    raw = lambda s: flat(data.fashion(s))
    return replace(DENSE, data=raw, optimizer=SGD, lr=0.05), replace(DENSE, optimizer=SGD, lr=0.05)


@sick("uncentred-input|uneven-scales", "saturated-start|saturating-hidden", bar=0.75)
def clothes_raw_pixels_and_sigmoids():
    """Raw pixels into sigmoids."""
    net = partial(mlp, 64, 64, inputs=784, act=nn.Sigmoid)
    return replace(DENSE, data=lambda s: flat(data.fashion(s)), build=net, optimizer=SGD, lr=0.1), replace(
        DENSE, optimizer=SGD, lr=0.1
    )


@sick("output-loss-mismatch", bar=0.75)
def clothes_squared_error_on_one_hot():
    """Keras' compile(loss="mse") on one-hot rows with a softmax, plain SGD."""
    hot = lambda s: data.with_targets(clothes_rows(s), data.one_hot)
    return replace(
        DENSE, data=hot, build=lambda: mlp(64, inputs=784, out=nn.Softmax(1)), loss=nn.MSELoss(), optimizer=SGD, lr=0.05
    ), replace(DENSE, optimizer=SGD, lr=0.05)


@sick("output-loss-mismatch", bar=0.75)
def clothes_bce_for_ten_classes_on_tanh():
    """Binary cross-entropy on the tanh of ten outputs."""
    hot = lambda s: data.with_targets(clothes_rows(s), data.one_hot)
    return replace(DENSE, data=hot, build=lambda: mlp(64, inputs=784, out=nn.Tanh()), loss=nn.BCELoss()), DENSE


@sick("output-loss-mismatch", bar=0.75)
def clothes_conv_softmax():
    """A softmax at the end of a convolutional net, SGD."""
    return replace(CONV, build=lambda: conv(out=nn.Softmax(1)), optimizer=Momentum, lr=0.01), replace(
        CONV, optimizer=Momentum, lr=0.01, epochs=6
    )


@sick("learning-rate-too-high", bar=0.75)
def clothes_conv_rate_of_a_half():
    """SGD with momentum at 2."""
    return replace(CONV, optimizer=Momentum, lr=2.0), CONV


@sick("learning-rate-too-low", bar=0.75)
def clothes_conv_rate_of_a_hundred_thousandth():
    """SGD at 1e-5."""
    return replace(CONV, optimizer=SGD, lr=1e-5), CONV


@sick("dead-start|dead-relu|exploding-start", bar=0.75)
def clothes_conv_dead():
    """Biases of -20 in the convolutions."""
    return replace(CONV, build=init_with(conv, lambda p: p.bias.fill_(-20.0)), lr=1e-4), CONV


@sick("symmetric-units", bar=0.75)
def clothes_conv_zeros():
    """Convolutions of zero."""
    return replace(CONV, build=init_with(conv, zero)), CONV


@sick("exploding-start", bar=0.75)
def clothes_conv_normal_weights():
    """Standard normal weights in the convolutions."""
    return replace(CONV, build=init_with(conv, lambda p: nn.init.normal_(p.weight)), optimizer=SGD, lr=0.01), replace(
        CONV, optimizer=Momentum, lr=0.02
    )


@sick("linear-collapse", bar=0.78)
def clothes_linear():
    """Three dense layers, no activation."""
    net = lambda: nn.Sequential(nn.Linear(784, 64), nn.Linear(64, 32), nn.Linear(32, 10))
    return replace(DENSE, build=net, lr=5e-3), DENSE


@sick("saturating-hidden|vanishing-gradient|shrinking-start", bar=0.75)
def clothes_twelve_sigmoid_layers():
    """Twelve layers of sigmoids."""
    return replace(DENSE, build=partial(mlp, *[32] * 12, inputs=784, act=nn.Sigmoid)), DENSE


@sick("misread-axes", bar=0.7)
def clothes_reshape_that_mixes_rows():
    """view(10, -1).t() at the end puts the numbers of different rows together."""

    class Mixed(nn.Module):
        def __init__(self, right: bool) -> None:
            super().__init__()
            self.net, self.right = mlp(64, inputs=784), right

        def forward(self, x: Tensor) -> Tensor:
            z = self.net(x)
            return z if self.right else z.view(10, -1).t()

    return replace(DENSE, build=lambda: Mixed(False)), replace(DENSE, build=lambda: Mixed(True))


@sick("shuffled-labels", bar=0.75)
def clothes_sorted_labels():
    """Labels sorted, rows not."""

    def broken(seed: int) -> Data:
        found = clothes_rows(seed)
        return Data(found.x, found.y.sort().values, found.x_val, found.y_val)

    return replace(DENSE, data=broken), DENSE


@sick("misplaced-dropout", bar=0.75)
def clothes_dropout_everywhere():
    """Dropout of 0.95 after every layer."""
    net = lambda p: nn.Sequential(
        nn.Linear(784, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(p), nn.Linear(32, 10)
    )
    return replace(DENSE, build=lambda: net(0.95), epochs=4), replace(DENSE, build=lambda: net(0.2))


@sick("tiny-batch|stale-statistics", bar=0.7)
def clothes_batch_norm_on_dense_batches_of_two():
    """BatchNorm1d in batches of two."""
    net = lambda: nn.Sequential(
        nn.Linear(784, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10), nn.BatchNorm1d(10)
    )
    return replace(DENSE, build=net, batch=2, epochs=2, lr=0.02), replace(DENSE, build=net)


@sick("over-regularised", bar=0.75)
def clothes_decay_of_ten():
    """SGD with weight_decay=10 at 0.01."""
    return replace(DENSE, optimizer=partial(SGD, weight_decay=10.0), lr=0.02), replace(DENSE, optimizer=SGD, lr=0.05)


@sick("label-out-of-range|output-loss-mismatch", bar=0.75)
def clothes_nine_outputs():
    """Nine outputs for ten classes."""
    return replace(DENSE, build=partial(mlp, 64, inputs=784, classes=9)), DENSE


@sick("uncentred-input|uneven-scales", "output-loss-mismatch", bar=0.75)
def clothes_raw_and_softmax():
    """Raw pixels, and a softmax before cross-entropy."""
    return replace(
        DENSE, data=lambda s: flat(data.fashion(s)), build=lambda: mlp(64, inputs=784, out=nn.Softmax(1))
    ), DENSE


@sick("twice-scaled-input|learning-rate-too-low", bar=0.7)
def clothes_scaled_twice():
    """ToTensor divides by 255, and so does the script."""
    return replace(
        DENSE, data=lambda s: flat(data.times(1 / 255**2)(data.fashion(s))), optimizer=SGD, lr=0.05
    ), replace(DENSE, optimizer=SGD, lr=0.05)


@sick("uncentred-input|uneven-scales|learning-rate-too-high", bar=0.3)
def photos_raw_pixels():
    """Raw photographs with plain SGD at 0.01."""
    return replace(PHOTO_DENSE, data=lambda s: flat(data.cifar(s)), optimizer=SGD, lr=0.01), replace(
        PHOTO_DENSE, optimizer=SGD, lr=0.02
    )


@sick("learning-rate-too-low", bar=0.3)
def photos_rate_of_a_millionth():
    """The lecture's rate for another scale of pixels."""
    return replace(PHOTO_DENSE, optimizer=SGD, lr=1e-6), PHOTO_DENSE


@sick("learning-rate-too-high", bar=0.3)
def photos_rate_of_a_million():
    """The lecture's other rate."""
    return replace(PHOTO_DENSE, optimizer=SGD, lr=1e6), PHOTO_DENSE


@sick("saturating-hidden|vanishing-gradient|shrinking-start", bar=0.3)
def photos_sixteen_sigmoid_layers():
    """Sixteen layers of sigmoids on photographs."""
    return replace(PHOTO_DENSE, build=partial(mlp, *[50] * 16, inputs=3072, act=nn.Sigmoid)), PHOTO_DENSE


@sick("shrinking-start", bar=0.25)
def photos_ten_tanh_layers_at_a_hundredth():
    """The lecture's experiment: ten tanh layers at N(0, 0.01²), plain SGD."""

    def small(part: nn.Linear) -> None:
        nn.init.normal_(part.weight, std=0.01)
        part.bias.zero_()

    net = partial(mlp, *[100] * 10, inputs=3072, act=nn.Tanh)
    return replace(PHOTO_DENSE, build=init_with(net, small), optimizer=SGD, lr=0.05), replace(
        PHOTO_DENSE, build=partial(mlp, *[100] * 3, inputs=3072, act=nn.Tanh), optimizer=SGD, lr=0.05
    )


@sick("saturated-start|exploding-start", bar=0.25)
def photos_ten_tanh_layers_at_one():
    """The same at N(0, 1)."""
    net = partial(mlp, *[100] * 10, inputs=3072, act=nn.Tanh)
    return replace(
        PHOTO_DENSE, build=init_with(net, lambda p: nn.init.normal_(p.weight)), optimizer=SGD, lr=0.01
    ), replace(PHOTO_DENSE, build=partial(mlp, *[100] * 3, inputs=3072, act=nn.Tanh), optimizer=SGD, lr=0.05)


@sick("output-loss-mismatch", "learning-rate-too-low", bar=0.3)
def photos_conv_softmax_and_slow():
    """A softmax before cross-entropy and a rate of 1e-5."""
    return replace(PHOTO, build=lambda: photo_conv(out=nn.Softmax(1)), lr=1e-5), PHOTO


@sick("unused-parameters", bar=0.3)
def photos_frozen_convolutions():
    """A frozen backbone that was never trained, with a narrow throat."""

    def frozen() -> nn.Module:
        net = nn.Sequential(
            nn.Conv2d(3, 4, 5, stride=4),
            nn.ReLU(),
            nn.Conv2d(4, 4, 5, stride=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(16, 10),
        )
        for part in net[:-1]:
            part.requires_grad_(False)
        return net

    return replace(PHOTO, build=frozen, epochs=3), PHOTO


# well programs


@well(bar=0.75)
def clothes_conv():
    """A small convolutional net."""
    return CONV


@well(bar=0.75)
def clothes_conv_batch_norm():
    """With batch norm, SGD with momentum."""
    return replace(CONV, build=partial(conv, norm=True), optimizer=Momentum, lr=0.05)


@well(bar=0.72)
def clothes_from_0_to_1():
    """Pixels from 0 to 1, as most people have them."""
    return replace(DENSE, data=lambda s: flat(data.times(1 / 255)(data.fashion(s))))


@well(bar=0.72)
def clothes_log_softmax():
    """log_softmax and NLLLoss."""
    return replace(DENSE, build=lambda: mlp(64, inputs=784, out=nn.LogSoftmax(1)), loss=nn.NLLLoss())


@well(bar=0.72)
def clothes_wide_dropout():
    """A wide layer and dropout of a half."""
    return replace(
        DENSE, build=lambda: nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10))
    )


class Separable(nn.Module):
    """Depthwise and pointwise convolutions, group norm, functional activations."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 16, 3, stride=2, padding=1)
        self.deep, self.point, self.norm = (
            nn.Conv2d(16, 16, 3, padding=1, groups=16),
            nn.Conv2d(16, 32, 1),
            nn.GroupNorm(4, 32),
        )
        self.out = nn.Linear(32 * 49, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        x = F.max_pool2d(F.silu(self.norm(self.point(self.deep(x)))), 2)
        return self.out(torch.flatten(x, 1))


@well(bar=0.75)
def clothes_separable():
    """Separable convolutions."""
    return replace(CONV, build=Separable)


@well(bar=0.3)
def photos_conv():
    """A small convolutional net on photographs."""
    return PHOTO


@well(bar=0.3)
def photos_dense():
    """A dense net on photographs."""
    return PHOTO_DENSE


@well(bar=0.3)
def photos_conv_batch_norm():
    """With batch norm, AdamW."""
    return replace(PHOTO, build=partial(photo_conv, norm=True), optimizer=torch.optim.AdamW)


@well(bar=0.6)
def clothes_two_hundred_rows():
    """Two hundred clothes."""
    return replace(CONV, data=lambda s: data.times(1 / 127.5, -0.6)(data.fashion(s, 400)), epochs=15)


@well(bar=0.55)
def clothes_noisy_labels():
    """A quarter of the labels are wrong."""

    def noisy(seed: int) -> Data:
        found = clothes_rows(seed)
        g = torch.Generator().manual_seed(seed)
        wrong = torch.rand(len(found.y), generator=g) < 0.25
        return Data(
            found.x,
            torch.where(wrong, torch.randint(0, 10, found.y.shape, generator=g), found.y),
            found.x_val,
            found.y_val,
        )

    return replace(DENSE, data=noisy, epochs=4)
