"""Optimisers: how weights move once the gradient is known, each as (init, update).

A number of `hyper` is a Python float; or, where trials are stacked with a row of weights each, (T, P), and differ
in it, a tensor (T, 1). Tensors of float64 keep what 1 - beta2 loses in float32; they are rounded to the weights' own
type last.

Parameters and state are changed in place, gradients never: autograd may hand the same tensor to two parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from netsitter.errors import PlanError, closest, shown

Number = float | Tensor
Hyper = Mapping[str, Number]
State = dict[str, dict[str, Tensor]]
"""By slot ("velocity", "mean", "square"), then by parameter."""

Move = Callable[[Mapping[str, Tensor], Mapping[str, Tensor], State, Hyper, int], None]


@dataclass(frozen=True)
class Optimiser:
    """One way to move weights.

    formula: w weight, g gradient, t step from 1.
    uses: the numbers of `optim` that it reads; others have no effect. All read `lr` and `decay`.
    slots: what it keeps of each parameter from step to step, zero at the start.
    """

    name: str
    sentence: str
    formula: str
    source: str
    uses: tuple[str, ...]
    slots: tuple[str, ...]
    move: Move

    def init(self, params: Mapping[str, Tensor]) -> State:
        """The state before the first step."""
        return {slot: {name: torch.zeros_like(p) for name, p in params.items()} for slot in self.slots}

    def update(
        self,
        params: Mapping[str, Tensor],
        grads: Mapping[str, Tensor],
        state: State,
        hyper: Hyper,
        step: int,
        *,
        decayed: Collection[str] | None = None,
    ) -> None:
        """Moves in place, by one step, each parameter that has a gradient. Call it under `torch.no_grad`.

        step: counted from 1.
        decayed: the parameters that decoupled weight decay shrinks; all of them by default.
        """
        shrink(params, hyper, grads if decayed is None else [name for name in decayed if name in grads])
        self.move(params, grads, state, hyper, step)


def shrink(params: Mapping[str, Tensor], hyper: Hyper, names: Collection[str]) -> None:
    """Decoupled weight decay, in place: w ← (1 - lr · decay) · w.

    Source: Loshchilov & Hutter (2019), arXiv:1711.05101; with lr as a factor, as PyTorch has it.
    """
    decay = hyper["decay"]
    if not names or (not isinstance(decay, Tensor) and decay == 0):
        return
    kept = _typed(1 - hyper["lr"] * decay, params)
    for name in names:
        params[name].mul_(kept)


def sgd(params: Mapping[str, Tensor], grads: Mapping[str, Tensor], state: State, hyper: Hyper, step: int) -> None:
    down = _typed(-hyper["lr"], params)
    for name, grad in grads.items():
        _add(params[name], grad, down)


def momentum(params: Mapping[str, Tensor], grads: Mapping[str, Tensor], state: State, hyper: Hyper, step: int) -> None:
    down, kept = _typed(-hyper["lr"], params), _typed(hyper["momentum"], params)
    for name, grad in grads.items():
        velocity = _fade(state["velocity"][name], grad, kept)
        _add(params[name], velocity, down)


def nesterov(params: Mapping[str, Tensor], grads: Mapping[str, Tensor], state: State, hyper: Hyper, step: int) -> None:
    down, kept = _typed(-hyper["lr"], params), _typed(hyper["momentum"], params)
    for name, grad in grads.items():
        velocity = _fade(state["velocity"][name], grad, kept)
        _add(params[name], velocity, kept * down)
        _add(params[name], grad, down)


def rmsprop(params: Mapping[str, Tensor], grads: Mapping[str, Tensor], state: State, hyper: Hyper, step: int) -> None:
    down, kept, eps = (_typed(number, params) for number in (-hyper["lr"], hyper["beta2"], hyper["eps"]))
    taken = _typed(1 - hyper["beta2"], params)
    for name, grad in grads.items():
        square = state["square"][name].mul_(kept)
        _add_product(square, grad, grad, taken)
        _add_quotient(params[name], grad, square.sqrt().add_(eps), down)


def adagrad(params: Mapping[str, Tensor], grads: Mapping[str, Tensor], state: State, hyper: Hyper, step: int) -> None:
    down, eps = _typed(-hyper["lr"], params), _typed(hyper["eps"], params)
    for name, grad in grads.items():
        square = state["square"][name].add_(grad.square())
        _add_quotient(params[name], grad, square.sqrt().add_(eps), down)


def adam(params: Mapping[str, Tensor], grads: Mapping[str, Tensor], state: State, hyper: Hyper, step: int) -> None:
    beta1, beta2 = hyper["momentum"], hyper["beta2"]
    # The start at 0 is undone in the step's length and in eps: one pass less over the weights than on each mean.
    root = _grown(beta2, step) ** 0.5
    down = _typed(-hyper["lr"] * root / _grown(beta1, step), params)
    eps = _typed(hyper["eps"] * root, params)
    taken1, kept2, taken2 = (_typed(number, params) for number in (1 - beta1, beta2, 1 - beta2))
    for name, grad in grads.items():
        mean, square = state["mean"][name].lerp_(grad, taken1), state["square"][name].mul_(kept2)
        _add_product(square, grad, grad, taken2)
        _add_quotient(params[name], mean, square.sqrt().add_(eps), down)


def _grown(beta: Number, step: int) -> Number:
    """1 - beta^step: what a running mean that started at 0 has reached of its value."""
    # In float32 the difference of 1 and 0.999² has five digits; expm1 has all of them.
    return -torch.expm1(step * torch.log(beta)) if isinstance(beta, Tensor) else 1 - beta**step


def _typed(number: Number, params: Mapping[str, Tensor]) -> Number:
    """The number in the type of the weights: PyTorch would not change them in place by one of another."""
    if not isinstance(number, Tensor):
        return number
    return number.to(next((p.dtype for p in params.values()), number.dtype))


def _fade(old: Tensor, new: Tensor, kept: Number) -> Tensor:
    """old ← kept · old + new, in one pass over memory."""
    if isinstance(kept, Tensor):
        return torch.addcmul(new, old, kept, out=old)
    return torch.add(new, old, alpha=kept, out=old)


def _add(target: Tensor, source: Tensor, factor: Number) -> None:
    """target += factor · source."""
    if isinstance(factor, Tensor):
        target.addcmul_(source, factor)
    else:
        target.add_(source, alpha=factor)


def _add_product(target: Tensor, a: Tensor, b: Tensor, factor: Number) -> None:
    """target += factor · a · b."""
    if isinstance(factor, Tensor):
        target.addcmul_(a * b, factor)
    else:
        target.addcmul_(a, b, value=factor)


def _add_quotient(target: Tensor, a: Tensor, b: Tensor, factor: Number) -> None:
    """target += factor · a / b. What is in b is lost."""
    if isinstance(factor, Tensor):
        target.addcmul_(torch.div(a, b, out=b), factor)
    else:
        target.addcdiv_(a, b, value=factor)


OPTIMISERS: dict[str, Optimiser] = {
    entry.name: entry
    for entry in (
        Optimiser(
            name="sgd",
            sentence="a step straight down the gradient",
            formula="w ← w - lr · g",
            source="Robbins & Monro (1951), doi:10.1214/aoms/1177729586",
            uses=("lr", "decay"),
            slots=(),
            move=sgd,
        ),
        Optimiser(
            name="momentum",
            sentence="steps add up, so that it gains speed where gradients agree",
            formula="v ← momentum · v + g; w ← w - lr · v",
            source="Polyak (1964), doi:10.1016/0041-5553(64)90137-5",
            uses=("lr", "momentum", "decay"),
            slots=("velocity",),
            move=momentum,
        ),
        Optimiser(
            name="nesterov",
            sentence="momentum that looks one step ahead",
            formula="v ← momentum · v + g; w ← w - lr · (g + momentum · v)",
            source="Sutskever, Martens, Dahl & Hinton (2013), ICML, eq. 3-4, in PyTorch's variables",
            uses=("lr", "momentum", "decay"),
            slots=("velocity",),
            move=nesterov,
        ),
        Optimiser(
            name="rmsprop",
            sentence="each weight's step is divided by the usual size of its gradient",
            formula="s ← beta2 · s + (1 - beta2) · g²; w ← w - lr · g / (√s + eps)",
            source="Tieleman & Hinton (2012), COURSERA Neural Networks for Machine Learning, lecture 6.5",
            uses=("lr", "beta2", "eps", "decay"),
            slots=("square",),
            move=rmsprop,
        ),
        Optimiser(
            name="adagrad",
            sentence="each weight's step is divided by the size of all its gradients so far, so steps only shrink",
            formula="s ← s + g²; w ← w - lr · g / (√s + eps)",
            source="Duchi, Hazan & Singer (2011), JMLR 12",
            uses=("lr", "eps", "decay"),
            slots=("square",),
            move=adagrad,
        ),
        Optimiser(
            name="adam",
            sentence="momentum, with each weight's step divided by the usual size of its gradient",
            formula=(
                "m ← momentum · m + (1 - momentum) · g; s ← beta2 · s + (1 - beta2) · g²; "
                "w ← w - lr · m / (1 - momentum^t) / (√(s / (1 - beta2^t)) + eps)"
            ),
            source="Kingma & Ba (2015), arXiv:1412.6980, algorithm 1",
            uses=("lr", "momentum", "beta2", "eps", "decay"),
            slots=("mean", "square"),
            move=adam,
        ),
        Optimiser(
            name="adamw",
            sentence="Adam that shrinks weights by `decay`, apart from the gradient, and not by `l2`",
            formula="w ← (1 - lr · decay) · w; then as adam",
            source="Loshchilov & Hutter (2019), arXiv:1711.05101, algorithm 2",
            uses=("lr", "momentum", "beta2", "eps", "decay"),
            slots=("mean", "square"),
            move=adam,
        ),
    )
}
"""By the name in a plan."""


def optimiser(given: str | Optimiser) -> Optimiser:
    """The optimiser of that name; an `Optimiser` is itself. Raises PlanError."""
    if isinstance(given, Optimiser):
        return given
    if given not in OPTIMISERS:
        raise PlanError(
            f"there is no optimiser {shown(given)}.{closest(given, OPTIMISERS)}",
            code="P20",
            where="optim.kind",
            allowed=", ".join(OPTIMISERS),
        )
    return OPTIMISERS[given]
