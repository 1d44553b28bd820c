"""Losses and scores: what batches add up to is what the whole part gives."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import r2_score

from netsitter.train.losses import guessing_loss
from netsitter.train.scores import CLASSES, REAL, row_sums, scorer_of


def test_batches_of_any_size_add_up_to_the_accuracy_of_the_whole():
    generator = torch.Generator().manual_seed(0)
    outputs, y = torch.randn(97, 5, generator=generator), torch.randint(0, 5, (97,), generator=generator)
    sums = sum(row_sums(o, t, CLASSES) for o, t in zip(outputs.split(13), y.split(13), strict=True))
    assert scorer_of(y, CLASSES).score(sums) == pytest.approx((outputs.argmax(1) == y).float().mean().item())


def test_the_score_of_real_targets_is_r_squared():
    generator = torch.Generator().manual_seed(0)
    y = torch.randn(60, 2, generator=generator) * torch.tensor([1.0, 30.0]) + 5
    outputs = y + torch.randn(60, 2, generator=generator) * torch.tensor([0.5, 10.0])
    score = scorer_of(y, REAL).score(row_sums(outputs, y, REAL))
    assert score == pytest.approx(r2_score(y, outputs), abs=1e-6)


def test_a_target_that_never_varies_has_no_score():
    y = torch.ones(5, 1)
    assert math.isnan(scorer_of(y, REAL).score(row_sums(y, y, REAL)))


def test_guessing_costs_log_c_and_the_variance():
    y = torch.randn(1000, 1, generator=torch.Generator().manual_seed(0))
    assert guessing_loss("cross_entropy", torch.tensor([0, 1]), outputs=10) == pytest.approx(2.302585, abs=1e-6)
    assert guessing_loss("mse", y, outputs=1) == pytest.approx(float(y.square().mean()))
    assert guessing_loss("of my own", y, outputs=1) is None
