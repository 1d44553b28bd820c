"""Well programs on tables."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
import torch.nn.functional as F
from benchmarks.faults import data
from benchmarks.faults.nets import mlp
from benchmarks.faults.program import Data, well
from benchmarks.faults.programs.tables import (
    CANCER,
    DIABETES,
    FRIEDMAN,
    IRIS,
    SGD,
    SIGMOID,
    WINE,
    Momentum,
    cancer,
    friedman,
)
from benchmarks.faults.scores import accuracy, yes_no
from torch import nn


@well(bar=0.93)
def cancer_sigmoid_and_bce():
    """A sigmoid and the loss on probabilities."""
    return SIGMOID


@well(bar=0.93)
def cancer_logits_and_weights():
    """BCEWithLogitsLoss with a weight for the rarer class."""
    return replace(CANCER, loss=nn.BCEWithLogitsLoss(pos_weight=torch.tensor([0.6])))


@well(bar=0.93)
def cancer_two_outputs():
    """Cross-entropy on two outputs, SGD with momentum."""
    return replace(
        CANCER,
        data=lambda s: data.standardised(data.breast_cancer(s)),
        build=partial(mlp, 16, inputs=30, classes=2),
        loss=nn.CrossEntropyLoss(),
        optimizer=Momentum,
        lr=0.02,
        score=accuracy,
    )


@well(bar=0.9)
def cancer_hinge():
    """A hinge loss on -1 and 1."""
    signs = lambda s: data.with_targets(cancer(s), lambda y: 2 * y - 1)
    return replace(CANCER, data=signs, loss=lambda o, y: F.relu(1 - o * y).mean(), score=yes_no(0.0))


@well(bar=0.9)
def wine_selu():
    """SELU."""
    return replace(WINE, build=partial(mlp, 24, 24, inputs=13, classes=3, act=nn.SELU))


@well(bar=0.9)
def wine_batch_norm():
    """Batch norm and ELU."""
    return replace(
        WINE, build=lambda: nn.Sequential(nn.Linear(13, 24, bias=False), nn.BatchNorm1d(24), nn.ELU(), nn.Linear(24, 3))
    )


@well(bar=0.88)
def iris_tanh():
    """One tanh layer, Rprop."""
    return replace(
        IRIS, build=partial(mlp, 12, inputs=4, classes=3, act=nn.Tanh), optimizer=torch.optim.Rprop, lr=0.01, batch=200
    )


@well(bar=0.88)
def iris_raw_centimetres():
    """Centimetres as they are: near enough to unit size for Adam."""
    return replace(IRIS, data=data.iris, lr=0.02, epochs=60)


@well(bar=0.35)
def diabetes_huber():
    """Huber's loss."""
    return replace(DIABETES, loss=nn.HuberLoss())


@well(bar=0.3)
def diabetes_linear():
    """A linear regression."""
    return replace(DIABETES, build=partial(mlp, inputs=10, classes=1), optimizer=SGD, lr=0.02)


@well(bar=0.3)
def diabetes_mean_absolute():
    """L1 loss, AdamW."""
    return replace(DIABETES, loss=nn.L1Loss(), optimizer=torch.optim.AdamW)


@well(bar=0.85)
def friedman_deep():
    """Four layers of SiLU."""
    return replace(FRIEDMAN, build=partial(mlp, 48, 48, 48, 48, inputs=10, classes=1, act=nn.SiLU), lr=2e-3)


@well(bar=0.8)
def friedman_two_targets():
    """Two real targets at once."""
    twice = lambda s: data.with_targets(friedman(s), lambda y: torch.cat([y, y.abs()], dim=1))
    return replace(FRIEDMAN, data=twice, build=partial(mlp, 64, inputs=10, classes=2), lr=8e-3)


@well(bar=0.85)
def friedman_sgd():
    """Plain SGD at a fitted rate."""
    return replace(FRIEDMAN, optimizer=SGD, lr=0.05, epochs=60)


@well(bar=0.8)
def cancer_rare_class():
    """One sick sample for eight healthy ones."""

    def rare(seed: int) -> Data:
        found = cancer(seed)
        assert found.x_val is not None
        assert found.y_val is not None
        keep, keep_val = ((y[:, 0] == 1) | (torch.arange(len(y)) % 5 == 0) for y in (found.y, found.y_val))
        return Data(found.x[keep], found.y[keep], found.x_val[keep_val], found.y_val[keep_val])

    return replace(CANCER, data=rare)
