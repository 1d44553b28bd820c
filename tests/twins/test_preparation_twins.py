"""The preparations against slow, obvious versions in NumPy, as a textbook writes them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from netsitter.data.preparation.table import preparation, scaled_pixels


def rows(kind: str) -> np.ndarray:
    """Correlated rows: a table in float32, or 8-bit pictures (N, 3, 4, 4)."""
    rng = np.random.default_rng(3)
    x_ND = rng.normal(size=(400, 48)) @ rng.normal(size=(48, 48)) + rng.normal(size=48)
    return (
        x_ND.astype(np.float32)
        if kind == "table"
        else np.clip(100 + 9 * x_ND, 0, 255).astype(np.uint8).reshape(-1, 3, 4, 4)
    )


def twin(x: np.ndarray, spec: str, keep: int, epsilon: float) -> np.ndarray:
    """The preparation in float64, on all rows at once. epsilon in units of the mean variance of a feature."""
    x = x / 255.0 if x.dtype == np.uint8 else x.astype(np.float64)
    pictures = x.ndim == 4
    match spec:
        case "none":
            return x
        case "center":
            return x - x.mean(axis=0)
        case "channel":
            return x - x.mean(axis=(0, 2, 3), keepdims=True)
        case "standardise":
            axes = (0, 2, 3) if pictures else (0,)
            return (x - x.mean(axis=axes, keepdims=True)) / x.std(axis=axes, keepdims=True)
    flat_ND = x.reshape(len(x), -1) - x.reshape(len(x), -1).mean(axis=0)
    U_DD, var_D, _ = np.linalg.svd(flat_ND.T @ flat_ND / len(x))
    rotated_NK = flat_ND @ U_DD[:, :keep]
    if spec == "pca":
        return rotated_NK
    white_NK = rotated_NK / np.sqrt(var_D[:keep] + epsilon * var_D.mean())
    return white_NK if spec == "whiten" else (white_NK @ U_DD[:, :keep].T).reshape(x.shape)


@pytest.mark.parametrize("kind", ["table", "pictures"])
@pytest.mark.parametrize("spec", ["none", "center", "channel", "standardise", "pca:9", "whiten:9", "zca:9"])
def test_preparations_agree_with_their_twins(spec, kind):
    if spec == "channel" and kind == "table":
        return
    x = rows(kind)
    name, _, keep = spec.partition(":")
    found = preparation(spec, epsilon=0.02).fit(torch.from_numpy(x)).apply(torch.from_numpy(x)).double().numpy()
    expected = twin(x, name, int(keep or 0), 0.02)
    if name in ("pca", "whiten"):  # a direction has no sign of its own
        found, expected = np.abs(found), np.abs(expected)
    np.testing.assert_allclose(found, expected, atol=1e-4 * expected.std(), rtol=1e-4)


@pytest.mark.slow
def test_the_covariance_of_cifar10_becomes_the_identity_or_diagonal(cifar10):
    batches = [np.fromfile(cifar10 / f"data_batch_{i}.bin", dtype=np.uint8).reshape(-1, 3073) for i in (1, 2)]
    x = torch.from_numpy(np.concatenate(batches)[:, 1:].copy()).reshape(-1, 3, 32, 32)
    fitted = preparation("zca").fit(x)
    zca = fitted.then
    # The three share their directions, and these take most of the time.
    whiten = replace(zca, back=False)
    pca = replace(whiten, gain=torch.ones_like(zca.gain))
    scaled = scaled_pixels(x, fitted.pixels)
    eye_KK = torch.eye(len(zca.gain)).double()
    assert len(eye_KK) > 100
    assert (covariance(zca.apply(scaled).flatten(1) @ zca.directions) - eye_KK).abs().max() < 1e-3
    assert (covariance(whiten.apply(scaled)) - eye_KK).abs().max() < 1e-3
    cov_KK = covariance(pca.apply(scaled))
    assert (cov_KK - cov_KK.diagonal().diag()).abs().max() < 1e-5 * cov_KK[0, 0]


def covariance(y_NK: torch.Tensor) -> torch.Tensor:
    y_NK = y_NK - y_NK.mean(dim=0)
    return (y_NK.T @ y_NK).double() / len(y_NK)
