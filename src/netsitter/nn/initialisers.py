"""The initial weights by name: one entry each, with what it does, where it comes from, and the deed itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import Generator, Tensor

from netsitter.errors import PlanError, closest, shown
from netsitter.nn.named import named

Draw = Callable[[Tensor, float, float, Generator], object]
"""Fills a weight in place, from (weight, gain, number, generator)."""


@dataclass(frozen=True)
class Initialiser:
    """One way to draw initial weights, with its number set where it takes one.

    number, means: the number that stands behind the colon and what it is; None and "" where there is none.
    scaled: whether weights follow the size of the layer; those that do not are the same for every layer.
    data_driven: whether a batch is needed to finish what `fill` began.
    """

    name: str
    sentence: str
    source: str
    draw: Draw
    number: float | None = None
    means: str = ""
    scaled: bool = True
    data_driven: bool = False

    def fill(self, weight: Tensor, *, gain: float, generator: Generator) -> None:
        """Draw the weight in place.

        weight: (H, D) of a dense layer, (H, C, Y, X) of a convolution, on the device of the generator.
        gain: the activation's own, used by those entries that say so.
        Raises PlanError if the weight has fewer than two sides.
        """
        fan_in(weight.shape)
        with torch.no_grad():
            self.draw(weight, gain, self.number if self.number is not None else 0.0, generator)


def initialiser(wanted: str | Initialiser) -> Initialiser:
    """The initialiser of a name ("he", "normal:0.01"). Raises PlanError for an unknown name or a wrong number."""
    if isinstance(wanted, Initialiser):
        return wanted
    name, number = named(wanted, "net.init")
    entry = INITIALISERS.get(ALIASES.get(name, name))
    if entry is None:
        raise PlanError(
            f"net.init = {shown(wanted)}: no such initialiser.{closest(name, [*INITIALISERS, *ALIASES])}",
            code="P43",
            allowed=", ".join([*INITIALISERS, *ALIASES]),
            fix="net.init=he suits ReLU and its relatives",
        )
    if number is None:
        return entry
    if entry.number is None:
        raise PlanError(
            f"net.init = {shown(wanted)}: {entry.name} takes no number", code="P44", fix=f"net.init={entry.name}"
        )
    if number < 0 and entry.name != "constant":
        raise PlanError(
            f"net.init = {shown(wanted)}: {entry.means} must be 0 or more", code="P44", fix=f"net.init={entry.name}"
        )
    return replace(entry, number=number)


def fan_in(shape: torch.Size | tuple[int, ...]) -> int:
    """How many inputs one unit sums: the product of all sides but the first. Raises PlanError under two sides."""
    if len(shape) < 2:
        raise PlanError(f"a weight must have two sides or more for a fan_in; got {tuple(shape)}", code="P45")
    return max(1, prod(shape[1:]))


def fan_out(shape: torch.Size | tuple[int, ...]) -> int:
    """How many sums one input enters: the first side times the window of a convolution."""
    return max(1, shape[0] * prod(shape[2:]))


def _normal(weight: Tensor, std: float, generator: Generator) -> None:
    weight.normal_(0.0, 1.0, generator=generator).mul_(std)


def _uniform(weight: Tensor, std: float, generator: Generator) -> None:
    """Uniform with this standard deviation: the bound is √3 times as large."""
    weight.uniform_(-1.0, 1.0, generator=generator).mul_(std * 3**0.5)


def _fan_avg(weight: Tensor) -> float:
    return (fan_in(weight.shape) + fan_out(weight.shape)) / 2


def _orthogonal(weight: Tensor, gain: float, generator: Generator) -> None:
    """Rows (or columns, where there are more rows) of length `gain` at right angles."""
    rows, columns = weight.shape[0], fan_in(weight.shape)
    sides = (max(rows, columns), min(rows, columns))
    draws = torch.empty(sides, dtype=torch.float64, device=weight.device).normal_(generator=generator)
    q, r = torch.linalg.qr(draws)
    # The signs make the draw uniform over all rotations (Mezzadri 2007, arXiv:math-ph/0609050).
    q = q * torch.sign(torch.diagonal(r))
    weight.copy_((q if rows >= columns else q.T).reshape(weight.shape) * gain)


_GLOROT = "Glorot & Bengio (2010), AISTATS"
_HE = "He, Zhang, Ren & Sun (2015), arXiv:1502.01852, eq. 10"

_ALL = (
    Initialiser(
        "zeros", "all 0: every unit of a layer stays like the others", "", lambda w, g, v, r: w.zero_(), scaled=False
    ),
    Initialiser(
        "constant",
        "all the same number: every unit of a layer stays like the others",
        "",
        lambda w, g, v, r: w.fill_(v),
        number=0.01,
        means="the value",
        scaled=False,
    ),
    Initialiser(
        "normal",
        "N(0, std²), the same for every layer; 0.01 is the classic small start, which fades in deep nets",
        "",
        lambda w, g, v, r: _normal(w, v, r),
        number=0.01,
        means="the standard deviation",
        scaled=False,
    ),
    Initialiser(
        "uniform",
        "from -bound to bound, the same for every layer",
        "",
        lambda w, g, v, r: _uniform(w, v / 3**0.5, r),
        number=0.01,
        means="the bound",
        scaled=False,
    ),
    Initialiser(
        "xavier",
        "N(0, 1 / fan_in), whatever the activation: keeps signals through roughly linear units such as tanh",
        f"{_GLOROT}, in its forward form randn / sqrt(fan_in)",
        lambda w, g, v, r: _normal(w, fan_in(w.shape) ** -0.5, r),
    ),
    Initialiser(
        "xavier_avg",
        "N(0, 2 / (fan_in + fan_out)): a middle between keeping signals and keeping gradients",
        f"{_GLOROT}, eq. 12",
        lambda w, g, v, r: _normal(w, _fan_avg(w) ** -0.5, r),
    ),
    Initialiser(
        "xavier_uniform",
        "uniform with variance 2 / (fan_in + fan_out)",
        f"{_GLOROT}, eq. 16",
        lambda w, g, v, r: _uniform(w, _fan_avg(w) ** -0.5, r),
    ),
    Initialiser(
        "he",
        "N(0, gain² / fan_in) with the activation's gain, √2 for ReLU: keeps signals through half-open units",
        _HE,
        lambda w, g, v, r: _normal(w, g * fan_in(w.shape) ** -0.5, r),
    ),
    Initialiser(
        "he_uniform",
        "uniform with variance gain² / fan_in, the gain being the activation's",
        _HE,
        lambda w, g, v, r: _uniform(w, g * fan_in(w.shape) ** -0.5, r),
    ),
    Initialiser(
        "lecun",
        "N(0, 1 / fan_in), as self-normalising units ask for",
        "LeCun, Bottou, Orr & Mueller (1998), Efficient BackProp, section 4.6",
        lambda w, g, v, r: _normal(w, fan_in(w.shape) ** -0.5, r),
    ),
    Initialiser(
        "orthogonal",
        "rows at right angles, of the length of the activation's gain: keeps angles as well as sizes",
        "Saxe, McClelland & Ganguli (2014), arXiv:1312.6120",
        lambda w, g, v, r: _orthogonal(w, g, r),
    ),
    Initialiser(
        "lsuv",
        "orthogonal, then each layer scaled until its outputs on one batch have variance 1",
        "Mishkin & Matas (2016), arXiv:1511.06422",
        lambda w, g, v, r: _orthogonal(w, 1.0, r),
        data_driven=True,
    ),
)

INITIALISERS: dict[str, Initialiser] = {entry.name: entry for entry in _ALL}

ALIASES = {"glorot": "xavier_avg", "glorot_uniform": "xavier_uniform", "kaiming": "he", "msra": "he", "small": "normal"}
"""Other names under which people know them."""
