"""How the programs' authors judge their outputs: 1 is perfect."""

from __future__ import annotations

import torch
from torch import Tensor


def accuracy(outputs: Tensor, y: Tensor) -> float:
    """(N, K) against classes (N,), one-hot rows (N, K), or classes of pixels (N, Y, X)."""
    truth = y.argmax(dim=1) if y.is_floating_point() and y.ndim > 1 else y
    return float((outputs.argmax(dim=1) == truth.reshape(outputs.argmax(dim=1).shape)).float().mean())


def yes_no(threshold: float = 0.5):  # type: ignore[no-untyped-def]
    """(N, 1) or (N,) against 0 and 1, or -1 and 1."""

    def score(outputs: Tensor, y: Tensor) -> float:
        middle = 0.0 if float(y.min()) < 0 else 0.5
        return float(((outputs.flatten() > threshold) == (y.flatten() > middle)).float().mean())

    return score


def r2(outputs: Tensor, y: Tensor) -> float:
    """Explained variance of real targets, mean over outputs."""
    y = y.reshape(len(y), -1)
    apart = (outputs.reshape(len(outputs), -1) - y).square().sum(dim=0)
    return float((1 - apart / (y - y.mean(dim=0)).square().sum(dim=0)).mean())


def balanced(outputs: Tensor, y: Tensor) -> float:
    """The mean over classes of the share right."""
    said = outputs.argmax(dim=1)
    return float(torch.stack([(said[y == k] == k).float().mean() for k in y.unique()]).mean())
