"""Signals through depth: the ten-layer tanh experiment of the course."""

from __future__ import annotations

import torch
from torch import nn

from netsitter.nn.initialise import initialise
from netsitter.train.probes import layer_signals


def ten_layers(spec: str, act: str = "tanh"):
    kinds = {"tanh": nn.Tanh, "relu": nn.ReLU}
    layers = [part for _ in range(10) for part in (nn.Linear(500, 500), kinds[act]())]
    net = nn.Sequential(*layers, nn.Linear(500, 10))
    initialise(net, spec, act, generator=torch.Generator().manual_seed(0))
    x = torch.randn(200, 500, generator=torch.Generator().manual_seed(1))
    return [facts for facts in layer_signals(net, x) if facts.kind in ("Tanh", "ReLU")]


def test_small_random_weights_collapse_to_nothing():
    facts = ten_layers("normal:0.01")
    assert facts[0].std > 0.2
    assert facts[-1].std < 1e-6


def test_weights_of_spread_one_saturate_every_unit():
    assert all(layer.saturated > 0.9 for layer in ten_layers("normal:1"))


def test_xavier_keeps_the_signal_with_the_spreads_that_the_course_shows():
    shown = (0.628, 0.486, 0.408, 0.357, 0.320, 0.292, 0.273, 0.254, 0.239, 0.228)
    facts = ten_layers("xavier")
    assert all(abs(layer.std - std) < 0.02 for layer, std in zip(facts, shown, strict=True)), facts
    assert all(layer.saturated < 0.3 for layer in facts)


def test_relu_with_xavier_fades_and_with_he_stays():
    fading, staying = ten_layers("normal:0.03", "relu"), ten_layers("he", "relu")
    assert fading[-1].std < 0.02 * fading[0].std
    assert 0.3 < staying[-1].std / staying[0].std < 3


def test_units_that_are_off_on_every_row_are_counted_and_the_network_is_left_alone():
    net = nn.Sequential(nn.Linear(4, 10), nn.BatchNorm1d(10), nn.ReLU())
    with torch.no_grad():
        net[1].bias[:3] = -100.0
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    net.eval()
    facts = layer_signals(net, torch.randn(50, 4))
    assert [layer.kind for layer in facts] == ["Linear", "BatchNorm1d", "ReLU"]
    assert abs(facts[-1].dead - 0.3) < 1e-6
    assert facts[-1].saturated is None
    assert not net.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
