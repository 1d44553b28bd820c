"""Moments agree with NumPy's in float64, far from 0, and however the rows are cut."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from netsitter.data.preparation.moments import moments_of
from netsitter.errors import DataError


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 40), chunk=st.integers(1, 13), offset=st.sampled_from([0.0, 1e3, 1e9]), seed=st.integers(0, 99)
)
def test_moments_agree_with_numpy_however_the_rows_are_cut(rows, chunk, offset, seed):
    x_ND = np.random.default_rng(seed).normal(offset, [1.0, 0.5, 1.0], (rows, 3))
    found = moments_of(torch.from_numpy(x_ND).split(chunk), covariance=True)
    assert found.rows == rows
    np.testing.assert_allclose(found.mean, x_ND.mean(0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(x_ND.T, bias=True).reshape(3, 3), atol=1e-9 + offset * 1e-15)
    np.testing.assert_array_equal(found.low, x_ND.min(0))
    np.testing.assert_array_equal(found.high, x_ND.max(0))


def test_the_spread_of_a_constant_is_0_and_not_what_rounding_left():
    x = torch.full((1_000, 2), 0.1, dtype=torch.float64)
    assert moments_of(x.split(7)).var.tolist() == [0.0, 0.0]


def test_a_float32_column_far_from_0_keeps_its_spread():
    x_ND = 4e6 + torch.arange(4_000).reshape(-1, 1) % 2 * torch.ones(1)
    assert moments_of(x_ND.to(torch.float32)).var.item() == pytest.approx(0.25)


def test_8_bit_pixels_need_no_copy_of_all_rows():
    x = torch.randint(0, 256, (3_000, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = moments_of(x)
    assert found.example == (3, 4, 4)
    torch.testing.assert_close(found.var, x.double().var(0, correction=0))


def test_chunks_of_different_shape_are_refused():
    with pytest.raises(DataError, match="differ in shape"):
        moments_of([torch.zeros(2, 3), torch.zeros(2, 4)])
