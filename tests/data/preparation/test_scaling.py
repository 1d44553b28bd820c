"""Shifts and scales: known values, and features that never change."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from netsitter.data.preparation.scaling import Standardise


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(2, 30), scale=st.sampled_from([1e-6, 1.0, 1e6]), seed=st.integers(0, 99))
def test_standardised_features_have_mean_0_and_spread_1(rows, scale, seed):
    x_ND = scale * (5 + torch.randn(rows, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))
    y_ND = Standardise().fit(x_ND).apply(x_ND)
    torch.testing.assert_close(y_ND.mean(0), torch.zeros(4).double(), atol=1e-9, rtol=0)
    torch.testing.assert_close(y_ND.std(0, correction=0), torch.ones(4).double())


def test_standardised_pictures_have_mean_0_and_spread_1_by_channel_not_by_pixel():
    x = torch.randn(50, 2, 3, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 9.0]).reshape(2, 1, 1)
    x[:, :, 0, 0] += 3
    y = Standardise().fit(x).apply(x)
    torch.testing.assert_close(y.mean((0, 2, 3)), torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(y.std((0, 2, 3), correction=0), torch.ones(2))
    assert y[:, :, 0, 0].mean() > 1


def test_a_constant_feature_becomes_0_and_a_new_value_of_it_is_not_blown_up():
    x_ND = torch.tensor([[0.1, 1.0], [0.1, 3.0], [0.1, 2.0]])
    fitted = Standardise().fit(x_ND)
    assert fitted.apply(x_ND)[:, 0].abs().max() < 1e-7
    assert fitted.apply(torch.tensor([[1.1, 2.0]]))[0, 0].item() == 1.0


def test_a_blank_channel_becomes_0():
    x = torch.rand(5, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    x[:, 1] = 0.3
    assert Standardise().fit(x).apply(x)[:, 1].abs().max() < 1e-7


def test_seconds_since_1970_in_float64_keep_their_digits():
    x_ND = 1.7e9 + torch.arange(10, dtype=torch.float64).reshape(-1, 1)
    y_ND = Standardise().fit(x_ND).apply(x_ND)
    torch.testing.assert_close(y_ND.std(0, correction=0), torch.ones(1).double())
