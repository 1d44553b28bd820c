"""A whole net drawn anew: the last layer, norms and biases, depth, data-driven weights, determinism."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from netsitter.errors import PlanError
from netsitter.nn.initialise import OUTPUT_GAIN, initialise


def dense(*sides: int, act: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sides):
        layers += [nn.Linear(inputs, outputs), act()]
    return nn.Sequential(*layers[:-1])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_one_seed_gives_the_same_weights_and_another_seed_others():
    nets = [dense(5, 7, 3) for _ in range(3)]
    for net, seed in zip(nets, (4, 4, 5), strict=True):
        initialise(net, "he", "relu", generator=generator(seed))
    first, again, other = (torch.cat([weight.flatten() for weight in net.parameters()]) for net in nets)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_biases_become_0_and_norms_pass_their_input():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.LayerNorm(4), nn.Linear(4, 2))
    net(100 + torch.randn(8, 3, generator=generator()))
    with torch.no_grad():
        for weight in net.parameters():
            weight.fill_(7)
    initialise(net, "he", "relu", generator=generator())
    assert all(bool((layer.bias == 0).all()) for layer in net)
    assert net[1].weight.tolist() == net[2].weight.tolist() == [1.0] * 4
    assert net[1].running_mean.tolist() == [0.0] * 4
    assert int(net[1].num_batches_tracked) == 0


def test_the_last_layer_has_no_gain_and_starts_undecided():
    net = dense(1000, 1000, 400)
    initialise(net, "he", "relu", generator=generator())
    assert float(net[0].weight.detach().std()) == pytest.approx(math.sqrt(2 / 1000), rel=0.01)
    assert float(net[2].weight.detach().std()) == pytest.approx(OUTPUT_GAIN / math.sqrt(1000), rel=0.01)


def test_weights_of_an_absolute_size_are_the_same_for_the_last_layer():
    net = dense(100, 200, 100)
    initialise(net, "normal:0.5", "relu", generator=generator())
    assert float(net[2].weight.detach().std()) == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("width", [50, 2000])
@pytest.mark.parametrize("init", ["he", "xavier", "orthogonal", "he_uniform", "glorot"])
def test_the_first_loss_is_log_of_the_classes_for_inputs_of_size_1(init, width):
    net = dense(300, width, 10)
    initialise(net, init, "relu", generator=generator())
    x_BD = torch.randn(500, 300, generator=generator(1))
    loss = F.cross_entropy(net(x_BD), torch.arange(500) % 10)
    assert loss.item() == pytest.approx(math.log(10), abs=0.02)


def test_he_keeps_signals_through_ten_relu_layers_where_xavier_and_small_weights_lose_them():
    x_BD = torch.randn(100, 200, generator=generator(1))
    spread = {}
    for init in ("he", "xavier", "normal:0.01"):
        net = dense(*[200] * 11, 10)
        initialise(net, init, "relu", generator=generator())
        spread[init] = net[:20](x_BD).square().mean().sqrt().item()
    assert 0.4 < spread["he"] < 2.5
    assert spread["xavier"] < spread["he"] / 10
    assert spread["normal:0.01"] < 1e-6


def test_data_driven_weights_give_each_hidden_layer_variance_1_whatever_the_inputs():
    net = dense(30, 40, 50, 10, act=nn.Tanh)
    x_BD = 100 * torch.randn(200, 30, generator=generator(1)) + 20
    initialise(net, "lsuv", "tanh", generator=generator(), batch=x_BD)
    x = x_BD
    for layer in (net[:1], net[1:3]):
        x = layer(x)
        assert x.var().item() == pytest.approx(1, abs=0.02)


def test_data_driven_weights_leave_modes_and_running_statistics_alone():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    net[1].eval()
    initialise(net, "lsuv", "relu", generator=generator(), batch=torch.randn(9, 3, generator=generator()))
    assert [layer.training for layer in net] == [True, False, True]
    assert net[1].running_mean.tolist() == [0.0] * 4


def test_data_driven_weights_survive_inputs_of_nothing_but_zeros():
    net = dense(3, 4, 2)
    initialise(net, "lsuv", "relu", generator=generator(), batch=torch.zeros(9, 3))
    assert all(weight.isfinite().all() for weight in net.parameters())


def test_data_driven_weights_need_a_batch():
    with pytest.raises(PlanError, match="lsuv needs a batch"):
        initialise(dense(3, 4, 2), "lsuv", "relu", generator=generator())


def test_weights_in_another_type_get_the_same_numbers():
    single, double = dense(5, 4, 2), dense(5, 4, 2).double()
    for net in (single, double):
        initialise(net, "he", "relu", generator=generator())
    assert torch.equal(single[0].weight.double(), double[0].weight)


def test_a_scale_multiplies_every_weight_and_no_bias():
    plain, scaled = dense(5, 7, 3), dense(5, 7, 3)
    initialise(plain, "he", "relu", generator=generator())
    initialise(scaled, "he", "relu", generator=generator(), scale=0.5)
    for one, other in zip(plain.parameters(), scaled.parameters(), strict=True):
        assert torch.equal(other, 0.5 * one)
