"""Functions of torch by what they do to a signal, and the range of those that bend it."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch
from torch import nn

from netsitter.nn import operations
from netsitter.nn.maxout import Maxout
from netsitter.nn.operations import ends_of, role_of

SETS = ("ELEMENTWISE", "SOFTMAX", "WEIGHTS", "RECURRENT", "PRODUCTS", "NORMS", "DROPOUT", "POOLS", "AVERAGES", "SHAPES")


def test_no_function_stands_in_two_lists():
    for one, other in combinations((*SETS, "ADDS", "SCALES", "IGNORED"), 2):
        assert not set(getattr(operations, one)) & set(getattr(operations, other)), (one, other)


def test_what_bends_values_gives_each_value_alone():
    x = torch.linspace(0.1, 0.9, 7)
    for name in sorted(operations.ELEMENTWISE):
        found = getattr(torch, name, None) or getattr(nn.functional, name, None) or getattr(torch.Tensor, name)
        extra = {"threshold": (0.5, 0.0), "prelu": (torch.tensor([0.2]),), "clamp": (0.2, 0.5), "clip": (0.2, 0.5),
                 "clamp_min": (0.5,), "clamp_max": (0.5,), "pow": (3,), "maximum": (torch.tensor(0.5),),
                 "minimum": (torch.tensor(0.5),)}.get(name, ())  # fmt: skip
        whole = found(x.clone(), *extra)
        alone = torch.cat([found(value.reshape(1).clone(), *extra) for value in x])
        if name != "rrelu":
            torch.testing.assert_close(whole, alone, equal_nan=True, msg=name)
        assert whole.shape == x.shape


@pytest.mark.parametrize(
    ("called", "signals", "parameters", "role"),
    [
        ("linear", 1, True, "weights"),
        ("embedding", 1, True, "weights"),
        ("lstm", 1, True, "recurrent"),
        ("softmax", 1, False, "softmax"),
        ("group_norm", 1, True, "norm"),
        ("dropout2d", 1, False, "dropout"),
        ("max_pool2d", 1, False, "pool"),
        ("interpolate", 1, False, "average"),
        ("matmul", 1, True, "weights"),
        ("matmul", 2, False, "product"),
        ("matmul", 1, False, "scale"),
        ("mul", 1, True, "scale"),
        ("mul", 2, False, "product"),
        ("add", 1, True, "scale"),
        ("add", 2, False, "add"),
        ("div", 2, False, "product"),
        ("div", 1, False, "scale"),
        ("neg", 1, False, "scale"),
        ("reshape", 1, False, "shape"),
        ("something_new", 1, False, "other"),
    ],
)
def test_a_function_is_known_by_its_name_and_by_how_many_signals_it_reads(called, signals, parameters, role):
    assert role_of(called, None, signals=signals, parameters=parameters) == role


def test_a_maxout_weighs_and_pools():
    part = Maxout(2)
    assert role_of("linear", part, signals=1, parameters=True) == "weights"
    assert role_of("amax", part, signals=1, parameters=False) == "pool"


@pytest.mark.parametrize(
    ("layer", "low", "high", "flat"),
    [
        (nn.ReLU(), 0.0, None, False),
        (nn.ReLU6(), 0.0, 6.0, True),
        (nn.LeakyReLU(0.2), None, None, False),
        (nn.ELU(), -1.0, None, False),
        (nn.Sigmoid(), 0.0, 1.0, True),
        (nn.Tanh(), -1.0, 1.0, True),
        (nn.Hardtanh(-3.0, 2.0), -3.0, 2.0, True),
        (nn.Softplus(), 0.0, None, False),
        (nn.Identity(), None, None, False),
    ],
)
def test_the_ends_of_a_function_are_seen_from_its_values(layer, low, high, flat):
    for found in (ends_of(layer, layer, (), {}), ends_of(layer, None, (torch.ones(2),), {})):
        assert found == {"low": low, "high": high, "flat": flat}


def test_a_function_that_fails_on_single_values_has_no_known_ends():
    def fails(*_):
        raise RuntimeError

    assert ends_of(fails, None, (torch.ones(2),), {}) == {"low": None, "high": None, "flat": False}


def test_a_slope_that_goes_on_slowly_has_no_bound():
    assert ends_of(nn.LeakyReLU(0.01), nn.LeakyReLU(0.01), (), {}) == {"low": None, "high": None, "flat": False}
    assert ends_of(torch.sin, None, (torch.zeros(1),), {})["high"] == pytest.approx(1.0, abs=1e-3)
