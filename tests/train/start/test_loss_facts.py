"""What a loss takes, and its least values, are learned by calling it: known losses give known values."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netsitter.train.start.loss_facts import loss_facts, targets_of
from netsitter.train.start.outputs import outputs_of

RNG = torch.Generator().manual_seed(0)
X = torch.randn(90, 5, generator=RNG)
CLASSES = torch.arange(90) % 3
YES_NO = (X[:, :1] > 0).float()
REAL = X[:, :1] * 2 + 7


def facts(loss, y, *out: nn.Module, units: int = 3, name: str = "a loss"):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, units), *out)
    return loss_facts(net, X, y, loss, name=name, fresh=None, outputs=outputs_of(net, X))


@pytest.mark.parametrize(
    ("loss", "y", "units", "takes"),
    [
        (F.cross_entropy, CLASSES, 3, "logits"),
        (nn.CrossEntropyLoss(label_smoothing=0.1), CLASSES, 3, "logits"),
        (F.multi_margin_loss, CLASSES, 3, "logits"),
        (F.nll_loss, CLASSES, 3, "log-probabilities"),
        (F.binary_cross_entropy_with_logits, YES_NO, 1, "logit"),
        (F.soft_margin_loss, 2 * YES_NO - 1, 1, "logit"),
        (F.binary_cross_entropy, YES_NO, 1, "probabilities"),
        (F.mse_loss, REAL, 1, "values"),
        (F.l1_loss, REAL, 1, "values"),
        (F.huber_loss, REAL, 1, "values"),
        (lambda outputs, y: (outputs[:, 0] - y[:, 0]).square().mean(), REAL, 1, "values"),
    ],
)
def test_what_a_loss_takes_is_seen_from_what_it_does(loss, y, units, takes):
    out = (nn.Sigmoid(),) if takes == "probabilities" else ()
    assert facts(loss, y, *out, units=units).takes == takes


def test_guessing_three_equal_classes_costs_log_three_and_all_right_nothing():
    found = facts(F.cross_entropy, CLASSES)
    assert found.guess == pytest.approx(math.log(3), abs=2e-3)
    assert found.floor == pytest.approx(0.0, abs=5e-3)
    assert found.reachable == pytest.approx(found.floor, abs=5e-3)
    assert found.reduction == "mean"


def test_behind_a_softmax_cross_entropy_of_three_classes_comes_no_lower_than_its_known_least():
    # The best that probabilities can do as logits: 1 for the right class, 0 for both others.
    known = math.log(math.e + 2) - 1
    assert facts(F.cross_entropy, CLASSES, nn.Softmax(dim=1)).reachable == pytest.approx(known, abs=5e-3)


def test_guessing_a_real_target_costs_its_variance_and_behind_a_sigmoid_no_less_can_be_reached():
    free, bound = facts(F.mse_loss, REAL, units=1), facts(F.mse_loss, REAL, nn.Sigmoid(), units=1)
    assert free.guess == pytest.approx(float(REAL.var(correction=0)), rel=1e-3)
    assert free.floor == pytest.approx(0.0, abs=1e-6)
    shown = REAL[:64]
    assert bound.reachable == pytest.approx(float((shown - shown.clamp(0, 1)).square().mean()), rel=2e-2)


@pytest.mark.parametrize(("reduction", "grown"), [("mean", 1.0), ("sum", 2.0)])
def test_a_sum_is_told_from_a_mean(reduction, grown):
    found = facts(nn.CrossEntropyLoss(reduction=reduction), CLASSES)
    assert found.reduction == reduction
    assert found.doubled == pytest.approx(grown, rel=1e-4)


@pytest.mark.parametrize(
    ("loss", "y", "units"),
    [(F.cross_entropy, CLASSES, 3), (F.mse_loss, REAL, 1), (F.binary_cross_entropy_with_logits, YES_NO, 1)],
)
def test_a_loss_with_its_sign_turned_is_upside_down_and_one_as_it_is_not(loss, y, units):
    assert not facts(loss, y, units=units).upside_down
    assert facts(lambda outputs, y: -loss(outputs, y), y, units=units).upside_down


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_a_column_against_a_row_is_stretched():
    assert facts(F.mse_loss, REAL[:, 0], units=1).broadcast
    assert not facts(F.mse_loss, REAL, units=1).broadcast
    assert not facts(lambda outputs, y: F.mse_loss(outputs[:, 0], y), REAL[:, 0], units=1).broadcast


def test_a_loss_that_fails_is_told_with_the_shapes_it_got():
    found = facts(F.cross_entropy, CLASSES + 1, name="cross_entropy")
    assert found.error.startswith("IndexError")
    assert found.first is None
    assert (found.outputs_shape, found.targets_shape, found.targets_dtype) == ((90, 3), (90,), "int64")


@pytest.mark.parametrize(
    ("y", "form", "classes"),
    [
        (CLASSES, "classes", 3),
        (CLASSES - 1, "classes", 3),
        (F.one_hot(CLASSES).float(), "one-hot", 3),
        (YES_NO, "yes-no", 2),
        (2 * YES_NO - 1, "signs", 2),
        (torch.ones(4, 3).tril(), "several", 3),
        (REAL, "real", 0),
    ],
)
def test_the_form_of_targets_is_seen_from_their_values(y: Tensor, form, classes):
    found = targets_of(y)
    assert (found.form, found.classes) == (form, classes)
    assert (found.low, found.high) == (float(y.min()), float(y.max()))
    assert found.std == pytest.approx(float(y.double().std(correction=0)))
