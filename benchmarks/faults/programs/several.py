"""Two or three faults at once: tables, toys and sequences."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
import torch.nn.functional as F
from benchmarks.faults import data
from benchmarks.faults.nets import biased, built, fed, mlp, normal, set_to, spoilt, started, zero
from benchmarks.faults.program import Data, Program, sick
from benchmarks.faults.programs.sequences import several as each_label
from benchmarks.faults.programs.sequences import tags
from benchmarks.faults.programs.tables import cancer, cancer_raw, diabetes, friedman, iris, wine
from benchmarks.faults.programs.toys import columns
from benchmarks.faults.scores import accuracy, r2, yes_no
from torch import Tensor, nn

SGD, Adam, RMSprop = torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop
Momentum = partial(SGD, momentum=0.9)

CANCER = Program(
    cancer, partial(mlp, 24, 12, inputs=30, classes=1), nn.BCEWithLogitsLoss(), Momentum, 5e-3, 16, 8, yes_no(0.0)
)
TANH_CANCER = replace(CANCER, build=partial(mlp, 20, 20, inputs=30, classes=1, act=nn.Tanh), lr=0.02, epochs=15)
WINE = Program(wine, partial(mlp, 16, inputs=13, classes=3), nn.CrossEntropyLoss(), Momentum, 0.05, 8, 15, accuracy)
IRIS = Program(iris, partial(mlp, 10, inputs=4, classes=3), nn.CrossEntropyLoss(), Momentum, 0.02, 8, 25, accuracy)
DIABETES = Program(diabetes, partial(mlp, 32, inputs=10, classes=1), nn.MSELoss(), Adam, 2e-3, 16, 20, r2)
FRIEDMAN = Program(friedman, partial(mlp, 40, inputs=10, classes=1), nn.MSELoss(), Momentum, 0.02, 32, 30, r2)


@sick("uneven-scales|uncentred-input", "output-loss-mismatch", bar=0.93)
def cancer_raw_and_sigmoid_twice():
    """The table goes in as it is read, and a sigmoid stands before the loss on logits."""
    return spoilt(CANCER, set_to(data=cancer_raw), built(out=nn.Sigmoid(), score=yes_no(0.5)))


@sick("over-regularised", "saturated-start|exploding-start", bar=0.93)
def cancer_penalty_of_ten_and_saturated_start():
    """A penalty of 10, and weights from -20 to 20 in tanh layers."""
    wide = started(lambda p: nn.init.uniform_(p.weight, -20, 20))
    return spoilt(TANH_CANCER, set_to(optimizer=partial(SGD, momentum=0.9, weight_decay=10.0)), wide)


@sick("symmetric-units", "learning-rate-too-low|unsuited-optimizer", bar=0.93)
def cancer_ones_and_a_tiny_rate():
    """Every weight begins as 1 and moves by plain SGD at 1e-6."""
    return spoilt(CANCER, started(lambda p: p.weight.fill_(1.0)), set_to(optimizer=SGD, lr=1e-6))


@sick("non-finite-value|non-finite-loss", "uneven-scales|uncentred-input", bar=0.93)
def cancer_holes_in_a_raw_table():
    """A raw table in which a logarithm of 0 was taken."""

    def logged(found: Data) -> Data:
        for part in (found.x, found.x_val):
            part[:, 6] = part[:, 6].log()  # type: ignore[index]
        return found

    return spoilt(CANCER, set_to(data=cancer_raw), fed(logged))


@sick("learning-rate-too-low|unsuited-optimizer", "misplaced-dropout", bar=0.9)
def wine_dropout_and_slow_sgd():
    """Dropout of 0.9 in front of sixteen units, and plain SGD at 1e-4."""

    def net(share: float = 0.1) -> nn.Module:
        return nn.Sequential(
            nn.Linear(13, 16), nn.ReLU(), nn.Dropout(share), nn.Linear(16, 16), nn.ReLU(), nn.Dropout(share),
            nn.Linear(16, 3),
        )  # fmt: skip

    good = replace(WINE, build=net, optimizer=Adam, lr=0.01, epochs=30)
    return spoilt(good, set_to(optimizer=SGD, lr=1e-4), built(share=0.9))


@sick("uneven-scales|uncentred-input", "symmetric-units", "output-loss-mismatch", bar=0.9)
def wine_raw_constant_and_soft():
    """Three faults: raw columns, all weights 0.5, a softmax before cross-entropy."""
    half = started(lambda p: p.weight.fill_(0.5))
    return spoilt(WINE, set_to(data=data.wine), built(out=nn.Softmax(1)), half)


@sick("label-out-of-range|output-loss-mismatch", "learning-rate-too-high", bar=0.9)
def wine_labels_from_one_at_a_high_rate():
    """The labels 1, 2 and 3 of the file, and SGD at 40."""
    return spoilt(WINE, fed(lambda d: data.with_targets(d, lambda y: y + 1)), set_to(lr=40.0))


@sick("learning-rate-too-low", "output-loss-mismatch", bar=0.88)
def iris_class_numbers_and_a_low_rate():
    """A sigmoid is to give the number of the class by squared error, at 1e-5."""
    numbers = lambda p: replace(
        p,
        data=lambda s: data.with_targets(iris(s), data.column),
        build=lambda: mlp(10, inputs=4, classes=1, out=nn.Sigmoid()),
        loss=nn.MSELoss(),
        score=lambda o, y: float((o.round() == y).float().mean()),
    )
    return spoilt(IRIS, set_to(lr=1e-5), numbers)


@sick("shuffled-labels", "learning-rate-too-high", bar=0.88)
def iris_shuffled_at_a_high_rate():
    """The labels were read from a shuffled file; the rate was raised to 50 since nothing moved."""
    return spoilt(IRIS, fed(data.shuffled_labels), set_to(lr=50.0))


@sick("unscaled-target", "dead-start|dead-relu", bar=0.35)
def diabetes_raw_target_and_dead_units():
    """Targets about 150, and biases of -8 in front of the ReLUs."""
    raw = set_to(data=lambda s: data.standardised(data.diabetes(s)))
    return spoilt(DIABETES, raw, started(biased(-8.0)))


@sick("symmetric-units", "output-loss-mismatch", bar=0.35)
def diabetes_sigmoid_and_zeros():
    """A sigmoid for a target of both signs, and zeros as start."""
    last = lambda p: replace(p, build=lambda: nn.Sequential(*p.build(), nn.Sigmoid()))
    return spoilt(DIABETES, started(zero), last)


@sick("unscaled-target", "output-loss-mismatch", "learning-rate-too-low", bar=0.35)
def diabetes_classifier_for_a_number():
    """Three faults: targets up to 346, a sigmoid that ends at 1, a rate of 1e-5."""
    raw = set_to(data=lambda s: data.standardised(data.diabetes(s)))
    return spoilt(DIABETES, raw, built(out=nn.Sigmoid()), set_to(lr=1e-5))


@sick("unscaled-target", "summed-loss|learning-rate-too-high", bar=0.8)
def friedman_raw_target_and_a_sum():
    """Targets about 14 in tenths, and the squared errors of a batch are summed."""
    tenths = fed(lambda d: data.with_targets(d, lambda y: 50 * y + 140))
    return spoilt(FRIEDMAN, tenths, set_to(loss=nn.MSELoss(reduction="sum")))


@sick("broadcast-loss", "output-loss-mismatch", bar=0.8)
def friedman_flat_target_and_relu():
    """The target lost its second side, and a ReLU stands behind the answer."""
    flat = fed(lambda d: data.with_targets(d, lambda y: y.reshape(-1)))
    return spoilt(FRIEDMAN, flat, built(out=nn.ReLU()))


@sick("wrong-sign", "linear-collapse", bar=0.8)
def friedman_score_as_loss_in_a_linear_net():
    """The explained share is handed in as the loss, and the two layers have nothing between them."""

    def explained(out: Tensor, y: Tensor) -> Tensor:
        return 1 - (out - y).square().mean()

    straight = set_to(build=lambda: nn.Sequential(nn.Linear(10, 40), nn.Linear(40, 1)))
    return spoilt(FRIEDMAN, set_to(loss=explained), straight)


XOR = Program(
    lambda seed: data.xor(),
    partial(mlp, 12, inputs=2, classes=1, act=nn.Tanh, out=nn.Sigmoid()),
    nn.MSELoss(),
    Adam,
    0.05,
    4,
    300,
    yes_no(0.5),
)
CLOUD = Program(
    data.xor_cloud,
    partial(mlp, 24, 24, inputs=2, classes=2),
    nn.CrossEntropyLoss(),
    Momentum,
    0.05,
    32,
    20,
    accuracy,
)
CIRCLES = Program(
    columns(data.circles),
    partial(mlp, 32, inputs=2, classes=1),
    nn.BCEWithLogitsLoss(),
    Momentum,
    0.1,
    32,
    25,
    yes_no(0.0),
)
MOONS = Program(
    data.moons, partial(mlp, 32, 16, inputs=2, classes=2), nn.CrossEntropyLoss(), Momentum, 0.1, 32, 25, accuracy
)
BLOBS = Program(
    lambda s: data.standardised(data.blobs(s, classes=3)),
    partial(mlp, 20, inputs=2, classes=3),
    nn.CrossEntropyLoss(),
    SGD,
    0.02,
    16,
    12,
    accuracy,
)
SPIRALS = Program(
    data.spirals, partial(mlp, 48, 48, inputs=2, classes=3), nn.CrossEntropyLoss(), RMSprop, 5e-3, 32, 40, accuracy
)
SINE = Program(data.sine, partial(mlp, 64, 32, inputs=1, classes=1), nn.MSELoss(), Adam, 5e-3, 32, 40, r2)


@sick("symmetric-units", "learning-rate-too-low|unsuited-optimizer|stopped-too-early", bar=0.99)
def xor_zeros_and_slow():
    """Zeros as start, plain SGD at 0.001 for 300 rounds."""
    return spoilt(XOR, started(zero), set_to(optimizer=SGD, lr=1e-3))


@sick("output-loss-mismatch", "linear-collapse|too-small", bar=0.99)
def xor_softmax_answer_without_activation():
    """The answer is a softmax of one number, and nothing bends before it."""

    def straight() -> nn.Module:
        return nn.Sequential(nn.Linear(2, 12), nn.Linear(12, 1), nn.Sigmoid())

    last = lambda p: replace(p, build=lambda: nn.Sequential(*list(p.build())[:-1], nn.Softmax(dim=1)))
    return spoilt(XOR, set_to(build=straight), last)


@sick("dead-start|dead-relu", "learning-rate-too-high", bar=0.95)
def xor_cloud_dead_units_and_adam_at_three():
    """Biases of -20 switch all ReLUs off, and Adam at 3 was to wake them."""
    return spoilt(CLOUD, started(biased(-20.0)), set_to(optimizer=Adam, lr=3.0))


@sick("too-small", "output-loss-mismatch", bar=0.9)
def circles_one_unit_and_relu_logits():
    """One hidden unit, and logits that a ReLU keeps from being negative."""
    narrow = set_to(build=partial(mlp, 1, inputs=2, classes=1))
    return spoilt(CIRCLES, narrow, built(out=nn.ReLU()))


@sick("over-regularised", "dead-start|dead-relu", bar=0.9)
def circles_dead_units_and_a_penalty():
    """Biases of -6 for inputs of size 1, and a penalty of 1 on what is left."""
    decay = set_to(optimizer=partial(SGD, momentum=0.9, weight_decay=1.0))
    return spoilt(CIRCLES, decay, started(biased(-6.0)))


@sick("broadcast-loss", "learning-rate-too-high", bar=0.9)
def circles_flat_targets_and_a_high_rate():
    """Squared error of a column with a row, at 10."""
    good = replace(CIRCLES, loss=nn.MSELoss(), score=yes_no(0.5), lr=0.05)
    return spoilt(good, fed(lambda d: data.with_targets(d, lambda y: y[:, 0])), set_to(lr=10.0))


@sick("saturating-hidden|vanishing-gradient|shrinking-start", "unsuited-batch-size|stopped-too-early", bar=0.95)
def moons_deep_sigmoids_in_one_batch():
    """Six sigmoid layers, and all rows in one batch for 25 epochs."""
    deep = set_to(build=partial(mlp, *[16] * 6, inputs=2, classes=2, act=nn.Sigmoid))
    return spoilt(MOONS, deep, set_to(batch=1_000))


@sick("twice-scaled-input|learning-rate-too-low", "linear-collapse", bar=0.95)
def moons_scaled_twice_and_linear():
    """Two layers with nothing between, for points divided by 255 twice over."""

    def straight() -> nn.Module:
        return nn.Sequential(nn.Linear(2, 32), nn.Linear(32, 16), nn.Linear(16, 2))

    return spoilt(MOONS, fed(data.times(255.0**-2)), set_to(build=straight))


@sick("uncentred-input|uneven-scales|learning-rate-too-high", "symmetric-units", bar=0.95)
def blobs_far_away_from_zeros():
    """Clouds around 300, and zeros as start."""
    return spoilt(BLOBS, fed(data.times(1.0, 300.0)), started(zero))


@sick("shrinking-start", "learning-rate-too-high", bar=0.85)
def spirals_tiny_weights_and_a_high_rate():
    """Six tanh layers that begin at N(0, 0.01²), and a rate of 30 to make up for it."""
    good = replace(
        SPIRALS, build=partial(mlp, *[32] * 6, inputs=2, classes=3, act=nn.Tanh), optimizer=Momentum, lr=0.02, epochs=60
    )
    return spoilt(good, started(normal(0.01)), set_to(lr=30.0))


@sick("over-regularised", "misplaced-dropout", bar=0.85)
def spirals_everything_against_overfitting():
    """Dropout of 0.9 on every layer and a penalty of 0.5, against an overfit that was feared."""

    def net(share: float = 0.0) -> nn.Module:
        return nn.Sequential(
            nn.Linear(2, 64), nn.ReLU(), nn.Dropout(share), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(share),
            nn.Linear(64, 3),
        )  # fmt: skip

    good = replace(SPIRALS, build=net, optimizer=Adam, lr=0.01)
    return spoilt(good, set_to(optimizer=partial(Adam, weight_decay=0.5)), built(share=0.9))


@sick("output-loss-mismatch", "unscaled-target", bar=0.8)
def sine_in_thousands_behind_a_sigmoid():
    """The wave has a height of 4,000, and the last layer ends in a sigmoid."""
    return spoilt(SINE, built(out=nn.Sigmoid()), fed(lambda d: data.with_targets(d, lambda y: 4_000 * y + 1_000)))


@sick("over-regularised", "too-small", bar=0.8)
def sine_one_unit_and_a_penalty():
    """A throat of one unit, and AdamW with a decay of 100."""
    good = replace(SINE, optimizer=torch.optim.AdamW)
    narrow = set_to(build=partial(mlp, 1, inputs=1, classes=1))
    return spoilt(good, set_to(optimizer=partial(torch.optim.AdamW, weight_decay=100.0)), narrow)


@sick("saturated-start|exploding-start", "learning-rate-too-high", bar=0.8)
def sine_wide_weights_and_adam_at_five():
    """Weights of spread 20 in front of tanh, and Adam at 5."""
    good = replace(SINE, build=partial(mlp, 32, 32, inputs=1, classes=1, act=nn.Tanh), lr=0.01)
    return spoilt(good, started(normal(20.0)), set_to(lr=5.0))


@sick("linear-collapse", "learning-rate-too-low|unsuited-optimizer", bar=0.8)
def sine_straight_and_slow():
    """No activation, and plain SGD at 1e-5."""
    straight = set_to(build=lambda: nn.Sequential(nn.Linear(1, 64), nn.Linear(64, 32), nn.Linear(32, 1)))
    return spoilt(SINE, straight, set_to(optimizer=SGD, lr=1e-5))


class Listener(nn.Module):
    """An LSTM over numbers; frozen: its head does not learn; rows_first: what the caller hands over."""

    def __init__(self, *, rows_first: bool = True, frozen: bool = False, out: nn.Module | None = None) -> None:
        super().__init__()
        self.lstm, self.head, self.tail = nn.LSTM(1, 24, batch_first=rows_first), nn.Linear(24, 1), out
        self.head.requires_grad_(not frozen)

    def forward(self, x: Tensor) -> Tensor:
        answer = self.head(self.lstm(x)[0][:, -1])
        return answer if self.tail is None else self.tail(answer)


class Counter(nn.Module):
    """Looks words up and counts on."""

    def __init__(self, *, share: float = 0.1, soft: bool = False, frozen: bool = False) -> None:
        super().__init__()
        self.words, self.drop, self.head, self.soft = nn.Embedding(20, 12), nn.Dropout(share), nn.Linear(12, 2), soft
        self.words.requires_grad_(not frozen)

    def forward(self, x: Tensor) -> Tensor:
        z = self.head(self.drop(self.words(x).sum(dim=1)))
        return F.softmax(z, dim=1) if self.soft else z


def totals(seed: int) -> Data:
    return data.with_targets(data.running_sums(seed), lambda y: 5 * y)


SUMS = Program(totals, Listener, nn.MSELoss(), Adam, 0.01, 32, 20, r2)
WORDS = Program(data.rows_of_tokens, Counter, nn.CrossEntropyLoss(), Momentum, 0.05, 32, 10, accuracy)
TAGS = Program(tags, partial(mlp, 24, inputs=8, classes=5), nn.BCEWithLogitsLoss(), Momentum, 0.1, 32, 15, each_label)


@sick("misread-axes|mixed-batch", "unused-parameters", bar=0.85)
def sums_time_first_and_a_frozen_head():
    """An LSTM without batch_first is given rows first, and the head was left out of the training."""
    return spoilt(SUMS, built(rows_first=False), built(frozen=True))


@sick("learning-rate-too-low", "output-loss-mismatch", bar=0.85)
def sums_tanh_answer_and_a_low_rate():
    """A tanh for sums that go from -10 to 10, at 1e-5."""
    return spoilt(SUMS, set_to(lr=1e-5), built(out=nn.Tanh()))


@sick("unused-parameters", "output-loss-mismatch", bar=0.92)
def words_frozen_and_soft():
    """The table of words is frozen at random, and a softmax stands before cross-entropy."""
    return spoilt(replace(WORDS, epochs=4), built(frozen=True), built(soft=True))


@sick("shuffled-labels", "misplaced-dropout", bar=0.85)
def words_shuffled_and_dropped():
    """The labels belong to other rows, and nearly all of each sentence is dropped."""
    return spoilt(WORDS, fed(data.shuffled_labels), built(share=0.97))


@sick("learning-rate-too-low|unsuited-optimizer", "output-loss-mismatch", bar=0.85)
def tags_softmax_and_slow():
    """A softmax where several labels may hold, and plain SGD at 1e-4."""
    soft = built(out=nn.Softmax(1), score=lambda o, y: each_label(o - 0.5, y))
    return spoilt(TAGS, set_to(optimizer=SGD, lr=1e-4), soft)
