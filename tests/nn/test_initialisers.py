"""Initialisers by name: known spreads, and wrong names."""

from __future__ import annotations

from math import sqrt

import pytest
import torch

from netsitter.errors import PlanError
from netsitter.nn.initialisers import ALIASES, INITIALISERS, fan_in, initialiser
from netsitter.testing.initialiser_kit import INITIALISER_CHECKS


@pytest.mark.parametrize("name", [*INITIALISERS, "normal:1", "constant:-0.5", "uniform:0.2"])
@pytest.mark.parametrize("check", INITIALISER_CHECKS, ids=lambda check: check.__name__)
def test_every_initialiser_keeps_the_promises_of_the_kit(check, name):
    check(initialiser(name))


def drawn(name: str, shape: tuple[int, ...], gain: float = 1.0) -> torch.Tensor:
    weight = torch.empty(shape)
    initialiser(name).fill(weight, gain=gain, generator=torch.Generator().manual_seed(1))
    return weight


@pytest.mark.parametrize(
    ("name", "std"),
    [
        ("normal", 0.01),
        ("normal:0.5", 0.5),
        ("small", 0.01),
        ("uniform:0.3", 0.3 / sqrt(3)),
        ("xavier", sqrt(1 / 400)),
        ("lecun", sqrt(1 / 400)),
        ("glorot", sqrt(2 / 600)),
        ("xavier_uniform", sqrt(2 / 600)),
        ("he", 2 * sqrt(1 / 400)),
        ("he_uniform", 2 * sqrt(1 / 400)),
        ("kaiming", 2 * sqrt(1 / 400)),
        ("msra", 2 * sqrt(1 / 400)),
    ],
)
def test_weights_spread_as_the_formula_says(name, std):
    weight = drawn(name, (200, 400), gain=2.0)
    assert float(weight.std()) == pytest.approx(std, rel=0.02)
    assert abs(float(weight.mean())) < 0.02 * std


def test_the_fan_of_a_convolution_counts_its_window():
    assert fan_in((8, 3, 5, 5)) == 75
    assert float(drawn("xavier", (64, 16, 5, 5)).std()) == pytest.approx(1 / 20, rel=0.02)


def test_uniform_weights_stay_within_their_bound():
    weight = drawn("uniform:0.3", (100, 100))
    assert 0.29 < float(weight.abs().max()) <= 0.3


@pytest.mark.parametrize("shape", [(6, 9), (9, 6), (6, 2, 3, 3)])
def test_orthogonal_weights_keep_lengths(shape):
    flat = drawn("orthogonal", shape, gain=3.0).reshape(shape[0], -1)
    small = flat if flat.shape[0] <= flat.shape[1] else flat.T
    torch.testing.assert_close(small @ small.T, 9 * torch.eye(len(small)), atol=1e-5, rtol=0)


def test_other_names_stand_for_entries():
    assert all(name in INITIALISERS for name in ALIASES.values())
    assert initialiser("glorot") is INITIALISERS["xavier_avg"]


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(PlanError, match="Did you mean 'kaiming'"):
        initialiser("kaming")


@pytest.mark.parametrize("name", ["he:2", "normal:-1", "uniform:x", "normal:nan"])
def test_a_number_that_cannot_be_is_refused(name):
    with pytest.raises(PlanError, match=r"net\.init"):
        initialiser(name)


def test_a_weight_of_one_side_has_no_fan_in():
    with pytest.raises(PlanError, match="two sides or more"):
        drawn("he", (5,))
