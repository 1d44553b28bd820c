"""The small sets that people try things on: XOR, circles, moons, blobs, spirals, a noisy sine."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
import torch.nn.functional as F
from benchmarks.faults import data
from benchmarks.faults.nets import init_with, mlp, zero
from benchmarks.faults.program import Data, Program, sick, well
from benchmarks.faults.scores import accuracy, r2, yes_no
from torch import Tensor, nn

SGD, Adam = torch.optim.SGD, torch.optim.Adam
Momentum = partial(SGD, momentum=0.9)


def columns(make):  # type: ignore[no-untyped-def]
    return lambda seed: data.with_targets(make(seed), data.column)


def xor_net(*hidden: int, act=nn.Tanh, out=None):  # type: ignore[no-untyped-def]
    return partial(mlp, *hidden, act=act, out=out, inputs=2, classes=1)


XOR = Program(
    lambda seed: data.xor(),
    lambda: mlp(8, inputs=2, classes=1, act=nn.Tanh, out=nn.Sigmoid()),
    nn.BCELoss(),
    Adam,
    0.05,
    4,
    400,
    yes_no(0.5),
)
CLOUD = Program(
    data.xor_cloud, partial(mlp, 16, inputs=2, classes=2), nn.CrossEntropyLoss(), Adam, 0.01, 32, 30, accuracy
)
CIRCLES = Program(
    columns(data.circles),
    partial(mlp, 24, inputs=2, classes=1),
    nn.BCEWithLogitsLoss(),
    Adam,
    0.01,
    32,
    30,
    yes_no(0.0),
)
MOONS = Program(
    data.moons, partial(mlp, 24, 24, inputs=2, classes=2), nn.CrossEntropyLoss(), Adam, 0.01, 32, 30, accuracy
)
BLOBS = Program(
    lambda s: data.standardised(data.blobs(s)),
    partial(mlp, 16, inputs=2, classes=4),
    nn.CrossEntropyLoss(),
    Adam,
    0.01,
    32,
    20,
    accuracy,
)
SPIRALS = Program(
    data.spirals, partial(mlp, 64, 64, inputs=2, classes=3), nn.CrossEntropyLoss(), Adam, 0.01, 32, 60, accuracy
)
SINE = Program(data.sine, partial(mlp, 48, 48, inputs=1, classes=1, act=nn.Tanh), nn.MSELoss(), Adam, 0.01, 32, 60, r2)


@sick("linear-collapse|too-small", bar=0.99)
def xor_with_one_dense_layer():
    """A perceptron for XOR: two layers and nothing between."""
    return replace(XOR, build=lambda: nn.Sequential(nn.Linear(2, 8), nn.Linear(8, 1), nn.Sigmoid())), XOR


@sick("learning-rate-too-low|unsuited-optimizer|stopped-too-early", bar=0.99)
def xor_slow_sgd():
    """Sigmoid units, squared error, plain SGD at 0.01 for 400 epochs."""
    net = lambda: mlp(4, inputs=2, classes=1, act=nn.Sigmoid, out=nn.Sigmoid())
    return replace(XOR, build=net, loss=nn.MSELoss(), optimizer=SGD, lr=0.01), XOR


@sick("output-loss-mismatch", bar=0.99)
def xor_softmax_on_one_output():
    """A softmax on a single output."""
    return replace(XOR, build=lambda: mlp(8, inputs=2, classes=1, act=nn.Tanh, out=nn.Softmax(1))), XOR


@sick("symmetric-units", bar=0.99)
def xor_zero_weights():
    """Weights and biases of zero."""
    return replace(XOR, build=init_with(XOR.build, zero)), XOR


@sick("learning-rate-too-high", bar=0.99)
def xor_rate_of_forty():
    """Adam at 40."""
    return replace(XOR, lr=40.0), XOR


@sick("exploding-start|saturated-start", bar=0.9)
def xor_cloud_weights_of_thirty():
    """Weights drawn with spread 30, tanh."""
    net = partial(mlp, 16, 16, inputs=2, classes=2, act=nn.Tanh)
    return replace(CLOUD, build=init_with(net, lambda p: nn.init.normal_(p.weight, std=30)), lr=1e-3), replace(
        CLOUD, build=net
    )


@sick("linear-collapse", bar=0.9)
def circles_without_activation():
    """The activation is made in __init__ and never called in forward."""

    class Forgotten(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.act = nn.Linear(2, 24), nn.Linear(24, 1), nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            return self.b(self.a(x))

    return replace(CIRCLES, build=Forgotten), CIRCLES


@sick("output-loss-mismatch", bar=0.9)
def circles_tanh_and_probabilities():
    """A tanh before the loss on probabilities: it fails on negative numbers."""
    return replace(CIRCLES, build=lambda: mlp(24, inputs=2, classes=1, out=nn.Tanh()), loss=nn.BCELoss()), CIRCLES


@sick("broadcast-loss", bar=0.9)
def circles_flat_targets():
    """Squared error of (N, 1) against (N,)."""
    flat = lambda s: data.with_targets(data.circles(s), lambda y: y.float())
    return replace(CIRCLES, data=flat, loss=nn.MSELoss(), score=yes_no(0.5)), CIRCLES


@sick("learning-rate-too-low", bar=0.9)
def circles_rate_of_a_hundred_thousandth():
    """1e-5 with Adam."""
    return replace(CIRCLES, lr=1e-5), CIRCLES


@sick("dead-start|dead-relu", bar=0.9)
def circles_negative_biases():
    """Biases of -5 for inputs of size 1."""
    net = partial(mlp, 24, 24, inputs=2, classes=1)
    return replace(CIRCLES, build=init_with(net, lambda p: p.bias.fill_(-5.0)), lr=1e-3), replace(CIRCLES, build=net)


@sick("too-small", bar=0.9)
def circles_one_unit():
    """One hidden unit cannot enclose anything."""
    return replace(CIRCLES, build=partial(mlp, 1, inputs=2, classes=1)), CIRCLES


@sick("unsuited-batch-size|stopped-too-early|learning-rate-too-low", bar=0.9)
def moons_full_batch_and_few_epochs():
    """All rows in one batch for twenty epochs, SGD at 0.01."""
    return replace(MOONS, batch=10_000, epochs=20, optimizer=SGD, lr=0.01), MOONS


@sick("misread-axes", bar=0.9)
def moons_softmax_over_rows():
    """F.softmax(x, 0) and a logarithm, for NLLLoss, a row at a time: each row is divided by itself."""

    class Wrong(nn.Module):
        def __init__(self, axis: int) -> None:
            super().__init__()
            self.net, self.axis = mlp(24, 24, inputs=2, classes=2), axis

        def forward(self, x: Tensor) -> Tensor:
            return torch.log(F.softmax(self.net(x), self.axis) + 1e-9)

    good = replace(MOONS, build=lambda: Wrong(1), loss=nn.NLLLoss(), batch=1, epochs=5, lr=3e-3)
    return replace(good, build=lambda: Wrong(0)), good


@sick("output-loss-mismatch", bar=0.94)
def moons_softmax_and_few_epochs():
    """A softmax before cross-entropy, plain SGD at 0.2."""
    good = replace(MOONS, optimizer=SGD, lr=0.2, epochs=15)
    return replace(good, build=lambda: mlp(24, 24, inputs=2, classes=2, out=nn.Softmax(1))), good


@sick("over-regularised", bar=0.9)
def moons_decay_of_one():
    """weight_decay=1 with Adam."""
    return replace(MOONS, optimizer=partial(Adam, weight_decay=1.0)), MOONS


@sick("wrong-sign", bar=0.9)
def moons_ascent():
    """The score is handed in as the loss."""
    return replace(MOONS, loss=lambda o, y: F.log_softmax(o, 1).gather(1, y[:, None]).mean(), lr=1e-3), MOONS


@sick("label-out-of-range|output-loss-mismatch", bar=0.9)
def blobs_one_output_too_few():
    """Three outputs for four classes."""
    return replace(BLOBS, build=partial(mlp, 16, inputs=2, classes=3)), BLOBS


@sick("uncentred-input|uneven-scales|learning-rate-too-high", bar=0.9)
def blobs_far_from_zero():
    """Clouds around 1,000, plain SGD."""

    def far(seed: int) -> Data:
        found = data.blobs(seed)
        return Data(found.x + 1_000, found.y, found.x_val + 1_000, found.y_val)

    return replace(BLOBS, data=far, optimizer=SGD, lr=0.2), replace(BLOBS, optimizer=SGD, lr=0.2)


@sick("summed-loss|learning-rate-too-high", bar=0.9)
def blobs_sum():
    """The sum over the batch at a rate for the mean."""
    return replace(BLOBS, loss=nn.CrossEntropyLoss(reduction="sum"), optimizer=Momentum, lr=0.5, batch=64), replace(
        BLOBS, optimizer=Momentum, lr=0.05
    )


@sick("shuffled-labels", bar=0.9)
def blobs_random_labels():
    """Labels were drawn anew by a bug in the generator."""

    def drawn(seed: int) -> Data:
        found = BLOBS.data(seed)
        g = torch.Generator().manual_seed(seed)
        return Data(found.x, torch.randint(0, 4, found.y.shape, generator=g), found.x_val, found.y_val)

    return replace(BLOBS, data=drawn), BLOBS


@sick("saturating-hidden|vanishing-gradient|shrinking-start", bar=0.85)
def spirals_seven_sigmoid_layers():
    """Seven layers of sigmoids."""
    return replace(SPIRALS, build=partial(mlp, *[32] * 7, inputs=2, classes=3, act=nn.Sigmoid), lr=2e-3), SPIRALS


@sick("linear-collapse", bar=0.85)
def spirals_linear():
    """Deep and linear."""
    return replace(
        SPIRALS, build=lambda: nn.Sequential(nn.Linear(2, 64), nn.Dropout(0.1), nn.Linear(64, 64), nn.Linear(64, 3))
    ), SPIRALS


@sick("learning-rate-too-low|unsuited-optimizer|stopped-too-early", bar=0.85)
def spirals_sgd():
    """Plain SGD at 0.005."""
    return replace(SPIRALS, optimizer=SGD, lr=0.005, epochs=40), SPIRALS


@sick("learning-rate-too-high", bar=0.85)
def spirals_adam_at_one():
    """Adam at 1."""
    return replace(SPIRALS, lr=1.0), SPIRALS


@sick("output-loss-mismatch", "learning-rate-too-high", bar=0.85)
def spirals_probabilities_twice_and_too_fast():
    """Softmax before cross-entropy and Adam at 0.5."""
    return replace(SPIRALS, build=lambda: mlp(64, 64, inputs=2, classes=3, out=nn.Softmax(1)), lr=0.5), SPIRALS


@sick("symmetric-units", "learning-rate-too-low", bar=0.85)
def spirals_equal_weights_and_slow():
    """All weights 0.05, biases 0, a rate of 1e-5."""

    def same(part: nn.Linear) -> None:
        part.weight.fill_(0.05)
        part.bias.zero_()

    return replace(SPIRALS, build=init_with(SPIRALS.build, same), lr=1e-5), SPIRALS


@sick("output-loss-mismatch", bar=0.8)
def sine_sigmoid_output():
    """A sigmoid on a target from -1 to 1."""
    return replace(SINE, build=lambda: mlp(48, 48, inputs=1, classes=1, act=nn.Tanh, out=nn.Sigmoid())), SINE


@sick("output-loss-mismatch", bar=0.8)
def sine_relu_output():
    """A ReLU behind the last layer."""
    return replace(SINE, build=lambda: mlp(48, 48, inputs=1, classes=1, act=nn.ReLU, out=nn.ReLU())), replace(
        SINE, build=partial(mlp, 48, 48, inputs=1, classes=1)
    )


@sick("linear-collapse", bar=0.8)
def sine_straight_line():
    """No activation: a straight line through a sine."""
    return replace(SINE, build=lambda: nn.Sequential(nn.Linear(1, 48), nn.Linear(48, 1))), SINE


@sick("broadcast-loss", bar=0.8)
def sine_squeezed_output():
    """The output is squeezed, the target is not."""

    class Squeezed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = mlp(48, 48, inputs=1, classes=1, act=nn.Tanh)

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x).squeeze(-1)

    return replace(SINE, build=Squeezed), SINE


@sick("unscaled-target|learning-rate-too-high|learning-rate-too-low", bar=0.8)
def sine_in_thousands():
    """The target in thousands."""
    large = lambda s: data.with_targets(data.sine(s), lambda y: 1_000 * y + 5_000)
    return replace(SINE, data=large), SINE


@sick("learning-rate-too-high", bar=0.8)
def sine_sgd_at_five():
    """Plain SGD at 5."""
    return replace(SINE, optimizer=SGD, lr=5.0), SINE


@sick("saturated-start|exploding-start", bar=0.8)
def sine_inputs_times_a_hundred():
    """Weights of spread 20 in front of tanh."""
    return replace(SINE, build=init_with(SINE.build, lambda p: nn.init.normal_(p.weight, std=20)), lr=1e-3), SINE


@sick("misplaced-dropout", bar=0.8)
def sine_dropout_on_the_output():
    """Dropout on the one number that is predicted, and a lot of it before."""
    net = lambda p, q: nn.Sequential(
        nn.Linear(1, 48), nn.Tanh(), nn.Dropout(p), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 1), nn.Dropout(q)
    )
    return replace(SINE, build=lambda: net(0.3, 0.8)), replace(SINE, build=lambda: net(0.0, 0.0))


# loops of their own


def plain(model, x, y, program, watch, *, zeroed=True, sign=1.0, some=None, step=True):  # type: ignore[no-untyped-def]
    """A loop as in the first tutorial, with one thing left out."""
    parameters = list(model.parameters()) if some is None else some(model)
    optimizer = program.optimizer(parameters, lr=program.lr)
    with watch(model, optimizer) as sitter:
        for epoch in range(program.epochs):
            for rows in torch.randperm(len(x)).split(program.batch):
                if zeroed:
                    optimizer.zero_grad()
                loss = program.loss(model(x[rows]), y[rows])
                (sign * loss).backward()
                if step:
                    optimizer.step()
                sitter.note(loss=float(loss.detach()), epoch=epoch)


LOOP = replace(SPIRALS, loop=plain)


@sick("kept-gradient", bar=0.85)
def spirals_forgotten_zero_grad():
    """optimizer.zero_grad() is missing, SGD with momentum."""
    good = replace(LOOP, optimizer=Momentum, lr=0.05)
    return replace(good, loop=partial(plain, zeroed=False)), good


@sick("wrong-sign", bar=0.85)
def spirals_backward_of_minus_the_loss():
    """(-loss).backward()."""
    return replace(LOOP, loop=partial(plain, sign=-1.0)), LOOP


@sick("unused-parameters", bar=0.85)
def spirals_only_the_last_layer_in_the_optimizer():
    """The optimizer was given the parameters of the last layer."""
    good = replace(LOOP, build=partial(mlp, 12, 12, 12, inputs=2, classes=3))
    return replace(good, loop=partial(plain, some=lambda m: list(m[-1].parameters()))), good


@sick("unused-parameters|learning-rate-too-low", bar=0.85)
def spirals_optimizer_of_another_model():
    """The model was built anew after the optimizer."""
    return replace(LOOP, loop=partial(plain, some=lambda m: list(SPIRALS.build().parameters()))), LOOP


@well(bar=0.85)
def spirals_in_a_loop_of_its_own():
    """A plain loop."""
    return LOOP
