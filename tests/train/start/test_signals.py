"""Signals and weights at the start agree with a plain pass of hooks-free arithmetic."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netsitter.train.start.signals import fresh_twin, signals_of, weights_of

X = torch.randn(200, 6, generator=torch.Generator().manual_seed(0))
Y = X[:, :3].argmax(dim=1)


class Mixed(nn.Module):
    """One activation as a module, one as a function."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.bend, self.last = nn.Linear(6, 10), nn.Tanh(), nn.Linear(10, 3)

    def forward(self, x_BD: Tensor) -> Tensor:
        return F.relu(self.last(self.bend(self.first(x_BD))))


def test_layers_and_activations_are_told_in_order_with_the_figures_of_a_plain_pass():
    net = Mixed()
    with torch.no_grad():
        first = net.first(X)
        bent = torch.tanh(first)
        last = net.last(bent)
    told = signals_of(net, X)
    assert [(s.name, s.kind) for s in told] == [
        ("first", "Linear"), ("bend", "Tanh"), ("last", "Linear"), ("relu", "relu"),
    ]  # fmt: skip
    for signal, values in zip(told, (first, bent, last, last.relu()), strict=True):
        assert signal.mean == pytest.approx(float(values.mean()), abs=1e-6)
        assert signal.std == pytest.approx(float(values.std()), rel=1e-5)
        assert signal.spread == pytest.approx(float(values.std(dim=0, correction=0).mean()), rel=1e-5)
        assert (signal.saturated is not None) == (signal.kind == "Tanh")


def test_dead_constant_twin_and_saturated_units_are_counted():
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU())
    with torch.no_grad():
        net[0].weight[3] = net[0].weight[2]
        net[0].bias[3] = net[0].bias[2]
        net[0].bias[:2] = -100.0
        net[0].weight[7] = 0.0
        net[0].bias[7] = 2.0
    linear, relu = signals_of(net, X)
    assert relu.dead == pytest.approx(2 / 8)
    assert relu.constant == pytest.approx(3 / 8)
    assert relu.twins == pytest.approx(2 / 6)
    assert linear.dead == 0.0
    tanh = nn.Sequential(nn.Linear(6, 4), nn.Tanh())
    with torch.no_grad():
        tanh[0].bias[:1] = 50.0
        tanh[0].bias[1:] = 0.0
        tanh[0].weight *= 1e-3
    assert signals_of(tanh, X)[1].saturated == pytest.approx(1 / 4)


def test_units_of_pictures_are_their_channels_and_of_sequences_their_features():
    net = nn.Sequential(nn.Conv2d(1, 4, 1), nn.ReLU())
    with torch.no_grad():
        net[0].bias[:] = torch.tensor([-100.0, 1.0, 1.0, 1.0])
    assert signals_of(net, torch.randn(20, 1, 5, 5))[1].dead == pytest.approx(1 / 4)
    steps = nn.Sequential(nn.Linear(3, 5), nn.ReLU())
    with torch.no_grad():
        steps[0].bias[:] = torch.tensor([-100.0, 1.0, 1.0, 1.0, 1.0])
    assert signals_of(steps, torch.randn(20, 7, 3))[1].dead == pytest.approx(1 / 5)


def test_gradients_are_those_of_backward_and_what_none_reaches_has_none():
    net = Mixed()
    net.idle = nn.Linear(4, 4)
    net.first.bias.requires_grad_(False)
    told = {w.name: w for w in weights_of(net, X, Y, F.cross_entropy, None)}
    F.cross_entropy(net(X), Y).backward()
    assert told.keys() == dict(net.named_parameters()).keys()
    for name, p in net.named_parameters():
        assert told[name].trained is p.requires_grad
        assert told[name].shape == tuple(p.shape)
        assert told[name].std == pytest.approx(float(p.detach().std(correction=0)), rel=1e-5)
        if p.grad is None:
            assert told[name].gradient is None
        else:
            assert told[name].gradient == pytest.approx(float(p.grad.norm()), rel=1e-5)
    assert [name for name, w in told.items() if w.gradient is None] == ["first.bias", "idle.weight", "idle.bias"]
    assert told["first.weight"].fan_in == 6


def test_what_the_optimiser_does_not_hold_is_told():
    told = weights_of(Mixed(), X, Y, F.cross_entropy, {"last.weight", "last.bias"})
    assert [w.name for w in told if not w.held] == ["first.weight", "first.bias"]


def test_equal_rows_of_a_weight_are_counted():
    net = Mixed()
    with torch.no_grad():
        net.first.weight[:4] = 0.5
        net.last.weight[:] = 0.0
    told = {w.name: w.twin_rows for w in weights_of(net, X, Y, F.cross_entropy, None)}
    assert told == {"first.weight": 0.4, "first.bias": 0.0, "last.weight": 1.0, "last.bias": 0.0}


def test_a_fresh_twin_has_weights_of_the_usual_size_whatever_those_of_the_network_are():
    net = nn.Sequential(nn.Linear(400, 300), nn.ReLU(), nn.Linear(300, 10))
    with torch.no_grad():
        for p in net.parameters():
            p.fill_(7.0)
    twin = fresh_twin(net)
    assert float(twin[0].weight.detach().std()) == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert all(bool((p == 7.0).all()) for p in net.parameters())
    again = fresh_twin(net)
    assert all(torch.equal(a, b) for a, b in zip(twin.parameters(), again.parameters(), strict=True))


def test_a_network_of_bare_parameters_has_no_fresh_twin():
    class Bare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3, 3))

    assert fresh_twin(Bare()) is None
