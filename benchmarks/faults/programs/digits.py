"""Handwritten digits of 8 x 8 pixels from 0 to 16."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
import torch.nn.functional as F
from benchmarks.faults import data
from benchmarks.faults.nets import init_with, mlp, zero
from benchmarks.faults.program import Data, Program, sick
from benchmarks.faults.scores import accuracy
from torch import Tensor, nn

SGD, Adam = torch.optim.SGD, torch.optim.Adam


def scaled(seed: int) -> Data:
    return data.standardised(data.digits(seed))


def sixteenths(seed: int) -> Data:
    found = data.digits(seed)
    return Data(found.x / 16, found.y, found.x_val / 16, found.y_val)


GOOD = Program(scaled, partial(mlp, 64), nn.CrossEntropyLoss(), Adam, 1e-3, 32, 20, accuracy)


@sick("output-loss-mismatch", bar=0.94)
def digits_softmax_then_cross_entropy():
    """The last layer is a softmax, as in Keras, and the loss is PyTorch's cross-entropy."""
    return replace(
        GOOD, build=lambda: mlp(64, out=nn.Softmax(dim=1)), optimizer=partial(SGD, momentum=0.9), lr=0.01
    ), replace(GOOD, optimizer=partial(SGD, momentum=0.9), lr=0.01)


@sick("output-loss-mismatch", "saturating-hidden|learning-rate-too-low|unsuited-optimizer", bar=0.94)
def digits_keras_habits():
    """Sigmoid layers, a softmax at the end, squared error on one-hot rows, plain SGD at 0.01."""
    keras = lambda seed: data.with_targets(scaled(seed), data.one_hot)
    net = lambda: mlp(32, 32, act=nn.Sigmoid, out=nn.Softmax(dim=1))
    return replace(GOOD, data=keras, build=net, loss=nn.MSELoss(), optimizer=SGD, lr=0.01), GOOD


class Functional(nn.Module):
    """Written with functions; forward asks for log-probabilities of what is already a probability."""

    def __init__(self, twice: bool) -> None:
        super().__init__()
        self.hidden, self.out, self.twice = nn.Linear(64, 48), nn.Linear(48, 10), twice

    def forward(self, x: Tensor) -> Tensor:
        z = self.out(F.relu(self.hidden(x)))
        return F.softmax(z, dim=1) if self.twice else F.log_softmax(z, dim=1)


@sick("output-loss-mismatch", bar=0.94)
def digits_nll_on_probabilities():
    """NLLLoss is given probabilities and not their logarithms."""
    return replace(GOOD, build=lambda: Functional(True), loss=nn.NLLLoss()), replace(
        GOOD, build=lambda: Functional(False), loss=nn.NLLLoss()
    )


@sick("output-loss-mismatch", bar=0.94)
def digits_nll_on_logits():
    """The log-softmax was lost in a refactoring; NLLLoss takes the raw outputs."""
    return replace(GOOD, loss=F.nll_loss), GOOD


@sick("output-loss-mismatch|dead-relu|dead-start", bar=0.94)
def digits_relu_at_the_output():
    """A loop that builds the layers puts a ReLU behind the last one too, and the biases were set to -1."""
    net = init_with(lambda: mlp(32, 32, out=nn.ReLU()), lambda p: p.bias.fill_(-1.0))
    return replace(GOOD, build=net, optimizer=SGD, lr=0.1), replace(
        GOOD, build=partial(mlp, 32, 32), optimizer=SGD, lr=0.1
    )


@sick("misread-axes", bar=0.94)
def digits_softmax_over_rows():
    """log_softmax with dim=0."""

    class Wrong(Functional):
        def forward(self, x: Tensor) -> Tensor:
            return F.log_softmax(self.out(F.relu(self.hidden(x))), dim=0)

    return replace(GOOD, build=lambda: Wrong(False), loss=nn.NLLLoss()), replace(
        GOOD, build=lambda: Functional(False), loss=nn.NLLLoss()
    )


@sick("learning-rate-too-low", bar=0.9)
def digits_rate_of_a_millionth():
    """A rate copied from fine-tuning."""
    return replace(GOOD, lr=1e-6), GOOD


@sick("learning-rate-too-high", bar=0.94)
def digits_adam_at_one():
    """Adam at the rate that did well with plain SGD."""
    return replace(GOOD, build=partial(mlp, 64, 64, 64), lr=1.0), replace(GOOD, build=partial(mlp, 64, 64, 64))


@sick("learning-rate-too-high", bar=0.94)
def digits_sgd_at_thirty():
    """A slip of the decimal point."""
    return replace(GOOD, optimizer=SGD, lr=30.0), replace(GOOD, optimizer=SGD, lr=0.3)


@sick("learning-rate-too-low|unsuited-optimizer", bar=0.9)
def digits_sgd_at_a_ten_thousandth():
    """Adam's usual rate divided by ten, with plain SGD."""
    return replace(GOOD, optimizer=SGD, lr=1e-4), replace(GOOD, optimizer=SGD, lr=0.1)


@sick("symmetric-units", bar=0.94)
def digits_all_zeros():
    """Weights and biases are set to zero, "to start neutral"."""

    return replace(GOOD, build=init_with(partial(mlp, 64), zero)), GOOD


@sick("symmetric-units", bar=0.94)
def digits_all_tenths():
    """nn.init.constant_ with 0.1 on every weight."""
    return replace(GOOD, build=init_with(partial(mlp, 64, 64), lambda p: p.weight.fill_(0.1))), replace(
        GOOD, build=partial(mlp, 64, 64)
    )


@sick("exploding-start|saturated-start", bar=0.94)
def digits_normal_weights_with_tanh():
    """nn.init.normal_ with its default spread of 1, in three tanh layers."""
    net = partial(mlp, 64, 64, 64, act=nn.Tanh)
    return replace(GOOD, build=init_with(net, lambda p: nn.init.normal_(p.weight)), optimizer=SGD, lr=0.01), replace(
        GOOD, build=net, optimizer=SGD, lr=0.1
    )


@sick("exploding-start", bar=0.94)
def digits_normal_weights_with_relu():
    """Standard normal weights in a deep ReLU net."""
    net = partial(mlp, 64, 64, 64)
    return replace(GOOD, build=init_with(net, lambda p: nn.init.normal_(p.weight))), replace(GOOD, build=net)


@sick("shrinking-start", bar=0.9)
def digits_tiny_weights_in_a_deep_net():
    """Eight tanh layers with weights of spread 0.01."""
    net = partial(mlp, *[48] * 8, act=nn.Tanh)
    return replace(GOOD, build=init_with(net, lambda p: nn.init.normal_(p.weight, std=0.01))), replace(
        GOOD, build=init_with(net, lambda p: nn.init.xavier_normal_(p.weight))
    )


@sick("dead-start|dead-relu", bar=0.94)
def digits_biases_of_minus_ten():
    """Biases drawn far below zero: no ReLU is ever on."""
    return replace(
        GOOD, build=init_with(partial(mlp, 64), lambda p: p.bias.fill_(-10.0)), optimizer=SGD, lr=0.01
    ), replace(GOOD, optimizer=SGD, lr=0.1)


@sick("saturating-hidden|vanishing-gradient|shrinking-start", bar=0.9)
def digits_ten_sigmoid_layers():
    """Ten sigmoid layers, as deep as the book's figure."""
    return replace(GOOD, build=partial(mlp, *[48] * 10, act=nn.Sigmoid)), replace(GOOD, build=partial(mlp, *[48] * 4))


@sick("saturating-hidden", bar=0.94)
def digits_softmax_in_the_middle():
    """Every hidden layer has a softmax, since "it gives probabilities"."""
    return replace(
        GOOD,
        build=lambda: nn.Sequential(
            nn.Linear(64, 64), nn.Softmax(1), nn.Linear(64, 64), nn.Softmax(1), nn.Linear(64, 10)
        ),
        optimizer=SGD,
        lr=0.1,
    ), replace(GOOD, build=partial(mlp, 64, 64), optimizer=SGD, lr=0.1)


@sick("misplaced-dropout", bar=0.94)
def digits_dropout_of_95_percent():
    """The rate is read as the share that is kept."""
    net = lambda p: nn.Sequential(
        nn.Linear(64, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 10)
    )
    return replace(GOOD, build=lambda: net(0.95)), replace(GOOD, build=lambda: net(0.2))


@sick("misplaced-dropout", bar=0.93)
def digits_dropout_on_the_answers():
    """Dropout behind the last layer."""
    net = lambda last: nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10), *last)
    return replace(GOOD, build=lambda: net([nn.Dropout(0.95)]), epochs=6), replace(
        GOOD, build=lambda: net([]), epochs=12
    )


@sick("too-small", bar=0.94)
def digits_one_unit_in_the_middle():
    """A layer of one unit, left over from an experiment."""
    return replace(GOOD, build=partial(mlp, 64, 1)), replace(GOOD, build=partial(mlp, 64, 32))


@sick("shuffled-labels", bar=0.94)
def digits_labels_in_another_order():
    """Rows and labels were shuffled apart."""

    def broken(seed: int) -> Data:
        found = scaled(seed)
        g = torch.Generator().manual_seed(seed)
        return Data(found.x, found.y[torch.randperm(len(found.y), generator=g)], found.x_val, found.y_val)

    return replace(GOOD, data=broken), GOOD


@sick("label-out-of-range|output-loss-mismatch", bar=0.94)
def digits_labels_from_one():
    """Labels count from 1."""
    return replace(GOOD, data=lambda seed: data.with_targets(scaled(seed), lambda y: y + 1)), GOOD


@sick("over-regularised", bar=0.94)
def digits_weight_decay_of_five():
    """Weight decay with the number meant for the batch."""
    return replace(GOOD, optimizer=partial(SGD, weight_decay=5.0, momentum=0.9), lr=0.02), replace(
        GOOD, optimizer=partial(SGD, weight_decay=1e-4, momentum=0.9), lr=0.02
    )


@sick("unsuited-batch-size|stopped-too-early|learning-rate-too-low", bar=0.94)
def digits_all_rows_in_one_batch():
    """The whole training set as one batch, for five epochs."""
    return replace(GOOD, batch=5_000, epochs=10), replace(GOOD, batch=32, epochs=10)


@sick("stopped-too-early|learning-rate-too-low|unsuited-optimizer", bar=0.9)
def digits_one_epoch_of_sgd():
    """One epoch at a modest rate, since it was slow on the laptop."""
    return replace(GOOD, optimizer=SGD, lr=0.01, epochs=1), replace(GOOD, optimizer=SGD, lr=0.1, epochs=15)


@sick("summed-loss|learning-rate-too-high", bar=0.94)
def digits_summed_loss():
    """reduction="sum" with the rate of the mean."""
    return replace(
        GOOD, loss=nn.CrossEntropyLoss(reduction="sum"), optimizer=partial(SGD, momentum=0.9), lr=0.1
    ), replace(GOOD, optimizer=partial(SGD, momentum=0.9), lr=0.1)


@sick("unused-parameters", bar=0.94)
def digits_frozen_first_layers():
    """requires_grad_(False) is left over from fine-tuning, on random weights."""

    def frozen() -> nn.Module:
        net = mlp(12, 12, 12)
        for part in net[:-1]:
            part.requires_grad_(False)
        return net

    return replace(GOOD, build=frozen), replace(GOOD, build=partial(mlp, 32, 32, 32))


@sick("wrong-sign", bar=0.94)
def digits_minus_before_the_loss():
    """A log-likelihood is made small."""
    return replace(GOOD, loss=lambda out, y: -F.cross_entropy(out, y)), GOOD


@sick("linear-collapse", bar=0.96)
def digits_five_linear_layers():
    """Five layers and no activation."""
    net = lambda: nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10))
    return replace(GOOD, build=net, lr=3e-3), replace(GOOD, build=partial(mlp, 128, 128), lr=2e-3, epochs=25)


@sick("uncentred-input|uneven-scales|learning-rate-too-high", bar=0.94)
def digits_pixels_up_to_4000():
    """Pixels multiplied by 255 that needed no such thing, plain SGD."""
    return replace(GOOD, data=lambda s: data.times(255.0)(data.digits(s)), optimizer=SGD, lr=0.05), replace(
        GOOD, optimizer=SGD, lr=0.05
    )


@sick("twice-scaled-input|learning-rate-too-low", bar=0.9)
def digits_divided_by_255_twice():
    """Divided by 255 in the loader and again in the training script."""
    return replace(GOOD, data=lambda s: data.times(1 / 255 / 255)(data.digits(s)), optimizer=SGD, lr=0.05), replace(
        GOOD, optimizer=SGD, lr=0.05
    )


@sick("tiny-batch|stale-statistics", bar=0.9)
def digits_batch_norm_in_batches_of_two():
    """Batch norm, and batches of two because of memory."""
    net = lambda: nn.Sequential(
        nn.Linear(64, 32),
        nn.BatchNorm1d(32),
        nn.ReLU(),
        nn.Linear(32, 32),
        nn.BatchNorm1d(32),
        nn.ReLU(),
        nn.Linear(32, 10),
    )
    return replace(GOOD, build=net, batch=2, epochs=2, lr=1e-2), replace(GOOD, build=net, epochs=8, lr=1e-2)


@sick("output-loss-mismatch", "learning-rate-too-low", bar=0.94)
def digits_softmax_and_a_low_rate():
    """Two faults: a softmax too many and a rate too low."""
    return replace(GOOD, build=lambda: mlp(64, out=nn.Softmax(dim=1)), lr=1e-5), GOOD


@sick("exploding-start|saturated-start", "learning-rate-too-high", bar=0.94)
def digits_large_weights_and_a_high_rate():
    """Two faults: standard normal weights and a rate of 5."""
    return replace(
        GOOD, build=init_with(partial(mlp, 64, 64), lambda p: nn.init.normal_(p.weight)), optimizer=SGD, lr=5.0
    ), replace(GOOD, build=partial(mlp, 64, 64), optimizer=SGD, lr=0.1)


@sick("symmetric-units", "output-loss-mismatch", bar=0.94)
def digits_zeros_and_softmax():
    """Two faults: zero weights, and a softmax before cross-entropy."""

    return replace(GOOD, build=init_with(lambda: mlp(32, 32, out=nn.Softmax(1)), zero)), replace(
        GOOD, build=partial(mlp, 32, 32)
    )
