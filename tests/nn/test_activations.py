"""Activations by name: known values, gains, wrong names, and the user's own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from netsitter.errors import PlanError
from netsitter.nn.activations import ACTIVATIONS, activation
from netsitter.testing.activation_kit import ACTIVATION_CHECKS

VARIANTS = [*ACTIVATIONS, "leaky_relu:0.2", "elu:0.5", "maxout:3"]


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("check", ACTIVATION_CHECKS, ids=lambda check: check.__name__)
def test_every_activation_keeps_the_promises_of_the_kit(check, name):
    check(activation(name))


def test_formulas_give_their_known_values():
    known = {
        "sigmoid": (0.0, 0.5),
        "tanh": (1.0, 0.761594),
        "relu": (-2.0, 0.0),
        "leaky_relu": (-2.0, -0.02),
        "leaky_relu:0.2": (-2.0, -0.4),
        "elu": (-1.0, -0.632121),
        "elu:0.5": (-1.0, -0.316060),
        "gelu": (1.0, 0.841345),
        "silu": (1.0, 0.731059),
        "selu": (1.0, 1.050701),
        "prelu": (-2.0, -0.5),
        "identity": (-2.0, -2.0),
    }
    for name, (z, wanted) in known.items():
        got = activation(name).make()(torch.tensor([[z]])).item()
        assert got == pytest.approx(wanted, abs=1e-6), name


def test_gains_are_those_of_the_literature_where_it_has_one():
    gains = {name: entry.gain for name, entry in ACTIVATIONS.items()}
    assert gains["relu"] == nn.init.calculate_gain("relu")
    assert gains["tanh"] == nn.init.calculate_gain("tanh")
    assert gains["leaky_relu"] == nn.init.calculate_gain("leaky_relu", 0.01)
    assert (gains["selu"], gains["sigmoid"], gains["identity"]) == (1, 1, 1)


@pytest.mark.parametrize("name", ["elu", "gelu", "silu", "maxout", "maxout:4", "relu", "selu"])
def test_a_gain_keeps_the_second_moment_of_drawn_normals(name):
    entry = activation(name)
    z_NP = torch.randn(400_000, entry.pieces, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    assert float((entry.gain * entry.make().double()(z_NP)).square().mean()) == pytest.approx(1, abs=0.02)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(PlanError, match=r"'rellu'.*Did you mean 'relu'"):
        activation("rellu")


@pytest.mark.parametrize(
    "name", ["relu:2", "elu:-1", "maxout:1", "maxout:2.5", "leaky_relu:x", "elu:nan", "elu:inf", "leaky_relu:"]
)
def test_a_number_that_cannot_be_is_refused(name):
    with pytest.raises(PlanError, match=r"net\.act"):
        activation(name)


def test_spelling_with_a_hyphen_or_capitals_is_understood():
    assert activation("Leaky-ReLU:0.1").number == 0.1


def test_a_layer_a_class_of_layers_and_a_function_are_accepted_and_get_a_gain():
    softsign = activation(nn.functional.softsign)
    assert softsign.make()(torch.tensor([1.0])).item() == 0.5
    assert activation(nn.Softsign).gain == activation(nn.Softsign()).gain == softsign.gain
    assert 1.5 < softsign.gain < 2.5
    assert activation(softsign) is softsign


def test_a_layer_of_the_users_own_is_copied_for_each_place():
    own = nn.PReLU(init=0.1)
    first, second = activation(own).make(), activation(own).make()
    assert first.weight is not second.weight
    assert first.weight.item() == pytest.approx(0.1)


def test_what_is_no_activation_at_all_is_refused():
    with pytest.raises(PlanError, match="a name, a layer or a function; got 3"):
        activation(3)
