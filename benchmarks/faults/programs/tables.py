"""Tables: breast cancer, wine, iris, diabetes and a made-up regression, raw and prepared."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from benchmarks.faults import data
from benchmarks.faults.nets import init_with, mlp, zero
from benchmarks.faults.program import Data, Program, sick
from benchmarks.faults.scores import accuracy, r2, yes_no
from torch import nn

SGD, Adam = torch.optim.SGD, torch.optim.Adam
Momentum = partial(SGD, momentum=0.9)


def cancer(seed: int) -> Data:
    return data.with_targets(data.standardised(data.breast_cancer(seed)), data.column)


def cancer_raw(seed: int) -> Data:
    return data.with_targets(data.breast_cancer(seed), data.column)


def wine(seed: int) -> Data:
    return data.standardised(data.wine(seed))


def iris(seed: int) -> Data:
    return data.standardised(data.iris(seed))


def both(found: Data, spread: float, mean: float) -> Data:
    return data.with_targets(found, lambda y: (y - mean) / spread)


def diabetes(seed: int) -> Data:
    return both(data.standardised(data.diabetes(seed)), 77.0, 152.0)


def friedman(seed: int) -> Data:
    return both(data.standardised(data.friedman(seed)), 5.0, 14.0)


logits = partial(mlp, 16, inputs=30, classes=1)
CANCER = Program(cancer, logits, nn.BCEWithLogitsLoss(), Adam, 1e-2, 32, 20, yes_no(0.0))
SIGMOID = replace(
    CANCER, build=lambda: mlp(16, inputs=30, classes=1, out=nn.Sigmoid()), loss=nn.BCELoss(), score=yes_no(0.5)
)
WINE = Program(wine, partial(mlp, 24, inputs=13, classes=3), nn.CrossEntropyLoss(), Adam, 1e-2, 16, 30, accuracy)
IRIS = Program(iris, partial(mlp, 16, inputs=4, classes=3), nn.CrossEntropyLoss(), Adam, 1e-2, 16, 40, accuracy)
DIABETES = Program(diabetes, partial(mlp, 24, inputs=10, classes=1), nn.MSELoss(), Adam, 3e-3, 32, 30, r2)
FRIEDMAN = Program(friedman, partial(mlp, 48, inputs=10, classes=1), nn.MSELoss(), Adam, 5e-3, 32, 40, r2)


@sick("uneven-scales|uncentred-input", bar=0.93)
def cancer_raw_measurements():
    """Measurements of 0.001 and of 2,000 go in as they are, with plain SGD."""
    return replace(CANCER, data=cancer_raw, optimizer=SGD, lr=0.01), replace(CANCER, optimizer=SGD, lr=0.1)


@sick("uneven-scales|uncentred-input", "output-loss-mismatch", bar=0.93)
def cancer_raw_and_squared_error_on_relu():
    """Raw measurements, and a ReLU before squared error on 0 and 1."""
    net = lambda: mlp(16, inputs=30, classes=1, out=nn.ReLU())
    return replace(SIGMOID, data=cancer_raw, build=net, loss=nn.MSELoss(), optimizer=SGD, lr=0.01), SIGMOID


@sick("output-loss-mismatch", bar=0.93)
def cancer_softmax_on_one_unit():
    """The last layer has one unit and a softmax: the answer is always 1."""
    return replace(SIGMOID, build=lambda: mlp(16, inputs=30, classes=1, out=nn.Softmax(dim=1))), SIGMOID


@sick("output-loss-mismatch", bar=0.93)
def cancer_probability_loss_on_logits():
    """BCELoss on raw outputs: it fails at the first row outside 0 to 1."""
    return replace(SIGMOID, build=logits), SIGMOID


@sick("output-loss-mismatch", bar=0.93)
def cancer_sigmoid_twice():
    """A sigmoid, and BCEWithLogitsLoss, at a modest rate and for a few epochs."""
    sick = replace(SIGMOID, loss=nn.BCEWithLogitsLoss(), optimizer=SGD, lr=0.05, epochs=8, score=yes_no(0.5))
    return sick, replace(CANCER, optimizer=SGD, lr=0.05, epochs=8)


@sick("output-loss-mismatch|label-out-of-range", bar=0.93)
def cancer_cross_entropy_on_one_output():
    """Cross-entropy with one output for two classes: every label 1 is out of range."""
    classes = replace(
        CANCER, data=lambda s: data.standardised(data.breast_cancer(s)), loss=nn.CrossEntropyLoss(), score=accuracy
    )
    return classes, replace(classes, build=partial(mlp, 16, inputs=30, classes=2))


@sick("broadcast-loss", bar=0.93)
def cancer_column_against_row():
    """Outputs (N, 1), targets (N,): squared error of every output with every target."""
    flat = lambda s: data.with_targets(data.standardised(data.breast_cancer(s)), lambda y: y.float())
    good = replace(SIGMOID, loss=nn.MSELoss())
    return replace(good, data=flat), good


@sick("broadcast-loss", bar=0.35)
def diabetes_column_against_row():
    """The target lost its second side in a slice."""
    flat = lambda s: data.with_targets(diabetes(s), lambda y: y[:, 0])
    return replace(DIABETES, data=flat), DIABETES


@sick("unscaled-target", bar=0.35)
def diabetes_raw_target():
    """Targets about 150 with plain SGD at 0.05: it blows up."""
    raw = lambda s: data.standardised(data.diabetes(s))
    return replace(DIABETES, data=raw, optimizer=SGD, lr=0.05), replace(DIABETES, optimizer=SGD, lr=0.05)


@sick("unscaled-target|learning-rate-too-low|stopped-too-early", bar=0.35)
def diabetes_raw_target_and_adam():
    """Targets about 150 with Adam at 0.001: after thirty epochs it has not reached their mean."""
    raw = lambda s: data.standardised(data.diabetes(s))
    return replace(DIABETES, data=raw, lr=1e-3), DIABETES


@sick("output-loss-mismatch", bar=0.35)
def diabetes_sigmoid_output():
    """A sigmoid on a target with negative values."""
    return replace(DIABETES, build=lambda: mlp(24, inputs=10, classes=1, out=nn.Sigmoid())), DIABETES


@sick("output-loss-mismatch", bar=0.7)
def friedman_tanh_output():
    """A tanh on a target that goes from -2.5 to 2.5, scaled wrongly on top."""
    wide = lambda s: data.with_targets(friedman(s), lambda y: 4 * y)
    return replace(FRIEDMAN, data=wide, build=lambda: mlp(48, inputs=10, classes=1, out=nn.Tanh())), FRIEDMAN


@sick("output-loss-mismatch", bar=0.7)
def friedman_relu_output():
    """A ReLU behind the last layer of a net for a centred target."""
    return replace(FRIEDMAN, build=lambda: mlp(48, inputs=10, classes=1, out=nn.ReLU())), FRIEDMAN


@sick("linear-collapse", bar=0.85)
def friedman_no_activations():
    """Activations were commented out."""
    net = lambda: nn.Sequential(nn.Linear(10, 48), nn.Linear(48, 48), nn.Linear(48, 1))
    return replace(FRIEDMAN, build=net), FRIEDMAN


@sick("too-small", bar=0.85)
def friedman_one_hidden_unit():
    """One hidden unit."""
    return replace(FRIEDMAN, build=partial(mlp, 1, inputs=10, classes=1)), FRIEDMAN


@sick("learning-rate-too-low", bar=0.7)
def friedman_rate_of_a_millionth():
    """A rate of 1e-6 with Adam."""
    return replace(FRIEDMAN, lr=1e-6), FRIEDMAN


@sick("learning-rate-too-high", bar=0.7)
def friedman_rate_of_three():
    """Adam at 3."""
    return replace(FRIEDMAN, lr=3.0), FRIEDMAN


@sick("learning-rate-too-high", bar=0.7)
def friedman_sgd_at_two():
    """Plain SGD at 2: NaN within an epoch."""
    return replace(FRIEDMAN, optimizer=SGD, lr=2.0), replace(FRIEDMAN, optimizer=SGD, lr=0.05)


@sick("shuffled-labels", bar=0.7)
def friedman_target_of_another_row():
    """The target column was sorted, the rows were not."""

    def broken(seed: int) -> Data:
        found = friedman(seed)
        order = torch.randperm(len(found.y), generator=torch.Generator().manual_seed(seed))
        return Data(found.x, found.y[order], found.x_val, found.y_val)

    return replace(FRIEDMAN, data=broken), FRIEDMAN


@sick("wrong-sign", bar=0.7)
def friedman_reward_for_errors():
    """A home-made loss with the difference the wrong way round."""
    return replace(FRIEDMAN, loss=lambda o, y: -((o - y) ** 2).mean(), lr=1e-3), FRIEDMAN


@sick("over-regularised", bar=0.7)
def friedman_decay_of_two():
    """AdamW with a decay of 200."""
    return replace(FRIEDMAN, optimizer=partial(torch.optim.AdamW, weight_decay=200.0)), replace(
        FRIEDMAN, optimizer=torch.optim.AdamW
    )


@sick("uneven-scales|uncentred-input", "unscaled-target", bar=0.35)
def diabetes_nothing_scaled():
    """Raw columns of very different size, raw target, plain SGD."""

    def raw(seed: int) -> Data:
        found = data.diabetes(seed)
        sizes = torch.tensor([1, 1, 1e3, 50, 1e4, 1, 1, 300, 1, 2e3])
        return Data(found.x * sizes + sizes, found.y, found.x_val * sizes + sizes, found.y_val)

    return replace(DIABETES, data=raw, optimizer=SGD, lr=1e-3), replace(DIABETES, optimizer=SGD, lr=0.02)


@sick("uneven-scales|uncentred-input", bar=0.9)
def wine_raw():
    """Raw wine measurements, sigmoid layer, SGD."""
    net = partial(mlp, 24, inputs=13, classes=3, act=nn.Sigmoid)
    return replace(WINE, data=data.wine, build=net, optimizer=SGD, lr=0.1), replace(
        WINE, build=net, optimizer=SGD, lr=0.5
    )


@sick("symmetric-units", bar=0.9)
def wine_zeros():
    """Weights of zero, since they are learned anyway."""
    return replace(WINE, build=init_with(partial(mlp, 24, inputs=13, classes=3), zero)), WINE


@sick("output-loss-mismatch", "unsuited-optimizer|learning-rate-too-low", bar=0.9)
def wine_softmax_and_slow_sgd():
    """Softmax before cross-entropy, plain SGD at 0.001."""
    return replace(WINE, build=lambda: mlp(24, inputs=13, classes=3, out=nn.Softmax(-1)), optimizer=SGD, lr=1e-3), WINE


@sick("label-out-of-range|output-loss-mismatch", bar=0.9)
def wine_labels_one_to_three():
    """Labels 1, 2 and 3 for three outputs."""
    return replace(WINE, data=lambda s: data.with_targets(wine(s), lambda y: y + 1)), WINE


@sick("misplaced-dropout", bar=0.9)
def wine_dropout_of_nine_tenths():
    """Dropout of 0.9 in a small net."""
    net = lambda p: nn.Sequential(
        nn.Linear(13, 24), nn.ReLU(), nn.Dropout(p), nn.Linear(24, 24), nn.ReLU(), nn.Dropout(p), nn.Linear(24, 3)
    )
    return replace(WINE, build=lambda: net(0.9), optimizer=SGD, lr=0.02, epochs=15), replace(
        WINE, build=lambda: net(0.1)
    )


@sick("learning-rate-too-low|unsuited-optimizer|stopped-too-early", bar=0.9)
def iris_five_epochs_of_sgd():
    """Plain SGD at 0.001 for ten epochs."""
    return replace(IRIS, optimizer=SGD, lr=1e-3, epochs=10), IRIS


@sick("learning-rate-too-high", bar=0.9)
def iris_sgd_at_fifty():
    """A rate of 50."""
    return replace(IRIS, optimizer=SGD, lr=50.0), replace(IRIS, optimizer=SGD, lr=0.2)


@sick("output-loss-mismatch", bar=0.9)
def iris_squared_error_on_class_numbers():
    """One output is to give the number of the class, behind a sigmoid."""
    numbers = lambda s: data.with_targets(iris(s), data.column)
    score = lambda o, y: float((o.round() == y).float().mean())
    net = lambda: mlp(16, inputs=4, classes=1, out=nn.Sigmoid())
    return replace(IRIS, data=numbers, build=net, loss=nn.MSELoss(), score=score), IRIS


@sick("saturating-hidden|vanishing-gradient|shrinking-start", bar=0.9)
def cancer_eight_sigmoid_layers():
    """Eight sigmoid layers of ten for a simple table."""
    return replace(CANCER, build=partial(mlp, *[10] * 8, inputs=30, classes=1, act=nn.Sigmoid), lr=1e-3), CANCER


@sick("exploding-start|saturated-start", bar=0.93)
def cancer_weights_of_ten():
    """Weights drawn from -10 to 10, tanh."""
    net = partial(mlp, 16, 16, inputs=30, classes=1, act=nn.Tanh)
    return replace(CANCER, build=init_with(net, lambda p: nn.init.uniform_(p.weight, -10, 10)), lr=1e-3), replace(
        CANCER, build=net
    )


@sick("dead-start|dead-relu", bar=0.93)
def cancer_dead_relus():
    """A bias of -50 in each layer."""
    return replace(CANCER, build=init_with(logits, lambda p: p.bias.fill_(-50.0)), lr=1e-3), CANCER


@sick("non-finite-value|non-finite-loss", bar=0.93)
def cancer_a_nan_in_the_table():
    """One missing value was read as NaN."""

    def holed(seed: int) -> Data:
        found = cancer(seed)
        found.x[17, 3] = float("nan")
        return found

    return replace(CANCER, data=holed), CANCER


@sick("unused-parameters", bar=0.85)
def friedman_list_of_layers():
    """Hidden layers are frozen by a helper that was meant for the backbone."""

    def frozen() -> nn.Module:
        net = mlp(6, 6, 6, inputs=10, classes=1)
        for parameter in list(net.parameters())[:-2]:
            parameter.requires_grad_(False)
        return net

    return replace(FRIEDMAN, build=frozen), FRIEDMAN
