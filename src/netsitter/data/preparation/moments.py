"""`Moments`: mean, spread, range and covariance of rows, gathered chunk by chunk in float64."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from netsitter.data.preparation.fitted import chunks_of
from netsitter.errors import DataError


@dataclass(frozen=True)
class Moments:
    """Rows as numbers. All tensors are float64, on the device of the rows where that knows float64.

    rows: how many. example: shape of one. mean, var, low, high: of that shape. A variance is the mean squared
    distance from the mean, over N and not N - 1, and exactly 0 where all values are equal.
    covariance: (D, D) over the flattened features, or None.
    """

    rows: int
    example: tuple[int, ...]
    mean: Tensor
    var: Tensor
    low: Tensor
    high: Tensor
    covariance: Tensor | None = None


def moments_of(x: Tensor | Iterable[Tensor], *, covariance: bool = False) -> Moments:
    """The moments of rows (N, *example), or of an iterable of such chunks, in one pass.

    Each chunk is centred by its own mean before anything is squared, and chunks are merged by their means, so that
    a mean far from 0 costs no digits.
    Raises DataError when there is no row, rows differ in shape, or a number is not finite.
    Source: Chan, Golub & LeVeque (1979), Updating formulae and a pairwise algorithm for computing sample variances.
    """
    rows, example = 0, ()
    mean = scatter = low = high = torch.zeros(0)
    for chunk in chunks_of(x):
        if len(chunk) == 0:
            continue
        x_BD = _float64(chunk).flatten(1) if chunk.ndim > 1 else _float64(chunk)[:, None]
        mean_D = x_BD.mean(dim=0)
        low_D, high_D = x_BD.aminmax(dim=0)
        x_BD = x_BD - mean_D
        scatter_now = x_BD.T @ x_BD if covariance else x_BD.square_().sum(dim=0)
        if rows == 0:
            rows, example = len(chunk), tuple(chunk.shape[1:])
            mean, scatter, low, high = mean_D, scatter_now, low_D, high_D
            continue
        if tuple(chunk.shape[1:]) != example:
            raise DataError(f"rows differ in shape: {example} and {tuple(chunk.shape[1:])}", code="D81")
        total = rows + len(chunk)
        away_D = mean_D - mean
        weight = rows * (len(chunk) / total)
        scatter += scatter_now
        scatter += torch.outer(away_D, away_D) * weight if covariance else away_D.square() * weight
        mean = mean + away_D * (len(chunk) / total)
        low, high, rows = torch.minimum(low, low_D), torch.maximum(high, high_D), total
    if rows == 0:
        raise DataError("there is no row to fit a preparation on", code="D82", fix="keep a larger training part")
    _refuse_non_finite(mean)
    cov = scatter / rows if covariance else None
    var = torch.where(low == high, 0.0, cov.diagonal() if cov is not None else scatter / rows)
    return Moments(rows, example, *(a.reshape(example) for a in (mean, var, low, high)), covariance=cov)


def _float64(x: Tensor) -> Tensor:
    return x.cpu().to(torch.float64) if x.device.type == "mps" else x.to(torch.float64)


def _refuse_non_finite(mean_D: Tensor) -> None:
    bad = torch.nonzero(~torch.isfinite(mean_D)).flatten().tolist()
    if bad:
        raise DataError(
            f"{len(bad):,} of {len(mean_D):,} features hold a value that is not a finite number",
            code="D83",
            where="features " + ", ".join(str(d) for d in bad[:5]) + (", …" if len(bad) > 5 else ""),
            allowed="finite numbers: a mean over NaN or inf is none",
            fix="fill or drop those values before training",
        )
