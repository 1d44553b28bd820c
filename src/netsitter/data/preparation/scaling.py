"""Preparations that shift and scale each feature by itself: none, center, channel, standardise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from netsitter.data.preparation.fitted import Fitted, Preparation, chunks_of, floating, like
from netsitter.data.preparation.moments import Moments, moments_of
from netsitter.errors import DataError, PlanError


@dataclass(frozen=True)
class Unprepared(Preparation):
    """The values as they come."""

    def fit(self, x: Tensor | Iterable[Tensor]) -> Unchanged:
        for chunk in chunks_of(x):
            if len(chunk):
                return Unchanged(tuple(chunk.shape[1:]))
        raise DataError("there is no row to fit a preparation on", code="D82", fix="keep a larger training part")


@dataclass(frozen=True)
class Center(Preparation):
    """Each feature's mean is subtracted: of images, the mean image of shape (C, Y, X)."""

    def fit(self, x: Tensor | Iterable[Tensor]) -> Scaled:
        moments = moments_of(x)
        return Scaled(moments.example, moments.mean, None)


@dataclass(frozen=True)
class Channel(Preparation):
    """Each channel's mean, one number for all its pixels, is subtracted. Images only."""

    def fit(self, x: Tensor | Iterable[Tensor]) -> Scaled:
        moments = moments_of(x)
        if len(moments.example) != 3:
            raise PlanError(
                f"data.prepare = 'channel' is for images; the rows have shape {moments.example}",
                code="P60",
                allowed="rows of shape (C, Y, X)",
                fix="data.prepare = 'center' subtracts one mean a feature",
            )
        mean, _ = _by_channel(moments)
        return Scaled(moments.example, mean, None)


@dataclass(frozen=True)
class Standardise(Preparation):
    """Each feature gets mean 0 and spread 1; of images, each channel, with one mean and one spread for all its pixels.

    A feature that never changes becomes 0: it is divided by 1 and not by its spread.
    """

    def fit(self, x: Tensor | Iterable[Tensor]) -> Scaled:
        moments = moments_of(x)
        mean, var = _by_channel(moments) if len(moments.example) == 3 else (moments.mean, moments.var)
        return Scaled(moments.example, mean, torch.where(var > 0, var.sqrt(), 1.0))


@dataclass(frozen=True)
class Unchanged(Fitted):
    """Rows as they come, in floating point."""

    kind: ClassVar[str] = "unchanged"

    def apply(self, x: Tensor) -> Tensor:
        return floating(x, self.example)

    def undo(self, y: Tensor) -> Tensor:
        return floating(y, self.example)

    def arrays(self) -> dict[str, Tensor]:
        return {}

    def config(self) -> dict[str, Any]:
        return {"kind": self.kind, "example": list(self.example)}

    @classmethod
    def restore(cls, config: dict[str, Any], arrays: dict[str, Tensor]) -> Unchanged:
        return cls(tuple(config["example"]))


@dataclass(frozen=True)
class Tokens(Unchanged):
    """Whole numbers as they come, which an embedding looks up."""

    kind: ClassVar[str] = "tokens"

    def apply(self, x: Tensor) -> Tensor:
        return x

    def undo(self, y: Tensor) -> Tensor:
        return y


@dataclass(frozen=True, eq=False)
class Scaled(Fitted):
    """(x - shift) / scale.

    shift, scale: float64, of the shape of one row, or (C, 1, 1) for one number a channel; scale may be None for 1.
    """

    kind: ClassVar[str] = "scaled"
    shift: Tensor
    scale: Tensor | None

    def apply(self, x: Tensor) -> Tensor:
        x = floating(x, self.example)
        y = x - like(self.shift, x)
        return y if self.scale is None else y.div_(like(self.scale, x))

    def undo(self, y: Tensor) -> Tensor:
        y = floating(y, self.example)
        x = y if self.scale is None else y * like(self.scale, y)
        return x + like(self.shift, y)

    def arrays(self) -> dict[str, Tensor]:
        return {"shift": self.shift} if self.scale is None else {"shift": self.shift, "scale": self.scale}

    def config(self) -> dict[str, Any]:
        return {"kind": self.kind, "example": list(self.example)}

    @classmethod
    def restore(cls, config: dict[str, Any], arrays: dict[str, Tensor]) -> Scaled:
        example, shift, scale = tuple(config["example"]), arrays["shift"], arrays.get("scale")
        for array in (shift, shift if scale is None else scale):
            if tuple(array.shape) not in (example, (*example[:1], 1, 1)) or array.shape != shift.shape:
                raise ValueError(f"an array of shape {tuple(array.shape)} does not fit rows of shape {example}")
        return cls(example, shift, scale)


def _by_channel(moments: Moments) -> tuple[Tensor, Tensor]:
    """Mean and variance of each channel over rows and pixels, as (C, 1, 1): from the pixels' own, with nothing lost."""
    mean = moments.mean.mean(dim=(1, 2), keepdim=True)
    var = (moments.var + (moments.mean - mean).square()).mean(dim=(1, 2), keepdim=True)
    constant = moments.low.amin(dim=(1, 2), keepdim=True) == moments.high.amax(dim=(1, 2), keepdim=True)
    return mean, torch.where(constant, 0.0, var)
