"""The built-in nets: shapes, norms and biases, every activation in each, lifting over trials, and what does not fit."""

from __future__ import annotations

import math
from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn import functional as F

from netsitter.errors import DeviceError, NetError, PlanError
from netsitter.nn.activations import ACTIVATIONS
from netsitter.nn.build import KINDS, build
from netsitter.nn.dropout import KeyedDropout
from netsitter.plan.sections import NetPlan

EXAMPLES = {"mlp": (3, 9, 8), "conv": (3, 9, 8), "lenet": (3, 28, 28)}
"""An input for each built-in net."""


def plan(kind: str = "mlp", **fields) -> NetPlan:
    sizes = None if kind == "lenet" else (6, 5)
    return NetPlan(**{"kind": kind, "sizes": sizes, "init": "he", "norm": "batch", **fields})


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("norm", ["batch", "none"])
@pytest.mark.parametrize("act", ACTIVATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_activation_works_in_every_net_with_and_without_norm(kind, act, norm):
    example = EXAMPLES[kind]
    net = build(plan(kind, act=act, norm=norm), example=example, outputs=4, generator=generator())
    out_BK = net(torch.randn(3, *example, generator=generator(1)))
    assert out_BK.shape == (3, 4)
    out_BK.square().sum().backward()
    assert all(bool(weight.grad.isfinite().all()) for weight in net.parameters())
    assert bool((net.output.weight.grad != 0).any())


@pytest.mark.parametrize("kind", KINDS)
def test_norm_stands_between_weights_and_activation_and_takes_the_place_of_the_bias(kind):
    net = build(plan(kind, act="maxout"), example=EXAMPLES[kind], outputs=4)
    layers = [layer for layer in net if not isinstance(layer, nn.MaxPool2d)]
    norms = [place for place, layer in enumerate(layers) if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d))]
    assert norms
    for place in norms:
        assert isinstance(layers[place - 1], (nn.Linear, nn.Conv2d))
        assert layers[place - 1].bias is None
        assert layers[place + 1].pieces == 2
    assert net.output.bias is not None


@pytest.mark.parametrize("kind", KINDS)
def test_trials_lifted_together_give_what_each_gives_alone(kind):
    example = EXAMPLES[kind]
    nets = [build(plan(kind, act="elu"), example=example, outputs=4, generator=generator(seed)) for seed in range(3)]
    x, y_B = torch.randn(6, *example, generator=generator(9)), torch.arange(6) % 4

    def loss(params, buffers, net=nets[0]):
        return F.cross_entropy(functional_call(net, (params, buffers), (x,)), y_B)

    params, buffers = stack_module_state(deepcopy(nets))
    together = vmap(grad(loss))(params, buffers)
    for trial, net in enumerate(nets):
        F.cross_entropy(net(x), y_B).backward()
        for name, weight in net.named_parameters():
            torch.testing.assert_close(together[name][trial], weight.grad, rtol=1e-4, atol=1e-6, msg=name)
        for name, buffer in net.named_buffers():
            torch.testing.assert_close(buffers[name][trial], buffer, msg=name)


def test_lenet_has_the_shapes_and_the_61_706_parameters_of_the_paper():
    net = build(plan("lenet", norm="none"), example=(1, 32, 32), outputs=10)
    assert sum(weight.numel() for weight in net.parameters()) == 61_706
    shapes, x = [], torch.zeros(1, 1, 32, 32)
    for layer in net:
        x = layer(x)
        if isinstance(layer, (nn.Conv2d, nn.AvgPool2d, nn.Linear)):
            shapes.append(tuple(x.shape[1:]))
    assert shapes == [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120,), (84,), (10,)]


def test_lenet_pads_images_of_28_and_refuses_others():
    net = build(plan("lenet"), example=(1, 28, 28), outputs=10)
    assert net(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    with pytest.raises(NetError, match=r"32 x 32 or 28 x 28; got examples of \(1, 30, 28\)"):
        build(plan("lenet"), example=(1, 30, 28), outputs=10)


def test_without_hidden_layers_it_is_a_linear_model():
    net = build(plan(sizes=()), example=(4,), outputs=3)
    assert [name for name, _ in net.named_children()] == ["flatten", "output"]
    assert net.output.weight.shape == (3, 4)


@pytest.mark.parametrize("example", [(1, 8, 8), (3, 32, 32), (4, 9, 17), (3, 8, 100)])
def test_the_convnet_takes_images_of_any_sides_from_8(example):
    net = build(plan("conv", sizes=(4, 5, 6)), example=example, outputs=2)
    assert net(torch.zeros(2, *example)).shape == (2, 2)


def test_too_many_stages_for_the_image_are_refused_with_the_number_that_fits():
    with pytest.raises(NetError, match="5 stages do not fit images of 8 x 20") as caught:
        build(plan("conv", sizes=(4, 5, 6, 7, 8)), example=(1, 8, 20), outputs=2)
    assert caught.value.fix == "--net conv:4,5,6,7"
    assert build(plan("conv", sizes=(4, 5, 6, 7)), example=(1, 8, 20), outputs=2)(torch.zeros(2, 1, 8, 20)).shape == (
        2,
        2,
    )


def test_a_convnet_on_a_table_is_refused():
    with pytest.raises(NetError, match=r"images of three sides; got examples of \(30,\)"):
        build(plan("conv"), example=(30,), outputs=2)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_layers_are_numbered_from_0_and_left_out_at_rate_0(kind):
    net = build(plan(kind, dropout=0.3), example=EXAMPLES[kind], outputs=4)
    layers = [layer for layer in net.modules() if isinstance(layer, KeyedDropout)]
    assert [layer.number for layer in layers] == list(range(len(layers)))
    assert len(layers) == 2
    assert all(float(layer.rate) == pytest.approx(0.3) for layer in layers)
    assert not any(isinstance(layer, KeyedDropout) for layer in build(plan(kind), example=EXAMPLES[kind], outputs=4))


def test_one_generator_gives_the_same_net_and_leaves_the_global_one_alone():
    state = torch.random.get_rng_state()
    first, again, other = (build(plan(), example=(7,), outputs=3, generator=generator(seed)) for seed in (1, 1, 2))
    assert all(map(torch.equal, first.state_dict().values(), again.state_dict().values()))
    assert not torch.equal(first.dense1.weight, other.dense1.weight)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_on_the_meta_device_it_has_shapes_and_no_weights():
    for init in ("orthogonal", "lsuv", "he"):
        with torch.device("meta"):
            net = build(plan(init=init), example=(7,), outputs=3)
        assert all(weight.is_meta for weight in net.parameters())
        real = build(plan(), example=(7,), outputs=3)
        assert {n: t.shape for n, t in net.state_dict().items()} == {n: t.shape for n, t in real.state_dict().items()}


def test_a_net_larger_than_memory_is_refused_before_it_is_made():
    with pytest.raises(DeviceError, match="GiB for its weights alone") as caught:
        build(plan(sizes=(1_000_000, 1_000_000), norm="none"), example=(10,), outputs=2)
    assert "dense2.weight of (1000000, 1000000)" in caught.value.where


def test_a_plan_that_leaves_the_net_open_is_refused():
    with pytest.raises(PlanError, match="must be chosen before a net is built"):
        build(NetPlan(kind="mlp", sizes=(4,)), example=(3,), outputs=2)


def test_data_driven_weights_reach_the_net():
    batch = 50 * torch.randn(100, 7, generator=generator(3))
    net = build(plan(init="lsuv", norm="none"), example=(7,), outputs=3, generator=generator(), batch=batch)
    assert net.dense1(batch).var().item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_loss_is_log_of_the_classes(kind):
    side = {"mlp": 32, "conv": 16, "lenet": 32}[kind]
    x = 0.25 * torch.randn(100, 3, side, side, generator=generator(2))
    fields = {"sizes": (100,)} if kind == "mlp" else {"sizes": (16, 16)} if kind == "conv" else {}
    for norm in ("batch", "none"):
        net = build(plan(kind, norm=norm, **fields), example=(3, side, side), outputs=10, generator=generator())
        loss = F.cross_entropy(net(x), torch.arange(100) % 10)
        assert loss.item() == pytest.approx(math.log(10), abs=0.02)
