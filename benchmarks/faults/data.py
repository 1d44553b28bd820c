"""The data sets of the gallery, as the programs' authors would load them: raw arrays, nothing prepared.

CIFAR-10's binary batches are read from the folder NETSITTER_DATA, Fashion-MNIST where its Debian package puts it.
"""

from __future__ import annotations

import gzip
import os
from functools import cache
from pathlib import Path

import numpy as np
import torch
from benchmarks.faults.program import Data
from sklearn import datasets
from torch import Tensor

FASHION = Path("/usr/share/datasets/fashion-mnist")
SHARE = 0.25
"""Of the rows, kept to judge by."""


def shared(x: Tensor, y: Tensor, seed: int, *, share: float = SHARE) -> Data:
    """The rows in an order drawn from the seed, the last of them kept to judge by."""
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(x)))
    x, y = x[order], y[order]
    kept = int(len(x) * (1 - share))
    return Data(x[:kept], y[:kept], x[kept:], y[kept:])


def standardised(data: Data) -> Data:
    """Columns (channels of images) at mean 0 and spread 1, by the training rows."""
    sides = (0, *range(2, data.x.ndim)) if data.x.ndim > 2 else (0,)
    mean, spread = data.x.mean(dim=sides, keepdim=True), data.x.std(dim=sides, keepdim=True).clamp_min(1e-6)
    assert data.x_val is not None
    return Data((data.x - mean) / spread, data.y, (data.x_val - mean) / spread, data.y_val)


def with_targets(data: Data, change) -> Data:  # type: ignore[no-untyped-def]
    """The same rows with their targets changed by a function."""
    return Data(data.x, change(data.y), data.x_val, None if data.y_val is None else change(data.y_val))


def times(factor: float, offset: float = 0.0):  # type: ignore[no-untyped-def]
    """Inputs multiplied, then moved: a function of data."""

    def change(found: Data) -> Data:
        assert found.x_val is not None
        return Data(found.x * factor + offset, found.y, found.x_val * factor + offset, found.y_val)

    return change


def shuffled_labels(found: Data) -> Data:
    """Training rows with the targets of others; the rows to judge by stay right."""
    order = torch.randperm(len(found.y), generator=torch.Generator().manual_seed(len(found.y)))
    return Data(found.x, found.y[order], found.x_val, found.y_val)


def one_hot(y: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(y, int(y.max()) + 1).float()


def column(y: Tensor) -> Tensor:
    return y.float()[:, None]


@cache
def _table(name: str) -> tuple[Tensor, Tensor]:
    found = getattr(datasets, f"load_{name}")()
    y = torch.from_numpy(found.target)
    return torch.from_numpy(found.data).float(), y.float() if y.is_floating_point() else y.long()


def digits(seed: int) -> Data:
    """(N, 64) pixels from 0 to 16 of 1,797 digits, (N,) classes."""
    return shared(*_table("digits"), seed)


def breast_cancer(seed: int) -> Data:
    """(N, 30) measurements of 569 samples, some of a thousandth, some of thousands; (N,) 0 or 1."""
    return shared(*_table("breast_cancer"), seed)


def wine(seed: int) -> Data:
    """(N, 13) measurements of 178 wines, (N,) three classes."""
    return shared(*_table("wine"), seed)


def iris(seed: int) -> Data:
    return shared(*_table("iris"), seed)


def diabetes(seed: int) -> Data:
    """(N, 10) columns of spread 0.05, as scikit-learn has them, (N, 1) targets from 25 to 346."""
    x, y = _table("diabetes")
    return shared(x, y[:, None], seed)


@cache
def _fashion() -> tuple[Tensor, Tensor]:
    def read(name: str, offset: int) -> np.ndarray:
        return np.frombuffer(gzip.decompress((FASHION / name).read_bytes()), dtype=np.uint8, offset=offset)

    x = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)[:8_000]
    return torch.from_numpy(x.astype(np.float32)), torch.from_numpy(
        read("train-labels-idx1-ubyte.gz", 8)[:8_000].astype(np.int64)
    )


def fashion(seed: int, rows: int = 2_000) -> Data:
    """(N, 1, 28, 28) pixels from 0 to 255 of clothes, (N,) ten classes."""
    x, y = _fashion()
    return shared(*_some(x, y, rows, seed), seed)


@cache
def _cifar() -> tuple[Tensor, Tensor]:
    folder = Path(os.environ["NETSITTER_DATA"]) / "cifar-10-batches-bin"
    rows = np.frombuffer((folder / "data_batch_1.bin").read_bytes(), dtype=np.uint8).reshape(-1, 3073)
    return torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32)), torch.from_numpy(
        rows[:, 0].astype(np.int64)
    )


def cifar(seed: int, rows: int = 2_000) -> Data:
    """(N, 3, 32, 32) pixels from 0 to 255 of photographs, (N,) ten classes."""
    x, y = _cifar()
    return shared(*_some(x, y, rows, seed), seed)


def _some(x: Tensor, y: Tensor, rows: int, seed: int) -> tuple[Tensor, Tensor]:
    order = torch.from_numpy(np.random.default_rng(seed + 100).permutation(len(x))[:rows])
    return x[order], y[order]


def xor() -> Data:
    """The four rows, (4, 1) targets of 0 and 1; judged by themselves."""
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return Data(x, torch.tensor([[0.0], [1.0], [1.0], [0.0]]))


def xor_cloud(seed: int, rows: int = 800) -> Data:
    """(N, 2) points of four clouds, (N,) 0 or 1."""
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 2, (rows, 2))
    x = 2.0 * corner - 1 + 0.35 * rng.standard_normal((rows, 2))
    return shared(torch.tensor(x, dtype=torch.float32), torch.from_numpy(corner[:, 0] ^ corner[:, 1]), seed)


def circles(seed: int, rows: int = 800) -> Data:
    """(N, 2) points of two rings, (N,) 0 or 1."""
    x, y = datasets.make_circles(rows, noise=0.08, factor=0.5, random_state=seed)
    return shared(torch.tensor(x, dtype=torch.float32), torch.from_numpy(y), seed)


def moons(seed: int, rows: int = 800) -> Data:
    x, y = datasets.make_moons(rows, noise=0.15, random_state=seed)
    return shared(torch.tensor(x, dtype=torch.float32), torch.from_numpy(y), seed)


def blobs(seed: int, rows: int = 900, classes: int = 4) -> Data:
    """(N, 2) points of clouds around centres up to 10 away, (N,) classes."""
    x, y = datasets.make_blobs(rows, centers=classes, cluster_std=1.2, random_state=seed + 7)
    return shared(torch.tensor(x, dtype=torch.float32), torch.from_numpy(y.astype(np.int64)), seed)


def spirals(seed: int, rows: int = 900, arms: int = 3) -> Data:
    """(N, 2) points of spiral arms, (N,) classes."""
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % arms
    r = rng.uniform(0.05, 1.0, rows)
    angle = 4 * r + 2 * np.pi * y / arms + 0.12 * rng.standard_normal(rows)
    x = np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1) * 2
    return shared(torch.tensor(x, dtype=torch.float32), torch.from_numpy(y.astype(np.int64)), seed)


def sine(seed: int, rows: int = 600, noise: float = 0.1) -> Data:
    """(N, 1) places from -3 to 3, (N, 1) noisy sine."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-3, 3, (rows, 1))
    y = np.sin(2 * x) + noise * rng.standard_normal((rows, 1))
    return shared(torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32), seed)


def friedman(seed: int, rows: int = 800) -> Data:
    """(N, 10) numbers from 0 to 1, (N, 1) targets about 14."""
    x, y = datasets.make_friedman1(rows, noise=0.5, random_state=seed)
    return shared(torch.tensor(x, dtype=torch.float32), torch.tensor(y[:, None], dtype=torch.float32), seed)


def rows_of_tokens(seed: int, rows: int = 1_200, length: int = 12, words: int = 20) -> Data:
    """(N, L) whole numbers, (N,) 1 where more of them are in the upper half than in the lower."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, words, (rows, length))
    y = ((x >= words // 2).sum(axis=1) > length / 2).astype(np.int64)
    return shared(torch.from_numpy(x), torch.from_numpy(y), seed)


def running_sums(seed: int, rows: int = 900, length: int = 10) -> Data:
    """(N, L, 1) numbers, (N, 1) their mean times two."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, length, 1))
    return shared(torch.tensor(x, dtype=torch.float32), torch.tensor(2 * x.mean(axis=1), dtype=torch.float32), seed)


def masks(seed: int, rows: int = 400, side: int = 16) -> Data:
    """(N, 1, 16, 16) noisy pictures of a bright square, (N, 16, 16) 1 inside it."""
    rng = np.random.default_rng(seed)
    y = np.zeros((rows, side, side), dtype=np.int64)
    for mask in y:
        top, left = rng.integers(0, side - 6, 2)
        mask[top : top + 6, left : left + 6] = 1
    x = y[:, None] + 0.5 * rng.standard_normal((rows, 1, side, side))
    return shared(torch.tensor(x, dtype=torch.float32), torch.from_numpy(y), seed)
