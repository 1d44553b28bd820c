"""Architectures that no rule was made for: well ones are left in peace, sick ones are told what they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import netsitter as ns
from netsitter.record.events import Outcome

pytestmark = pytest.mark.slow


class Reader(nn.Module):
    """A transformer encoder over words with learned positions. The head is made first and called last."""

    def __init__(self, out: nn.Module | None = None) -> None:
        super().__init__()
        self.head = nn.Linear(16, 4)
        self.words, self.positions = nn.Embedding(8, 16), nn.Parameter(0.5 * torch.randn(6, 16))
        self.encoder = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.out = out or nn.Identity()

    def forward(self, x_BS: Tensor) -> Tensor:
        return self.out(self.head(self.encoder(self.words(x_BS) + self.positions).mean(dim=1)))


class FrozenReader(Reader):
    def __init__(self) -> None:
        super().__init__()
        self.encoder.requires_grad_(False)


def stage(channels: int, given: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(given, channels, 3, padding=1), nn.GroupNorm(2, channels), nn.SiLU())


class Painter(nn.Module):
    """Down twice, up twice, each way up with what the way down saw there."""

    def __init__(self, out: nn.Module | None = None) -> None:
        super().__init__()
        self.fine, self.coarse, self.deep = stage(8, 1), stage(12, 8), stage(12, 12)
        self.to_coarse, self.to_fine = (nn.ConvTranspose2d(12, into, 2, stride=2) for into in (12, 8))
        self.up_coarse, self.up_fine = stage(12, 24), stage(8, 16)
        self.head, self.out = nn.Conv2d(8, 3, 1), out or nn.Identity()

    def forward(self, x_BCYX: Tensor) -> Tensor:
        fine = self.fine(x_BCYX)
        coarse = self.coarse(F.max_pool2d(fine, 2))
        deep = self.deep(F.max_pool2d(coarse, 2))
        coarse = self.up_coarse(torch.cat([coarse, self.to_coarse(deep)], dim=1))
        return self.out(self.head(self.up_fine(torch.cat([fine, self.to_fine(coarse)], dim=1))))


class IdlePainter(Painter):
    def __init__(self) -> None:
        super().__init__()
        self.deeper = stage(12, 12)


class Listener(nn.Module):
    """An LSTM, and the largest that each of its states ever was."""

    def __init__(self, out: nn.Module | None = None) -> None:
        super().__init__()
        self.cells, self.head, self.out = nn.LSTM(1, 16, batch_first=True), nn.Linear(16, 3), out or nn.Identity()

    def forward(self, x_BSD: Tensor) -> Tensor:
        return self.out(self.head(self.cells(x_BSD)[0].amax(dim=1)))


class FrozenListener(Listener):
    def __init__(self) -> None:
        super().__init__()
        self.cells.requires_grad_(False)


def sentences(rows: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """(N, 6) words, and the pair that the third of them belongs to: without positions nobody could tell."""
    x_NS = rng.integers(0, 8, (rows, 6))
    return torch.from_numpy(x_NS), torch.from_numpy(x_NS[:, 2] // 2)


def scenes(rows: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """(N, 1, 8, 8) noisy pictures of a bright disc and a dark square, and what each pixel shows, (N, 8, 8)."""
    y_NYX, (y, x) = np.zeros((rows, 8, 8), dtype=np.int64), np.mgrid[:8, :8]
    for mask in y_NYX:
        (down, along), (top, left) = rng.integers(2, 6, 2), rng.integers(0, 6, 2)
        mask[(y - down) ** 2 + (x - along) ** 2 <= 4] = 1
        mask[top : top + 3, left : left + 3] = 2
    x_NCYX = np.array([0.0, 1.0, -1.0])[y_NYX][:, None] + 0.3 * rng.standard_normal((rows, 1, 8, 8))
    return torch.tensor(x_NCYX, dtype=torch.float32), torch.from_numpy(y_NYX)


def waves(rows: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """(N, 12, 1) noisy sines of three frequencies, begun anywhere, and which one it is."""
    y_N = rng.integers(0, 3, rows)
    turns_NS = np.arange(12) * np.array([0.05, 0.15, 0.35])[y_N][:, None] + rng.uniform(0, 1, (rows, 1))
    x_NS = 2 * np.sin(2 * np.pi * turns_NS) + 0.2 * rng.standard_normal((rows, 12))
    return torch.tensor(x_NS[..., None], dtype=torch.float32), torch.from_numpy(y_N)


def overlap(outputs: Tensor, y_BYX: Tensor) -> Tensor:
    """Cross-entropy, and what the classes lack of overlapping with theirs."""
    said, true = outputs.softmax(dim=1), F.one_hot(y_BYX, 3).movedim(-1, 1).float()
    both, either = (said * true).sum(dim=(0, 2, 3)), (said + true).sum(dim=(0, 2, 3))
    return F.cross_entropy(outputs, y_BYX) + (1 - (2 * both + 1) / (either + 1)).mean()


@dataclass(frozen=True)
class Stranger:
    """A well program. idle: a variation in which part of the network does not learn. least: score that it reaches."""

    build: Any
    idle: Any
    made: Any
    rows: int
    loss: Any
    optimizer: Any
    lr: float
    epochs: int
    least: float

    @property
    def data(self) -> dict[str, tuple[Tensor, Tensor]]:
        rng = np.random.default_rng(0)
        return {"train": self.made(self.rows, rng), "val": self.made(150, rng)}

    def options(self, **changes: Any) -> dict[str, Any]:
        own = {"loss": self.loss, "optimizer": self.optimizer, "lr": self.lr, "epochs": self.epochs, "batch": 32}
        return {**own, "show": False, **changes}


STRANGERS = {
    "reader": Stranger(
        Reader, FrozenReader, sentences, 256, nn.CrossEntropyLoss(), torch.optim.AdamW, 2e-2, 5, least=0.9
    ),
    "painter": Stranger(Painter, IdlePainter, scenes, 96, overlap, torch.optim.Adam, 2e-2, 8, least=0.95),
    "listener": Stranger(Listener, FrozenListener, waves, 256, "cross_entropy", torch.optim.Adam, 2e-2, 5, least=0.9),
}


@pytest.fixture(params=STRANGERS)
def stranger(request: pytest.FixtureRequest) -> Stranger:
    return STRANGERS[request.param]


def grave(findings) -> list[str]:
    return [f"{f.slug}: {f.seen}" for f in findings if f.severity != "note"]


def test_a_well_stranger_is_checked_without_an_alarm(stranger):
    report = ns.check(stranger.build, stranger.data, **stranger.options())
    assert grave(report.findings) == []
    assert report.not_checked == []
    start = report.trace.start
    net = stranger.build()
    modules = dict(net.named_modules())
    assert {w.name for w in start.weights} == dict(net.named_parameters()).keys()
    assert {operation.name for operation in start.graph.operations} <= modules.keys()
    assert {p for o in start.graph.operations for p in o.parameters} == dict(net.named_parameters()).keys()
    assert start.graph.whole
    assert start.outputs.reach == (-float("inf"), float("inf"))
    assert {s.name for s in start.signals if s.kind[0].isupper()} <= modules.keys()


def test_a_well_stranger_learns_and_is_watched_by_its_own_names(stranger):
    run = ns.fit(stranger.data, net=stranger.build, runs=None, **stranger.options())
    assert run.outcome is Outcome.FINISHED
    assert run.scores["val"]["score"] >= stranger.least
    assert grave(run.findings) == []
    modules = dict(run.network.named_modules())
    assert set(run.trace.watched["layers"]) <= modules.keys()
    for layer, kind in zip(run.trace.watched["layers"], run.trace.watched["kinds"], strict=True):
        assert type(modules[layer]).__name__ == kind
    several = {name for name, p in run.network.named_parameters() if p.ndim > 1}
    assert set(run.trace.watched["weights"]) == several
    assert run.trace.curve("grad/norm").values.shape[1:] == (1, len(several))


def test_a_rate_far_too_low_is_named_first(stranger):
    run = ns.fit(stranger.data, net=stranger.build, runs=None, **stranger.options(lr=1e-7))
    assert run.findings[0].slug == "learning-rate-too-low"
    assert len(grave(run.findings)) == 1
    better = run.findings[0].remedies[0].changes["optim.lr"]
    assert stranger.lr / 100 < better < stranger.lr * 100


def test_a_softmax_before_the_loss_on_logits_is_named_first(stranger):
    report = ns.check(lambda: stranger.build(nn.Softmax(dim=1)), stranger.data, **stranger.options(epochs=1))
    assert report.findings[0].slug == "output-loss-mismatch"
    assert report.findings[0].where == "the output: Softmax (out)"
    assert len(grave(report.findings)) == 1


def test_a_part_that_does_not_learn_is_named_by_its_weights(stranger):
    report = ns.check(stranger.idle, stranger.data, **stranger.options(epochs=1))
    (found,) = [f for f in report.findings if f.slug == "unused-parameters"]
    assert found.severity == "warning"
    assert found.places
    assert set(found.places) <= dict(stranger.idle().named_parameters()).keys()
    assert found.where.split(".")[0] in ("encoder", "deeper", "cells")
