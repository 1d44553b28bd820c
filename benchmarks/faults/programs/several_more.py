"""Two or three faults at once: digits, clothes, photographs, and loops of their own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
import torch.nn.functional as F
from benchmarks.faults import data
from benchmarks.faults.nets import Change, biased, built, fed, mlp, normal, set_to, spoilt, started, zero
from benchmarks.faults.program import Data, Program, sick
from benchmarks.faults.programs.digits import scaled
from benchmarks.faults.programs.pictures import clothes, clothes_rows, flat, photo_rows, photos
from benchmarks.faults.programs.sequences import Painter
from benchmarks.faults.programs.toys import plain
from benchmarks.faults.scores import accuracy, balanced
from torch import Tensor, nn

SGD, Adam, RMSprop = torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop
Momentum = partial(SGD, momentum=0.9)

DIGITS = Program(scaled, partial(mlp, 48, 24), nn.CrossEntropyLoss(), Momentum, 0.02, 32, 12, accuracy)
LOOP = replace(DIGITS, loop=plain, lr=0.01)


def looped(**options: object) -> Change:
    """A fault of the loop."""
    return lambda program: replace(program, loop=partial(program.loop, **options))  # type: ignore[arg-type]


@sick("learning-rate-too-low", "output-loss-mismatch", bar=0.94)
def digits_one_hot_at_a_millionth():
    """One-hot rows, a softmax and squared error, at 1e-6."""
    hot = lambda p: replace(
        p,
        data=lambda s: data.with_targets(scaled(s), data.one_hot),
        build=lambda: mlp(48, 24, out=nn.Softmax(1)),
        loss=nn.MSELoss(),
    )
    return spoilt(DIGITS, set_to(lr=1e-6), hot)


@sick("uncentred-input|uneven-scales|learning-rate-too-high", "output-loss-mismatch", bar=0.94)
def digits_times_255_and_soft():
    """Pixels that were multiplied by 255 instead of divided, and probabilities into cross-entropy."""
    bright = set_to(data=lambda s: data.times(255.0)(data.digits(s)))
    return spoilt(replace(DIGITS, optimizer=SGD, lr=0.05), bright, built(out=nn.Softmax(1)))


@sick("tiny-batch|stale-statistics", "learning-rate-too-high", bar=0.94)
def digits_batches_of_two_at_a_high_rate():
    """Batch norm over two rows at a time, and Adam at a half."""

    def net() -> nn.Module:
        return nn.Sequential(
            nn.Linear(64, 40, bias=False), nn.BatchNorm1d(40), nn.ReLU(), nn.Linear(40, 24, bias=False),
            nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 10),
        )  # fmt: skip

    good = replace(DIGITS, build=net, optimizer=Adam, lr=0.01, epochs=4)
    return spoilt(good, set_to(batch=2), set_to(lr=0.5))


class Reshaped(nn.Module):
    """Answers that are turned round on the way out; right: as they should be."""

    def __init__(self, *, right: bool = True, soft: bool = False) -> None:
        super().__init__()
        self.body, self.right, self.soft = mlp(32, 32), right, soft

    def forward(self, x: Tensor) -> Tensor:
        z = self.body(x)
        z = z if self.right else z.reshape(10, -1).T
        return F.softmax(z, dim=1) if self.soft else z


@sick("misread-axes|mixed-batch", "output-loss-mismatch", bar=0.94)
def digits_mixed_rows_and_soft():
    """A reshape with the sides the wrong way round, and a softmax too many."""
    good = replace(DIGITS, build=Reshaped, lr=0.01)
    return spoilt(good, built(right=False), built(soft=True))


@sick(
    "saturating-hidden|vanishing-gradient|shrinking-start",
    "output-loss-mismatch",
    "learning-rate-too-low|unsuited-optimizer",
    bar=0.94,
)
def digits_as_in_the_old_book():
    """Three faults: five sigmoid layers, a sigmoid for each class before cross-entropy, plain SGD at 0.003."""
    deep = set_to(build=partial(mlp, *[24] * 5, act=nn.Sigmoid))
    return spoilt(DIGITS, deep, built(out=nn.Sigmoid()), set_to(optimizer=SGD, lr=3e-3))


class _Swish(torch.autograd.Function):
    """x · sigmoid(x), with a derivative that is not its own."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)

    @staticmethod
    def setup_context(ctx, inputs, output) -> None:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:  # type: ignore[no-untyped-def,override]
        (x,) = ctx.saved_tensors
        share = torch.sigmoid(x)
        return grad * (x * share * (1 - share) - share)


class Swish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return _Swish.apply(x)


@sick("wrong-gradient", "learning-rate-too-high", bar=0.94)
def digits_own_derivative_at_a_high_rate():
    """A home-made swish with a wrong sign in its derivative, and momentum at 3."""
    good = replace(DIGITS, build=partial(mlp, 24, 16, 16, act=nn.SiLU))
    return spoilt(good, built(act=Swish), set_to(lr=3.0))


@sick("imbalanced-classes", "learning-rate-too-low|unsuited-optimizer", bar=0.9)
def digits_mostly_zeros_and_slow():
    """Of nine digits hardly a row was kept, and plain SGD runs at 0.001."""

    def rare(found: Data) -> Data:
        keep = (found.y == 0) | (torch.arange(len(found.y)) % 60 == 0)
        return Data(found.x[keep], found.y[keep], found.x_val, found.y_val)

    return spoilt(replace(DIGITS, score=balanced, epochs=20), fed(rare), set_to(optimizer=SGD, lr=1e-3))


@sick("over-regularised", "shifted-split", bar=0.94)
def digits_unlike_parts_and_a_penalty():
    """The rows to judge by were not standardised, and the penalty is 1."""

    def apart(seed: int) -> Data:
        found, raw = scaled(seed), data.digits(seed)
        return Data(found.x, found.y, raw.x_val, raw.y_val)

    return spoilt(DIGITS, set_to(optimizer=partial(SGD, momentum=0.9, weight_decay=1.0)), set_to(data=apart))


@sick("kept-gradient", "learning-rate-too-high", bar=0.94)
def digits_kept_gradients_at_a_high_rate():
    """A loop without zero_grad, and a rate of 3."""
    return spoilt(LOOP, looped(zeroed=False), set_to(lr=3.0))


@sick("wrong-sign", "unused-parameters", bar=0.94)
def digits_minus_and_the_last_layer_alone():
    """backward of minus the loss, and an optimizer that knows the last layer only."""
    narrow = replace(LOOP, build=partial(mlp, 12, 12, 12), lr=0.05, epochs=15)
    return spoilt(narrow, looped(sign=-1.0), looped(some=lambda m: list(m[-1].parameters())))


@sick("unused-parameters|learning-rate-too-low", "exploding-start|saturated-start", bar=0.94)
def digits_optimizer_of_the_old_model():
    """The model was built anew, with weights of spread 3, behind the optimizer's back."""
    old = looped(some=lambda m: list(mlp(48, 24, act=nn.Tanh).parameters()))
    return spoilt(replace(LOOP, build=partial(mlp, 48, 24, act=nn.Tanh)), old, started(normal(3.0)))


def small_conv(
    channels: int = 1,
    side: int = 28,
    *,
    act: type[nn.Module] = nn.ReLU,
    classes: int = 10,
    out: nn.Module | None = None,
) -> nn.Sequential:
    """Two convolutions with strides, and a dense layer."""
    layers = [nn.Conv2d(channels, 8, 4, stride=2, padding=1), act(), nn.Conv2d(8, 16, 4, stride=2, padding=1), act()]
    dense = nn.Linear(16 * (side // 4) ** 2, classes)
    return nn.Sequential(*layers, nn.Flatten(), dense, *([out] if out is not None else []))


CLOTHES = Program(clothes, small_conv, nn.CrossEntropyLoss(), Momentum, 0.02, 32, 4, accuracy)
ROWS = Program(clothes_rows, partial(mlp, 48, inputs=784), nn.CrossEntropyLoss(), Momentum, 0.01, 32, 6, accuracy)
PHOTOS = Program(photos, partial(small_conv, 3, 32), nn.CrossEntropyLoss(), Adam, 2e-3, 32, 5, accuracy)
PIXELS = Program(photo_rows, partial(mlp, 64, inputs=3072), nn.CrossEntropyLoss(), Momentum, 5e-3, 32, 5, accuracy)


@sick("uncentred-input|uneven-scales", "output-loss-mismatch", bar=0.72)
def clothes_conv_raw_and_soft():
    """Pixels up to 255 and probabilities into the loss, as a Keras model was ported."""
    return spoilt(CLOTHES, set_to(data=data.fashion), built(out=nn.Softmax(dim=1)))


@sick("uncentred-input|uneven-scales", "misread-axes|mixed-batch|output-loss-mismatch", bar=0.72)
def clothes_soft_over_the_batch_and_raw():
    """nn.Softmax(0) behind the last layer, and pixels as they are in the file."""
    return spoilt(ROWS, set_to(data=lambda s: flat(data.fashion(s))), built(out=nn.Softmax(dim=0)))


@sick("symmetric-units", "twice-scaled-input|learning-rate-too-low", bar=0.72)
def clothes_conv_zeros_and_faint_pixels():
    """All weights 0, and pixels divided by 255 twice."""
    return spoilt(CLOTHES, started(zero), set_to(data=lambda s: data.times(255.0**-2)(data.fashion(s))))


@sick("saturating-hidden|vanishing-gradient|shrinking-start", "over-regularised", bar=0.72)
def clothes_sigmoids_and_a_penalty():
    """Eight layers of sigmoids, and a weight decay of 0.5 that was meant for the dropout."""
    deep = set_to(build=partial(mlp, *[40] * 8, inputs=784, act=nn.Sigmoid))
    return spoilt(ROWS, deep, set_to(optimizer=partial(SGD, momentum=0.9, weight_decay=0.5)))


@sick("label-out-of-range|output-loss-mismatch", "exploding-start", bar=0.72)
def clothes_too_few_outputs_and_loud_weights():
    """Eight outputs for ten classes, and standard normal weights in the convolutions."""
    return spoilt(CLOTHES, built(classes=8), started(normal(1.0)))


@sick("misplaced-dropout", "stopped-too-early|learning-rate-too-low|unsuited-optimizer", bar=0.72)
def clothes_dropout_and_one_epoch():
    """Dropout of 0.95 on the pixels and behind the layer, and one epoch of plain SGD at 0.002."""

    def net(share: float = 0.1) -> nn.Module:
        return nn.Sequential(
            nn.Dropout(share), nn.Linear(784, 48), nn.ReLU(), nn.Dropout(share), nn.Linear(48, 10)
        )  # fmt: skip

    return spoilt(replace(ROWS, build=net, epochs=8), built(share=0.95), set_to(optimizer=SGD, lr=2e-3, epochs=1))


@sick("shuffled-labels", "dead-start|dead-relu", bar=0.72)
def clothes_shuffled_and_dead():
    """Labels of other rows, and biases of -30 in a net that stays dark."""
    return spoilt(ROWS, fed(data.shuffled_labels), started(biased(-30.0)))


@sick("uncentred-input|uneven-scales", "exploding-start", bar=0.28)
def photos_raw_and_loud_weights():
    """Photographs from 0 to 255, and standard normal weights."""
    return spoilt(PIXELS, set_to(data=lambda s: flat(data.cifar(s))), started(normal(1.0)))


@sick("shrinking-start", "learning-rate-too-low|unsuited-optimizer", bar=0.27)
def photos_faint_weights_and_slow():
    """Four tanh layers at N(0, 0.01²), and plain SGD at 1e-4."""
    good = replace(PIXELS, build=partial(mlp, *[64] * 4, inputs=3072, act=nn.Tanh), lr=0.02)
    return spoilt(good, started(normal(0.01)), set_to(optimizer=SGD, lr=1e-4))


class Seen(nn.Module):
    """A convolutional net that turns its pictures round first; soft: a softmax too many."""

    def __init__(self, *, turned: bool = False, soft: bool = False) -> None:
        super().__init__()
        self.body, self.turned, self.soft = small_conv(3, 32), turned, soft

    def forward(self, x: Tensor) -> Tensor:
        z = self.body(x.reshape(3, -1, 32, 32).transpose(0, 1) if self.turned else x)
        return z.softmax(dim=1) if self.soft else z


@sick("misread-axes|mixed-batch", "output-loss-mismatch", bar=0.3)
def photos_mixed_pixels_and_soft():
    """A reshape where a transpose was meant puts the pixels of several pictures together; a softmax too many."""
    good = replace(PHOTOS, build=Seen, optimizer=Momentum, lr=0.01, epochs=6)
    return spoilt(good, built(turned=True), built(soft=True))


@sick(
    "uncentred-input|uneven-scales",
    "saturating-hidden|saturated-start|vanishing-gradient",
    "unsuited-batch-size|stopped-too-early",
    bar=0.28,
)
def photos_raw_sigmoids_in_one_batch():
    """Three faults: raw pixels, six sigmoid layers, all pictures in one batch."""
    deep = set_to(build=partial(mlp, *[64] * 6, inputs=3072, act=nn.Sigmoid))
    return spoilt(PIXELS, set_to(data=lambda s: flat(data.cifar(s))), deep, set_to(batch=5_000))


@sick("symmetric-units", "learning-rate-too-low", bar=0.95)
def masks_zeros_and_a_low_rate():
    """Convolutions of zero, and RMSprop at 1e-6."""
    good = Program(data.masks, Painter, nn.CrossEntropyLoss(), RMSprop, 5e-3, 16, 8, accuracy)
    return spoilt(good, started(zero), set_to(lr=1e-6))
