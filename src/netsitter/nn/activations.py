"""The activations by name: one entry each, with its formula, where it comes from, and its gain for initial weights."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from netsitter.errors import PlanError, closest, shown
from netsitter.nn.maxout import Maxout
from netsitter.nn.named import named

NORMAL_POINTS = 200_001
"""Points of the normal distribution that gains and means are computed on; their error is then below 0.001."""


@dataclass(frozen=True)
class Activation:
    """One activation, with its number set where it takes one.

    module: makes the layer from the number.
    number, means: the number that stands behind the colon and what it is; None and "" where there is none.
    known_gain: what is multiplied to initial weights, where theory or custom fixes it; else it is computed.
    least: the smallest number allowed; `whole`: whether it must be whole.
    """

    name: str
    sentence: str
    formula: str
    source: str
    module: Callable[[float], nn.Module]
    number: float | None = None
    means: str = ""
    known_gain: Callable[[float], float] | None = None
    least: float = float("-inf")
    whole: bool = False

    def make(self) -> nn.Module:
        """A new layer of this activation."""
        return self.module(self.number if self.number is not None else 0.0)

    @property
    def pieces(self) -> int:
        """How many inputs one unit takes: 1, and more for Maxout only."""
        return int(self.number or 1) if self.name == "maxout" else 1

    @cached_property
    def gain(self) -> float:
        """What initial weights are multiplied by, so that the layer keeps the size of its input.

        Known where theory or custom fixes it (tanh 5/3, ReLU √2, SELU 1); else 1 / sqrt(E[f(z)²]) for z from N(0, 1).
        """
        if self.known_gain is not None:
            return self.known_gain(self.number if self.number is not None else 0.0)
        return computed_gain(self.make(), self.pieces)


def activation(wanted: str | Activation | nn.Module | Callable[..., object]) -> Activation:
    """The activation of a name ("relu", "leaky_relu:0.1"), of a layer, or of any function of one tensor.

    >>> activation("leaky_relu:0.1").make()
    LeakyReLU(negative_slope=0.1)

    Raises PlanError for an unknown name, and for a number that the activation does not take.
    """
    if isinstance(wanted, Activation):
        return wanted
    if not isinstance(wanted, str):
        return _own(wanted)
    name, number = named(wanted, "net.act")
    entry = ACTIVATIONS.get(name)
    if entry is None:
        raise PlanError(
            f"net.act = {shown(wanted)}: no such activation.{closest(name, ACTIVATIONS)}",
            code="P40",
            allowed=", ".join(ACTIVATIONS),
            fix="netsitter activations shows each with its formula",
        )
    return entry if number is None else _numbered(entry, number, wanted)


def computed_gain(module: nn.Module, pieces: int = 1) -> float:
    """1 / sqrt(E[f(z)²]) for z from N(0, 1), each piece drawn by itself; 1 where f is 0 or not finite.

    Behind weights of variance gain² / fan_in the pre-activations then keep their variance from layer to layer.
    """
    second_moment = float(outputs_on_normal(module, pieces).square().mean())
    return second_moment**-0.5 if 0 < second_moment < float("inf") else 1.0


def outputs_on_normal(module: nn.Module, pieces: int = 1) -> Tensor:
    """(N, 1) outputs, in float64, for inputs spread as N(0, 1): its quantiles, shuffled anew for each further piece."""
    share_N = (torch.arange(NORMAL_POINTS, dtype=torch.float64) + 0.5) / NORMAL_POINTS
    z_N = torch.special.ndtri(share_N)
    shuffle = torch.Generator().manual_seed(0)
    others = [z_N[torch.randperm(NORMAL_POINTS, generator=shuffle)] for _ in range(pieces - 1)]
    with torch.no_grad():
        return module.double()(torch.stack([z_N, *others], dim=1))


def _numbered(entry: Activation, number: float, wanted: str) -> Activation:
    if entry.number is None:
        raise PlanError(
            f"net.act = {shown(wanted)}: {entry.name} takes no number", code="P41", fix=f"net.act={entry.name}"
        )
    if number < entry.least or (entry.whole and number != int(number)):
        kind = "a whole number" if entry.whole else "a number"
        raise PlanError(
            f"net.act = {shown(wanted)}: {entry.means} must be {kind} from {entry.least:g}",
            code="P41",
            fix=f"net.act={entry.name}:{entry.number:g}",
        )
    return replace(entry, number=number)


def _own(wanted: nn.Module | Callable[..., object]) -> Activation:
    """An entry around the user's own layer, class of layers, or function."""
    if isinstance(wanted, type) and issubclass(wanted, nn.Module):
        name, module = wanted.__name__, lambda _: wanted()
    elif isinstance(wanted, nn.Module):
        name, module = type(wanted).__name__, lambda _: deepcopy(wanted)
    elif callable(wanted):
        name, module = getattr(wanted, "__name__", "function"), lambda _: Function(wanted)
    else:
        raise PlanError(f"net.act must be a name, a layer or a function; got {shown(wanted)}", code="P40")
    return Activation(name, "your own", "", "", module)


class Function(nn.Module):
    """A function of one tensor as a layer."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> object:
        return self.function(x)


def _leaky_gain(slope: float) -> float:
    return (2 / (1 + slope**2)) ** 0.5


_ALL = (
    Activation(
        "relu",
        "passes what is positive and nothing else; the first choice",
        "max(0, z)",
        "Nair & Hinton (2010), ICML",
        lambda _: nn.ReLU(),
        known_gain=lambda _: 2**0.5,
    ),
    Activation(
        "leaky_relu",
        "a ReLU that lets a little of the negative side through, so that no unit dies",
        "max(slope * z, z)",
        "Maas, Hannun & Ng (2013), ICML workshop",
        lambda slope: nn.LeakyReLU(slope),
        number=0.01,
        means="the slope",
        known_gain=_leaky_gain,
    ),
    Activation(
        "prelu",
        "a leaky ReLU whose slope is learned, one for the layer, from 0.25",
        "max(a * z, z), a learned",
        "He, Zhang, Ren & Sun (2015), arXiv:1502.01852",
        lambda _: nn.PReLU(),
        known_gain=lambda _: _leaky_gain(0.25),
    ),
    Activation(
        "elu",
        "bends smoothly to -alpha on the negative side, which brings the mean of outputs near 0",
        "z if z > 0 else alpha * (exp(z) - 1)",
        "Clevert, Unterthiner & Hochreiter (2016), arXiv:1511.07289",
        lambda alpha: nn.ELU(alpha),
        number=1.0,
        means="alpha",
        least=0,
    ),
    Activation(
        "gelu",
        "weighs an input by the share of a normal distribution below it",
        "z * Phi(z)",
        "Hendrycks & Gimpel (2016), arXiv:1606.08415",
        lambda _: nn.GELU(),
    ),
    Activation(
        "silu",
        "weighs an input by its own sigmoid; also called swish",
        "z * sigmoid(z)",
        "Elfwing, Uchibe & Doya (2018), arXiv:1702.03118",
        lambda _: nn.SiLU(),
    ),
    Activation(
        "selu",
        "an ELU scaled so that mean 0 and variance 1 hold themselves through the layers; goes with lecun weights",
        "1.0507 * (z if z > 0 else 1.6733 * (exp(z) - 1))",
        "Klambauer, Unterthiner, Mayr & Hochreiter (2017), arXiv:1706.02515",
        lambda _: nn.SELU(),
        # PyTorch's table says 3/4; the paper's proof asks for weights of variance 1 / fan_in, a gain of 1.
        known_gain=lambda _: 1.0,
    ),
    Activation(
        "maxout",
        "the largest of several linear functions; neither saturates nor dies, at twice the weights",
        "max(w1'x + b1, w2'x + b2)",
        "Goodfellow, Warde-Farley, Mirza, Courville & Bengio (2013), arXiv:1302.4389",
        lambda pieces: Maxout(int(pieces)),
        number=2.0,
        means="the number of pieces",
        least=2,
        whole=True,
    ),
    Activation(
        "tanh",
        "squeezes into -1..1 around 0; saturates on both sides",
        "tanh(z)",
        "LeCun, Bottou, Orr & Mueller (1998), Efficient BackProp",
        lambda _: nn.Tanh(),
        known_gain=lambda _: 5 / 3,
    ),
    Activation(
        "sigmoid",
        "squeezes into 0..1; saturates on both sides, is not centred on 0, and passes a quarter of a gradient at most",
        "1 / (1 + exp(-z))",
        "Rumelhart, Hinton & Williams (1986), Nature 323",
        lambda _: nn.Sigmoid(),
        known_gain=lambda _: 1.0,
    ),
    Activation(
        "identity",
        "does nothing; layers with it collapse into one linear layer",
        "z",
        "",
        lambda _: nn.Identity(),
        known_gain=lambda _: 1.0,
    ),
)

ACTIVATIONS: dict[str, Activation] = {entry.name: entry for entry in _ALL}
