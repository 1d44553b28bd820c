"""The fact sheet says what theory says, although nothing in it is typed."""

from __future__ import annotations

import math

import pytest
import torch

from netsitter.nn import fact_sheet as room
from netsitter.nn.activations import ACTIVATIONS, activation
from netsitter.nn.fact_sheet import fact_sheet, facts

SHEET = {facts.name: facts for facts in fact_sheet()}


def test_all_activations_stand_in_it():
    assert list(SHEET) == list(ACTIVATIONS)


def test_the_largest_slope_of_the_sigmoid_is_a_quarter():
    assert SHEET["sigmoid"].largest_slope == pytest.approx(0.25, abs=1e-12)
    assert SHEET["tanh"].largest_slope == pytest.approx(1)


def test_only_the_relu_has_units_that_die():
    assert [name for name, facts in SHEET.items() if facts.dies] == ["relu"]


def test_ranges_are_those_of_the_formulas():
    ranges = {name: (facts.low, facts.high) for name, facts in SHEET.items()}
    assert ranges["sigmoid"] == (0, 1)
    assert ranges["tanh"] == (-1, 1)
    assert ranges["relu"] == (0, None)
    assert ranges["elu"] == (-1, None)
    for name in ("leaky_relu", "prelu", "maxout", "identity"):
        assert ranges[name] == (None, None), name
    assert ranges["silu"][0] == pytest.approx(-0.278465, abs=1e-5)
    assert ranges["gelu"][0] == pytest.approx(-0.169971, abs=1e-5)


def test_zero_centred_are_those_whose_mean_output_is_0():
    assert [name for name, facts in SHEET.items() if facts.zero_centred] == ["selu", "tanh", "identity"]
    assert SHEET["relu"].mean == pytest.approx(1 / math.sqrt(2 * math.pi), abs=1e-3)
    assert SHEET["maxout"].mean == pytest.approx(1 / math.sqrt(math.pi), abs=5e-3)


def test_saturation_begins_where_the_slope_falls_under_a_thousandth():
    for name in ("sigmoid", "tanh"):
        z = torch.tensor(SHEET[name].flat_above, requires_grad=True)
        assert SHEET[name].flat_below == pytest.approx(-z.item(), abs=0.02)
        (slope,) = torch.autograd.grad(activation(name).make()(z), z)
        assert slope.item() == pytest.approx(room.FLAT, rel=0.03)
    assert SHEET["relu"].flat_below == 0
    assert all(SHEET[name].flat_below is None for name in ("leaky_relu", "maxout", "identity", "prelu"))
    assert all(SHEET[name].flat_above is None for name in SHEET if name not in ("sigmoid", "tanh"))


def test_a_function_that_is_flat_on_both_sides_dies():
    assert facts(activation(torch.nn.Hardsigmoid)).dies
    assert facts(activation(torch.nn.Hardtanh)).flat_above == pytest.approx(1, abs=0.01)


def test_cost_is_measured_only_when_asked_and_leaves_the_threads_alone(monkeypatch):
    monkeypatch.setattr(room, "COST_SHAPE", (20, 50))
    monkeypatch.setattr(room, "COST_ROUNDS", 3)
    threads = torch.get_num_threads()
    (measured,) = fact_sheet(["elu"], measure=True)
    assert measured.cost > 0
    assert measured.cost_ns > 0
    assert torch.get_num_threads() == threads
    assert SHEET["elu"].cost is None
