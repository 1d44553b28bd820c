"""One thing is changed, and the effect has the value that it must have."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netsitter.train.start.wiring import wiring_of

X = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))
Y = X[:, :3].argmax(dim=1)


def net_of(*parts: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 8), *parts, nn.Linear(8, 3))


class Lambda(nn.Module):
    def __init__(self, work) -> None:
        super().__init__()
        self.work, self.last = work, nn.Linear(5, 3)

    def forward(self, x_BD: Tensor) -> Tensor:
        return self.work(self.last, x_BD)


def test_a_step_against_the_gradient_lowers_the_loss_by_a_thousandth_and_one_of_a_turned_loss_too():
    assert wiring_of(net_of(nn.Tanh()), X, Y, F.cross_entropy).step_down == pytest.approx(-1e-3, rel=0.05)


def test_a_gradient_with_its_sign_turned_raises_the_loss():
    class Turned(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            return -grad

    wrong = Lambda(lambda last, x: Turned.apply(last(x)))
    assert wiring_of(wrong, X, Y, F.cross_entropy).step_down > 0


def test_rows_are_kept_apart_unless_something_mixes_them():
    assert wiring_of(net_of(nn.ReLU(), nn.BatchNorm1d(8)), X, Y, F.cross_entropy).other_rows < 1e-5
    mixed = Lambda(lambda last, x: last(x) - last(x).mean(dim=0))
    assert wiring_of(mixed, X, Y, F.cross_entropy).other_rows > 0.05
    softmax = Lambda(lambda last, x: last(x).softmax(dim=0))
    assert wiring_of(softmax, X, Y, F.cross_entropy).other_rows > 0.05


@pytest.mark.parametrize(
    ("parts", "linear"), [((), True), ((nn.Linear(8, 8),), True), ((nn.Dropout(0.5),), True), ((nn.ReLU(),), False)]
)
def test_a_map_without_a_bend_is_linear(parts, linear):
    assert wiring_of(net_of(*parts), X, Y, F.cross_entropy).linear is linear


def test_an_input_that_is_overwritten_has_no_effect():
    deaf = Lambda(lambda last, x: last(torch.zeros_like(x)))
    facts = wiring_of(deaf, X, Y, F.cross_entropy)
    assert facts.input_effect == pytest.approx(0.0, abs=1e-6)
    assert facts.zeroed_input == pytest.approx(float(F.cross_entropy(deaf(X), Y).detach()))
    assert wiring_of(net_of(nn.ReLU()), X, Y, F.cross_entropy).input_effect > 0.1


def test_modes_lie_apart_where_dropout_or_old_statistics_make_them_so():
    assert wiring_of(net_of(nn.ReLU()), X, Y, F.cross_entropy).modes_apart == 0.0
    assert wiring_of(net_of(nn.Dropout(0.5)), X, Y, F.cross_entropy).modes_apart > 0.1


def test_what_cannot_be_tried_stays_unknown_and_the_rest_is_measured():
    def picky(outputs: Tensor, y_B: Tensor) -> Tensor:
        if outputs.dtype == torch.float64:
            raise RuntimeError("no doubles")
        return F.cross_entropy(outputs, y_B)

    facts = wiring_of(net_of(nn.ReLU()), X, Y, picky)
    assert facts.step_down is None
    assert facts.zeroed_input is not None
    assert facts.linear is False


def test_nothing_is_moved():
    net = net_of(nn.BatchNorm1d(8), nn.Dropout(0.3))
    before, chance = {name: t.clone() for name, t in net.state_dict().items()}, torch.get_rng_state()
    wiring_of(net, X, Y, F.cross_entropy)
    assert all(torch.equal(t, before[name]) for name, t in net.state_dict().items())
    assert torch.equal(torch.get_rng_state(), chance)
    assert net.training
