"""Maxout: the formula, written out."""

from __future__ import annotations

import torch
from torch.testing import assert_close

from netsitter.nn.maxout import Maxout


def test_it_is_the_larger_of_two_linear_functions():
    layer = torch.nn.Linear(4, 6)
    x_BD = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    w, b = layer.weight, layer.bias
    first = x_BD @ w[0::2].T + b[0::2]
    second = x_BD @ w[1::2].T + b[1::2]
    assert_close(Maxout()(layer(x_BD)), torch.maximum(first, second))


def test_a_convolutions_channels_compete_at_each_place_by_itself():
    x = torch.zeros(1, 4, 1, 2)
    x[0, :, 0, 0] = torch.tensor([1.0, 2.0, -4.0, -3.0])
    x[0, :, 0, 1] = torch.tensor([5.0, 0.0, -1.0, -2.0])
    assert Maxout(2)(x).tolist() == [[[[2.0, 5.0]], [[-3.0, -1.0]]]]
