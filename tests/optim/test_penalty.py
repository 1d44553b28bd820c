"""The L2 penalty and what it counts."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from netsitter.optim.penalty import add_l2, decayed_names, penalty


class OddNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, 3, 1, 1))


class Own(nn.LayerNorm):
    """A norm layer by its family, not by its name."""


class NormedDense(nn.Linear):
    """No norm layer, for all its name."""


def test_weights_are_counted_and_biases_and_norms_are_not():
    net = nn.Sequential(
        nn.Conv2d(3, 3, 3),
        nn.BatchNorm2d(3),
        OddNorm(),
        nn.PReLU(),
        nn.LayerNorm((3, 4, 4)),
        Own((3, 4, 4)),
        nn.Flatten(),
        NormedDense(48, 2),
    )
    assert decayed_names(net) == ("0.weight", "7.weight")


def test_attention_and_recurrent_layers_have_their_weights_counted():
    attention = nn.MultiheadAttention(4, 2, add_bias_kv=True)
    assert decayed_names(attention) == ("in_proj_weight", "out_proj.weight")
    assert decayed_names(nn.LSTM(2, 3)) == ("weight_ih_l0", "weight_hh_l0")


def test_frozen_weights_are_not_counted():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[0].weight.requires_grad_(False)
    assert decayed_names(net) == ("1.weight",)


def test_a_parameter_of_the_module_itself_is_found():
    assert decayed_names(nn.Linear(2, 2)) == ("weight",)


def test_tied_weights_are_counted_once():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert decayed_names(net) == ("0.weight",)


def test_the_penalty_is_half_l2_times_the_sum_of_squares():
    params = {"a": torch.tensor([[1.0, 2.0]]), "b": torch.tensor([[3.0]]), "bias": torch.tensor([100.0])}
    assert penalty(params, 0.1, ["a", "b"]).item() == pytest.approx(0.5 * 0.1 * 14)


def test_the_penalty_over_nothing_is_zero():
    assert penalty({"a": torch.ones(2)}, 5.0, []).item() == 0.0


@pytest.mark.parametrize("l2", [0.3, torch.tensor([[0.3]], dtype=torch.float64)], ids=["plain", "tensor"])
def test_what_is_added_is_the_gradient_of_the_penalty(l2):
    params = {"a": torch.randn(3, 2, generator=torch.Generator().manual_seed(0)).requires_grad_(), "b": torch.ones(2)}
    (slope,) = torch.autograd.grad(penalty(params, 0.3, ["a"]), params["a"])
    grads = {"a": torch.ones(3, 2), "b": torch.ones(2)}
    add_l2(params, grads, l2, ["a"])
    assert_close(grads["a"], 1 + slope)
    assert torch.equal(grads["b"], torch.ones(2))
    assert grads["a"].dtype == torch.float32


def test_no_gradient_tensor_is_written_into():
    shared = torch.ones(2)
    grads = {"a": shared, "b": shared}
    add_l2({"a": torch.ones(2), "b": torch.zeros(2)}, grads, 1.0, ["a", "b"])
    assert torch.equal(shared, torch.ones(2))
    assert grads["a"].tolist() == [2, 2]
    assert grads["b"].tolist() == [1, 1]


def test_trials_may_differ_in_l2():
    params = {"a": torch.ones(2, 3)}
    l2_T = torch.tensor([0.0, 2.0])
    assert torch.vmap(lambda params, l2: penalty(params, l2, ["a"]))(params, l2_T).tolist() == [0.0, 3.0]
