"""Preparations along the directions of largest variance: PCA, PCA-whitening and ZCA-whitening."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from netsitter.data.preparation.fitted import Fitted, Preparation, floating, like
from netsitter.data.preparation.moments import moments_of
from netsitter.errors import PlanError

SHARE = 0.99
"""Variance kept when a plan gives no number; on CIFAR-10 that is 536 of 3,072 directions."""

MOST_FEATURES = 12_288
"""Colour images of 64 x 64. Their covariance takes 1.2 GB, and its directions some minutes; both grow with the cube."""

FLAT = 1e-12
"""A direction whose variance is below this share of the largest is rounding, not data, and is never kept.

A column that float32 arithmetic made from others leaves 1e-14; the flattest real direction of CIFAR-10 has 4e-8.
"""


@dataclass(frozen=True)
class Directions(Preparation):
    """The rows along their directions of largest variance, each row a flat one of k numbers, not correlated.

    keep: k as a whole number, or the share of the variance that the kept directions hold, above 0 and up to 1.0.
    scale: none leaves each direction its variance (PCA); pca makes all variances 1 (whitening); zca turns the whitened
    rows back into the features they came from, so that a whitened image is still an image.
    epsilon: added to each direction's variance before dividing by its root, in units of the mean variance of a
    feature: it then means the same for pixels of 0..1 and of 0..255, and what books write where features have spread 1.
    """

    keep: float | int = SHARE
    scale: Literal["none", "pca", "zca"] = "none"
    epsilon: float = 1e-5

    def fit(self, x: Tensor | Iterable[Tensor]) -> Rotated:
        if isinstance(x, Tensor):
            _refuse_wide(tuple(x.shape[1:]))
        moments = moments_of(_watched(x), covariance=True)
        assert moments.covariance is not None
        var_D, directions_DD = torch.linalg.eigh(moments.covariance)
        var_D, directions_DD = var_D.flip(0).clamp_min(0.0), directions_DD.flip(1)
        kept = self._kept(var_D, moments.rows)
        var_K, directions_DK = var_D[:kept], _signed(directions_DD[:, :kept])
        softened_K = var_K + self.epsilon * var_D.mean()
        if self.scale == "none":
            gain_K = torch.ones_like(var_K)
        else:
            gain_K = torch.where(softened_K > 0, softened_K.rsqrt(), 1.0)
        return Rotated(
            moments.example,
            mean=moments.mean,
            directions=directions_DK.to(torch.float32),
            gain=gain_K,
            share=float(var_K.sum() / var_D.sum()) if var_D.sum() > 0 else 1.0,
            back=self.scale == "zca",
        )

    def _kept(self, var_D: Tensor, rows: int) -> int:
        """How many directions are kept: one at least, and none that is only rounding."""
        features = len(var_D)
        if isinstance(self.keep, int):
            if self.keep > features:
                raise PlanError(
                    f"{self.keep:,} directions were asked for; the data has {features:,} features",
                    code="P61",
                    where="data.prepare",
                    allowed=f"from 1 to {features:,}",
                )
            wanted = self.keep
        else:
            held_D = var_D.cumsum(0)
            wanted = int((held_D < self.keep * held_D[-1]).sum()) + 1
        real = int((var_D > FLAT * var_D[0]).sum())
        return max(1, min(wanted, real, rows - 1))


@dataclass(frozen=True, eq=False)
class Rotated(Fitted):
    """(x - mean) @ directions * gain, and for `back` turned back by directions.T.

    mean: of the shape of one row, float64. directions: (D, k), orthonormal, float32. gain: (k,), float64.
    share: of the variance of the rows it was fitted on, held by the kept directions.
    """

    kind: ClassVar[str] = "rotated"
    mean: Tensor
    directions: Tensor
    gain: Tensor
    share: float
    back: bool

    @property
    def prepared_example(self) -> tuple[int, ...]:
        return self.example if self.back else (len(self.gain),)

    def apply(self, x: Tensor) -> Tensor:
        x = floating(x, self.example)
        directions = like(self.directions, x)
        y = (x - like(self.mean, x)).reshape(len(x), -1) @ directions * like(self.gain, x)
        return (y @ directions.T).reshape(x.shape) if self.back else y

    def undo(self, y: Tensor) -> Tensor:
        y = floating(y, self.prepared_example)
        directions = like(self.directions, y)
        x = y.reshape(len(y), -1) @ directions if self.back else y
        x = (x / like(self.gain, y)) @ directions.T
        return x.reshape(len(y), *self.example) + like(self.mean, y)

    def arrays(self) -> dict[str, Tensor]:
        return {"mean": self.mean, "directions": self.directions, "gain": self.gain}

    def config(self) -> dict[str, Any]:
        return {"kind": self.kind, "example": list(self.example), "share": self.share, "back": self.back}

    @classmethod
    def restore(cls, config: dict[str, Any], arrays: dict[str, Tensor]) -> Rotated:
        example, share, back = tuple(config["example"]), float(config["share"]), config["back"]
        mean, directions, gain = arrays["mean"], arrays["directions"], arrays["gain"]
        if mean.shape != example or directions.shape != (prod(example), gain.numel()) or gain.ndim != 1:
            raise ValueError(f"directions of shape {tuple(directions.shape)} do not fit rows of shape {example}")
        return cls(example, mean, directions, gain, share, bool(back))


def _watched(x: Tensor | Iterable[Tensor]) -> Tensor | Iterable[Tensor]:
    """The same rows; wide ones are refused before their covariance is made."""
    if isinstance(x, Tensor):
        return x

    def seen() -> Iterable[Tensor]:
        for chunk in x:
            _refuse_wide(tuple(chunk.shape[1:]))
            yield chunk

    return seen()


def _refuse_wide(example: tuple[int, ...]) -> None:
    if prod(example) > MOST_FEATURES:
        raise PlanError(
            f"PCA and whitening need the covariance of all features; rows of shape {example} have {prod(example):,}",
            code="P62",
            where="data.prepare",
            allowed=f"up to {MOST_FEATURES:,} features: memory grows with their square, time with their cube",
            fix="data.prepare = 'center', or smaller images: data.resize = '64x64'",
        )


def _signed(directions_DK: Tensor) -> Tensor:
    """Each direction with its largest part positive: eigenvectors have no sign of their own, and libraries differ."""
    largest_1K = directions_DK.abs().argmax(dim=0, keepdim=True)
    return directions_DK * torch.where(directions_DK.gather(0, largest_1K) < 0, -1.0, 1.0)
