"""One step of one trial: the loss of a batch, and the weights moved against its gradient.

`loss_of` is what a cohort lifts over its trials; `descend` takes one trial, or stacked ones with a row each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from netsitter.errors import NetError
from netsitter.optim.clip import clip
from netsitter.optim.methods import OPTIMISERS, Optimiser, State
from netsitter.optim.penalty import add_l2, decayed_names
from netsitter.plan.plan import Plan
from netsitter.train.losses import Loss
from netsitter.train.own_optimiser import MakeOptimizer, OwnOptimiser

Hyper = Mapping[str, float | Tensor]
"""The numbers of `optim` by name: plain, or (T, 1) where stacked trials differ in one."""

HYPER_NAMES = ("lr", "momentum", "beta2", "eps", "decay", "l2", "clip")


@dataclass(frozen=True)
class Descent:
    """How weights move: the optimiser, which weights the penalty counts, and whether it and the clip are on at all."""

    method: Optimiser | OwnOptimiser
    decayed: tuple[str, ...]
    penalised: bool
    clipped: bool


def descent_of(plans: Sequence[Plan], net: nn.Module, optimizer: MakeOptimizer | None = None) -> Descent:
    """What the trials of one cohort have in common in how they move. optimizer: a torch one of the user's."""
    return Descent(
        method=OPTIMISERS[plans[0].optim.kind] if optimizer is None else OwnOptimiser(optimizer),
        decayed=decayed_names(net),
        penalised=any(plan.optim.l2 for plan in plans),
        clipped=any(plan.optim.clip for plan in plans),
    )


def hyper_of(plan: Plan) -> dict[str, float]:
    """The numbers of one trial; no clip is an endless one."""
    values = {name: getattr(plan.optim, name) for name in HYPER_NAMES}
    return {name: float("inf") if value is None else float(value) for name, value in values.items()}


def loss_of(call: Callable[[Tensor], Tensor], x_B: Tensor, y_B: Tensor, loss: Loss) -> Tensor:
    """The mean loss of one batch, without the penalty; no sides.

    Raises NetError when a loss returns anything but one number.
    """
    value = loss(call(x_B), y_B)
    if value.ndim:
        raise NetError(
            f"the loss must return one number for a batch; it returned a tensor of shape {tuple(value.shape)}",
            code="N10",
            fix="take the mean over the batch in it",
        )
    return value


def descend(
    params: Mapping[str, Tensor],
    grads: dict[str, Tensor],
    state: State,
    hyper: Hyper,
    *,
    step: int,
    descent: Descent,
    owned: bool = False,
) -> None:
    """Moves `params` and `state` in place, by the gradient of loss and penalty.

    Tensors are those of one trial, or (T, P) of stacked ones. grads: its entries are replaced. step: counted from 1.
    owned: whether gradients may be written into.
    """
    if descent.penalised:
        add_l2(params, grads, hyper["l2"], [name for name in descent.decayed if name in grads], owned=owned)
    if descent.clipped:
        clip(grads, hyper["clip"])
    descent.method.update(params, grads, state, hyper, step, decayed=descent.decayed)
