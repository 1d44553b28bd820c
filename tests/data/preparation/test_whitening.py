"""PCA and whitening: what the covariance becomes, how much is kept, and the worst cases."""

from __future__ import annotations

import pytest
import torch

from netsitter.data.preparation import whitening
from netsitter.data.preparation.table import preparation
from netsitter.data.preparation.whitening import Directions
from netsitter.errors import PlanError


def mixed(rows: int = 2_000, features: int = 12, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Correlated features whose directions have variances over four decades."""
    generator = torch.Generator().manual_seed(1)
    turn_DD = torch.linalg.qr(torch.randn(features, features, generator=generator, dtype=torch.float64))[0]
    spread_D = torch.logspace(1, -1, features, dtype=torch.float64)
    return (torch.randn(rows, features, generator=generator, dtype=torch.float64) * spread_D @ turn_DD + 7).to(dtype)


def covariance(x: torch.Tensor) -> torch.Tensor:
    x_ND = x.double().flatten(1)
    return (x_ND - x_ND.mean(0)).T @ (x_ND - x_ND.mean(0)) / len(x_ND)


def test_pca_leaves_no_correlation_and_sorts_by_variance():
    x_ND = mixed()
    cov_KK = covariance(Directions(1.0).fit(x_ND).apply(x_ND))
    var_K = cov_KK.diagonal()
    assert (cov_KK - var_K.diag()).abs().max() < 1e-6 * var_K[0]
    assert torch.all(var_K[1:] <= var_K[:-1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_whitened_rows_have_the_identity_as_covariance(dtype):
    x_ND = mixed(dtype=dtype)
    cov_KK = covariance(preparation("whiten").fit(x_ND).apply(x_ND))
    assert (cov_KK - torch.eye(len(cov_KK))).abs().max() < 1e-3


def test_zca_with_all_directions_has_the_identity_as_covariance_and_turns_rows_as_little_as_it_can():
    x_ND = mixed()
    fitted = Directions(1.0, "zca", epsilon=0.0).fit(x_ND)
    assert (covariance(fitted.apply(x_ND)) - torch.eye(12)).abs().max() < 1e-5
    # The nearest of all whitenings: the matrix is symmetric.
    matrix_DD = fitted.apply(torch.eye(12).double()) - fitted.apply(torch.zeros(1, 12).double())
    torch.testing.assert_close(matrix_DD, matrix_DD.T, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99, 0.999])
def test_the_fewest_directions_that_hold_the_share_are_kept(share):
    x_ND = mixed()
    var_D = torch.linalg.eigvalsh(covariance(x_ND)).flip(0)
    fitted = Directions(share).fit(x_ND)
    (kept,) = fitted.prepared_example
    held = var_D[:kept].sum() / var_D.sum()
    assert held >= share > var_D[: kept - 1].sum() / var_D.sum()
    assert fitted.share == pytest.approx(float(held))


def test_epsilon_is_counted_in_the_mean_variance_so_the_scale_of_pixels_does_not_matter():
    pixels = (mixed() * 8 + 100).clamp(0, 255).to(torch.uint8)
    small, large = (preparation("whiten", pixels=p, epsilon=0.01).fit(pixels) for p in ("0..1", "0..255"))
    torch.testing.assert_close(small.apply(pixels), large.apply(pixels), atol=1e-4, rtol=1e-4)
    var_D = torch.linalg.eigvalsh(covariance(pixels)).flip(0)
    softened_K = (var_D / (var_D + 0.01 * var_D.mean()))[: len(small.arrays()["gain"])]
    torch.testing.assert_close(covariance(small.apply(pixels)).diagonal(), softened_K, atol=1e-4, rtol=0)


def test_directions_that_are_only_rounding_are_not_kept():
    x_ND = mixed(features=4)
    x_ND = torch.cat([x_ND, x_ND @ torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).double()], dim=1)
    y_NK = Directions(1.0, "pca").fit(x_ND).apply(x_ND)
    assert y_NK.shape[1] == 4
    assert y_NK.abs().max() < 10


def test_fewer_rows_than_features_give_at_most_one_direction_less_than_rows():
    x_ND = mixed(rows=6, features=12)
    y_NK = Directions(1.0, "pca", epsilon=0.0).fit(x_ND).apply(x_ND)
    assert y_NK.shape == (6, 5)
    torch.testing.assert_close(covariance(y_NK), torch.eye(5).double(), atol=1e-4, rtol=0)


def test_each_direction_points_to_where_its_largest_part_is_positive():
    directions_DK = Directions(1.0).fit(mixed()).directions
    largest_K = directions_DK.gather(0, directions_DK.abs().argmax(0, keepdim=True))
    assert torch.all(largest_K > 0)


def test_more_directions_than_features_are_refused():
    with pytest.raises(PlanError, match="13 directions were asked for; the data has 12 features"):
        preparation("pca:13").fit(mixed())


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: iter([x])])
def test_too_many_features_are_refused_before_their_covariance_is_made(wrap, monkeypatch):
    monkeypatch.setattr(whitening, "MOST_FEATURES", 11)
    with pytest.raises(PlanError, match=r"rows of shape \(12,\) have 12"):
        preparation("zca").fit(wrap(mixed()))
