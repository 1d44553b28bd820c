"""What a network could answer is seen from what it does, whatever its layers are called and in whatever order made."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from netsitter.train.start.cannot import CannotMeasure
from netsitter.train.start.outputs import outputs_of

X = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))


def ending(*out: nn.Module, units: int = 3) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, units), *out)


@pytest.mark.parametrize(
    ("out", "reach"),
    [
        ((), (-math.inf, math.inf)),
        ((nn.ReLU(),), (0.0, math.inf)),
        ((nn.Sigmoid(),), (0.0, 1.0)),
        ((nn.Tanh(),), (-1.0, 1.0)),
        ((nn.Softmax(dim=1),), (0.0, 1.0)),
        ((nn.LogSoftmax(dim=1),), (-math.inf, 0.0)),
        ((nn.Hardtanh(-2.0, 5.0),), (-2.0, 5.0)),
    ],
)
def test_the_reach_is_the_range_of_the_last_activation(out, reach):
    found = outputs_of(ending(*out), X)
    assert found.reach == pytest.approx(reach, abs=1e-4)
    assert found.simplex == any(isinstance(part, nn.Softmax) for part in out)
    assert found.log_simplex == any(isinstance(part, nn.LogSoftmax) for part in out)


def test_a_sigmoid_for_each_of_several_labels_is_no_simplex():
    assert not outputs_of(ending(nn.Sigmoid()), X).simplex


def test_figures_at_the_start_are_those_of_a_plain_pass():
    net = ending()
    out = net(X).detach()
    found = outputs_of(net, X)
    assert (found.rows, found.shape) == (64, (64, 3))
    assert (found.low, found.high) == (float(out.min()), float(out.max()))
    assert found.spread == pytest.approx(float(out.std(dim=0, correction=0).mean()), rel=1e-5)
    assert found.row_sum == pytest.approx((float(out.sum(dim=1).min()), float(out.sum(dim=1).max())), rel=1e-5)


class HeadFirst(nn.Module):
    """Its head is made first, and other layers last: one that is bounded, and one that is never called."""

    def __init__(self, *, frozen: bool = False) -> None:
        super().__init__()
        self.head = nn.Linear(8, 3)
        self.body = nn.Sequential(nn.Linear(5, 8), nn.LayerNorm(8), nn.Tanh())
        self.idle = nn.Linear(9, 9)
        self.requires_grad_(not frozen)

    def forward(self, x_BD: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x_BD))


@pytest.mark.parametrize("frozen", [False, True])
def test_the_layer_that_is_called_last_is_turned_and_not_the_one_made_last(frozen):
    net = HeadFirst(frozen=frozen)
    assert outputs_of(net, X).reach == (-math.inf, math.inf)
    assert all(p.requires_grad is not frozen and p.grad is None for p in net.parameters())


def test_where_no_gradient_finds_its_way_back_the_order_of_making_has_to_do():
    class Cut(nn.Sequential):
        def forward(self, x_BD: torch.Tensor) -> torch.Tensor:
            return super().forward(x_BD).detach()

    assert outputs_of(Cut(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3)), X).reach == (-math.inf, math.inf)


def test_the_network_is_left_as_it_was():
    net = ending(nn.BatchNorm1d(3))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    outputs_of(net, X)
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_an_answer_that_is_no_tensor_cannot_be_measured():
    class Pair(nn.Linear):
        def forward(self, x_BD: torch.Tensor) -> tuple:
            return super().forward(x_BD), x_BD

    with pytest.raises(CannotMeasure, match="tensor"):
        outputs_of(Pair(5, 3), X)
