"""The preparations by name, with pixel scaling before them, and their way back from a saved model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from netsitter.data.preparation.fitted import Fitted, Preparation, chunks_of
from netsitter.data.preparation.scaling import Center, Channel, Scaled, Standardise, Tokens, Unchanged, Unprepared
from netsitter.data.preparation.whitening import SHARE, Directions, Rotated
from netsitter.errors import PlanError, RunError, closest, shown

Pixels = Literal["0..1", "0..255"]
PIXELS: dict[str, float] = {"0..1": 255.0, "0..255": 1.0}
"""What 8-bit pixels are divided by."""


@dataclass(frozen=True)
class Entry:
    """One preparation of the table.

    make: from what is kept and epsilon, the preparation.
    keeps: whether a number may follow the name, as in "pca:0.95".
    images: whether rows must be images.
    """

    says: str
    make: Callable[[float | int, float], Preparation]
    keeps: bool = False
    images: bool = False


PREPARATIONS: dict[str, Entry] = {
    "none": Entry(
        "values as they come",
        lambda keep, epsilon: Unprepared(),
    ),
    "center": Entry(
        "subtracts each feature's mean; of images, the mean image",
        lambda keep, epsilon: Center(),
    ),
    "channel": Entry(
        "subtracts each channel's mean",
        lambda keep, epsilon: Channel(),
        images=True,
    ),
    "standardise": Entry(
        "mean 0 and spread 1 for each feature; of images, for each channel",
        lambda keep, epsilon: Standardise(),
    ),
    "pca": Entry(
        "turns onto the directions of largest variance",
        lambda keep, epsilon: Directions(keep),
        keeps=True,
    ),
    "whiten": Entry(
        "turns onto those directions and gives each spread 1",
        lambda keep, epsilon: Directions(keep, "pca", epsilon),
        keeps=True,
    ),
    "zca": Entry(
        "whitens and turns back: a whitened image is an image",
        lambda keep, epsilon: Directions(keep, "zca", epsilon),
        keeps=True,
    ),
}


def preparation(spec: str | Preparation, *, pixels: Pixels = "0..1", epsilon: float = 1e-5) -> Preparation:
    """The preparation of this name, behind the scaling of 8-bit pixels.

    spec: a name of PREPARATIONS, with what is kept where it keeps a part: "zca:0.95" keeps 95 % of the variance,
    "pca:50" fifty directions, "pca:1.0" all of them; 0.99 when nothing is said. Or a preparation of your own.
    pixels: "0..1" divides 8-bit pixels by 255, "0..255" leaves them; floating point is left in either case.
    epsilon: see `Directions`.
    Raises PlanError for what is none.

    >>> fitted = preparation("center").fit(torch.tensor([[0], [255]], dtype=torch.uint8))
    >>> fitted.apply(torch.tensor([[255]], dtype=torch.uint8))
    tensor([[0.5000]])
    """
    if pixels not in PIXELS:
        raise PlanError(f"data.pixels must be one of {', '.join(PIXELS)}; got {shown(pixels)}", code="P63")
    if isinstance(spec, Preparation):
        return WithPixels(pixels, spec)
    name, colon, number = spec.partition(":")
    entry = PREPARATIONS.get(name)
    if entry is None:
        raise PlanError(
            f"data.prepare must be a known preparation; got {shown(spec)}.{closest(name, PREPARATIONS)}",
            code="P64",
            allowed=", ".join(name + ":SHARE" * entry.keeps for name, entry in PREPARATIONS.items()),
        )
    if colon and not entry.keeps:
        raise PlanError(
            f"data.prepare = {name!r} takes no number; got {shown(spec)}", code="P64", fix=f"data.prepare = {name!r}"
        )
    return WithPixels(pixels, entry.make(_kept(number, spec) if colon else SHARE, epsilon))


@dataclass(frozen=True)
class WithPixels(Preparation):
    """A preparation behind the scaling of 8-bit pixels."""

    pixels: Pixels
    then: Preparation

    def fit(self, x: Tensor | Iterable[Tensor]) -> Prepared:
        fitted = self.then.fit(scaled_pixels(chunk, self.pixels) for chunk in chunks_of(x))
        return Prepared(fitted.example, self.pixels, fitted)


@dataclass(frozen=True)
class Prepared(Fitted):
    """8-bit pixels scaled, then prepared. `undo` gives back the scaled pixels, in floating point."""

    kind: ClassVar[str] = "prepared"
    pixels: Pixels
    then: Fitted

    @property
    def prepared_example(self) -> tuple[int, ...]:
        return self.then.prepared_example

    def apply(self, x: Tensor) -> Tensor:
        return self.then.apply(scaled_pixels(x, self.pixels))

    def undo(self, y: Tensor) -> Tensor:
        return self.then.undo(y)

    def arrays(self) -> dict[str, Tensor]:
        return self.then.arrays()

    def config(self) -> dict[str, Any]:
        return {"pixels": self.pixels, **self.then.config()}

    @classmethod
    def restore(cls, config: dict[str, Any], arrays: dict[str, Tensor]) -> Prepared:
        then = FITTED[config["kind"]].restore(config, arrays)
        if config["pixels"] not in PIXELS:
            raise ValueError(f"unknown pixels {shown(config['pixels'])}")
        return cls(then.example, config["pixels"], then)


FITTED: dict[str, type[Fitted]] = {fitted.kind: fitted for fitted in (Unchanged, Tokens, Scaled, Rotated)}


def restore(config: dict[str, Any], arrays: dict[str, Tensor]) -> Fitted:
    """The equal of the fitted preparation that gave `config()` and `arrays()`. Raises RunError for what none gave."""
    try:
        return (Prepared if "pixels" in config else FITTED[config["kind"]]).restore(config, arrays)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise RunError(
            f"the model's preparation cannot be read: {error}",
            code="S60",
            fix="the model file was changed or cut; take a whole copy",
        ) from error


def scaled_pixels(x: Tensor, pixels: Pixels) -> Tensor:
    """8-bit pixels as float32, divided by what `pixels` says; anything else as it is."""
    if x.dtype != torch.uint8:
        return x
    divisor = PIXELS[pixels]
    return x.to(torch.float32) if divisor == 1.0 else x.to(torch.float32).div_(divisor)


def _kept(number: str, spec: str) -> float | int:
    """A whole number as directions, any other as a share."""
    try:
        kept = int(number) if number.strip().isdecimal() else float(number)
    except ValueError:
        kept = 0
    if isinstance(kept, int) and kept >= 1:
        return kept
    if isinstance(kept, float) and 0.0 < kept <= 1.0:
        return kept
    raise PlanError(
        f"data.prepare = {shown(spec)} does not say what is kept",
        code="P65",
        allowed="a share of the variance, above 0 and up to 1.0, as pca:0.95, or how many directions, as pca:50",
    )
