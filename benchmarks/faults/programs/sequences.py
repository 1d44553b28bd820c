"""Sequences of numbers and of tokens, small pictures with masks, several labels a row."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from benchmarks.faults import data
from benchmarks.faults.nets import mlp
from benchmarks.faults.program import Data, Program, sick, well
from benchmarks.faults.scores import accuracy, r2
from torch import Tensor, nn

Adam = torch.optim.Adam
Momentum = partial(torch.optim.SGD, momentum=0.9)


class Recurrent(nn.Module):
    """Reads a sequence of numbers and answers from its last state."""

    def __init__(self, kind: type[nn.RNNBase] = nn.GRU, *, last: bool = True, out: nn.Module | None = None) -> None:
        super().__init__()
        self.cells, self.head, self.last, self.out = kind(1, 24, batch_first=True), nn.Linear(24, 1), last, out

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.cells(x)
        answer = self.head(states[:, -1] if self.last else states[-1])
        return answer if self.out is None else self.out(answer)


class Reader(nn.Module):
    """Looks tokens up, averages or attends, and answers."""

    def __init__(self, *, attend: bool = False, words: int = 20) -> None:
        super().__init__()
        self.words = nn.Embedding(words, 16)
        self.block = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True) if attend else nn.Identity()
        self.head = nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.block(self.words(x)).mean(dim=1))


class Painter(nn.Module):
    """A small net of the kind of a U: down, across, up, and a bridge."""

    def __init__(self, out: nn.Module | None = None) -> None:
        super().__init__()
        self.down, self.deep = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.up, self.out = nn.ConvTranspose2d(16, 8, 2, stride=2), nn.Conv2d(16, 2, 1)
        self.last = out

    def forward(self, x: Tensor) -> Tensor:
        first = F.relu(self.down(x))
        deep = F.relu(self.deep(F.max_pool2d(first, 2)))
        answer = self.out(torch.cat([first, F.relu(self.up(deep))], dim=1))
        return answer if self.last is None else self.last(answer)


def tags(seed: int) -> Data:
    """(N, 8) numbers, (N, 5) labels of which several may hold."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((700, 8)).astype(np.float32)
    y = (x[:, :5] + 0.5 * x[:, 3:8] > 0.3).astype(np.float32)
    return data.shared(torch.from_numpy(x), torch.from_numpy(y), seed)


def several(outputs: Tensor, y: Tensor) -> float:
    return float(((outputs > 0) == (y > 0.5)).float().mean())


SUMS = Program(data.running_sums, Recurrent, nn.MSELoss(), Adam, 0.01, 32, 20, r2)
WORDS = Program(data.rows_of_tokens, Reader, nn.CrossEntropyLoss(), Adam, 0.01, 32, 15, accuracy)
MASKS = Program(data.masks, Painter, nn.CrossEntropyLoss(), Adam, 0.01, 16, 8, accuracy)
TAGS = Program(tags, lambda: mlp(32, inputs=8, classes=5), nn.BCEWithLogitsLoss(), Adam, 0.01, 32, 20, several)


@sick("output-loss-mismatch", bar=0.85)
def sums_relu_answer():
    """A ReLU behind the answer of a recurrent net whose targets are negative half of the time."""
    return replace(SUMS, build=lambda: Recurrent(out=nn.ReLU())), SUMS


@sick("learning-rate-too-high", bar=0.85)
def sums_rate_of_two():
    """Adam at 2 for an LSTM."""
    return replace(SUMS, build=lambda: Recurrent(nn.LSTM), lr=2.0), replace(SUMS, build=lambda: Recurrent(nn.LSTM))


@sick("learning-rate-too-low", bar=0.85)
def sums_rate_of_a_millionth():
    """Adam at 1e-6."""
    return replace(SUMS, lr=1e-6), SUMS


@sick("broadcast-loss", bar=0.85)
def sums_flat_targets():
    """(N, 1) against (N,)."""
    return replace(SUMS, data=lambda s: data.with_targets(data.running_sums(s), lambda y: y[:, 0])), SUMS


@sick("output-loss-mismatch", bar=0.87)
def words_softmax_then_cross_entropy():
    """A softmax before cross-entropy in a token classifier, SGD with momentum."""

    class Soft(Reader):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).softmax(dim=-1)

    good = replace(WORDS, optimizer=Momentum, lr=0.05, epochs=5)
    return replace(good, build=Soft), good


@sick("shuffled-labels", bar=0.85)
def words_shuffled():
    """Rows were filtered, labels were not."""

    def broken(seed: int) -> Data:
        found = data.rows_of_tokens(seed)
        return Data(found.x, found.y.roll(7), found.x_val, found.y_val)

    return replace(WORDS, data=broken), WORDS


@sick("unused-parameters", bar=0.85)
def words_frozen_embedding():
    """Random embeddings of one number that nobody trains."""

    class Frozen(Reader):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(20, 1)
            self.words.weight.requires_grad_(False)
            self.head = nn.Sequential(nn.Linear(1, 2))

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.words(x).mean(dim=1))

    return replace(WORDS, build=Frozen, epochs=5), WORDS


@sick("misread-axes|output-loss-mismatch|mixed-batch", bar=0.97)
def masks_softmax_over_the_batch():
    """log_softmax over axis 0 of (B, 2, Y, X), for NLLLoss."""
    return replace(MASKS, build=lambda: Painter(nn.LogSoftmax(dim=0)), loss=nn.NLLLoss()), replace(
        MASKS, build=lambda: Painter(nn.LogSoftmax(dim=1)), loss=nn.NLLLoss()
    )


@sick("learning-rate-too-low", bar=0.9)
def masks_rate_of_a_millionth():
    """A rate of 1e-6."""
    return replace(MASKS, lr=1e-6), MASKS


@sick("output-loss-mismatch", bar=0.85)
def tags_softmax_for_several_labels():
    """A softmax over labels of which several may hold, and a loss on logits."""
    return replace(
        TAGS, build=lambda: mlp(32, inputs=8, classes=5, out=nn.Softmax(1)), score=lambda o, y: several(o - 0.5, y)
    ), TAGS


@sick("output-loss-mismatch", bar=0.85)
def tags_sigmoid_twice():
    """A sigmoid before BCEWithLogitsLoss, for six epochs."""
    good = replace(TAGS, optimizer=Momentum, lr=0.1, epochs=6)
    net = lambda: mlp(32, inputs=8, classes=5, out=nn.Sigmoid())
    return replace(good, build=net, score=lambda o, y: several(o - 0.5, y)), good


@well(bar=0.85)
def sums_gru():
    """A GRU."""
    return SUMS


@well(bar=0.85)
def sums_lstm_clipped():
    """An LSTM, Huber's loss."""
    return replace(SUMS, build=lambda: Recurrent(nn.LSTM), loss=nn.SmoothL1Loss())


@well(bar=0.85)
def words_bag():
    """Averaged embeddings."""
    return WORDS


@well(bar=0.85)
def words_transformer():
    """One layer of attention."""
    return replace(WORDS, build=lambda: Reader(attend=True), lr=3e-3)


@well(bar=0.9)
def masks_well():
    """Masks of squares."""
    return MASKS


@well(bar=0.85)
def tags_well():
    """Several labels a row."""
    return TAGS
