"""Losses and scores. A loss takes (outputs, targets) of one trial and returns their mean; so does a user's own.

Scores are sums over rows, so that batches of any size add up to the exact figure of the whole part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor
from torch.nn import functional as F

from netsitter.errors import NetError, PlanError, shown

Loss = Callable[[Tensor, Tensor], Tensor]

OWN = "own"
"""What a plan calls a loss that is a function of the user's."""

LOSSES: dict[str, Loss] = {
    "cross_entropy": F.cross_entropy,
    "mse": F.mse_loss,
    "mae": F.l1_loss,
    "huber": F.huber_loss,
}
"""By the name in a plan. cross_entropy takes (B, K) logits and (B,) classes, the others (B, O) and (B, O)."""

FITTING = {"classify": ("cross_entropy",), "regress": ("mse", "mae", "huber")}
"""The losses that fit each task. Others may run all the same, and learn nonsense."""


def refuse_unfit(loss: str, *, task: str) -> None:
    """Raises PlanError when this loss does not fit the task."""
    if loss not in FITTING[task]:
        meant = "classes" if task == "classify" else "real targets"
        raise PlanError(
            f"the loss {loss} does not fit {meant}",
            code="P102",
            where=f"loop.loss = {loss}",
            allowed=", ".join(FITTING[task]),
            fix=f"--set loop.loss={FITTING[task][0]}" + (", or --task regress" if task == "classify" else ""),
        )


def try_loss(loss: Loss, y_B: Tensor, *, outputs: int) -> None:
    """Raises NetError unless a loss of the user's gives one number that outputs can be moved by.

    y_B: a few targets. outputs: how many numbers the network gives a row.
    """
    name = getattr(loss, "__name__", type(loss).__name__)
    example = f"called with outputs {(len(y_B), outputs)} and targets {tuple(y_B.shape)}"
    if isinstance(loss, type):
        raise NetError(f"the loss {name} is a class", code="N10", allowed="a function", fix=f"loss={name}()")
    try:
        value = loss(torch.zeros(len(y_B), outputs, requires_grad=True), y_B)
    except Exception as error:
        raise NetError(f"the loss {name} failed: {type(error).__name__}: {error}", code="N10", where=example) from error
    if not isinstance(value, Tensor) or value.ndim:
        came = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else shown(value)
        raise NetError(
            f"the loss {name} must return one number for a batch, as a tensor without sides; it returned {came}",
            code="N10",
            where=example,
            fix="take the mean over the batch in it",
        )
    if not value.requires_grad:
        raise NetError(
            f"the loss {name} has no gradient, so nothing can be learned from it",
            code="N10",
            where=example,
            fix="compute it from the outputs with torch alone: no detach, no .item(), no rounding",
        )


def row_sums(outputs: Tensor, targets: Tensor, *, task: str) -> Tensor:
    """What the score of one trial is made of, summed over rows.

    classify: (1,) rows whose largest output is their class. regress: (O,) squared errors.
    """
    if task == "classify":
        return (outputs.argmax(dim=1) == targets).sum(dtype=torch.float64).reshape(1)
    return (outputs - targets).to(torch.float64).square().sum(dim=0)


@dataclass(frozen=True)
class Scorer:
    """Turns row sums into a score: the share right, or R² against always answering the part's own mean.

    spread: (O,) summed squared distance of the targets from their mean; None for classes.
    """

    rows: int
    spread: Tensor | None

    def score(self, sums: Tensor) -> float:
        if self.spread is None:
            return float(sums[0]) / self.rows
        spread = self.spread.to(sums.device)
        varies = spread > 0
        return float(1 - (sums[varies] / spread[varies]).mean()) if bool(varies.any()) else float("nan")


def scorer_of(y_N: Tensor, *, task: str) -> Scorer:
    """The scorer of a part with these targets."""
    if task == "classify":
        return Scorer(len(y_N), None)
    y = y_N.to(torch.float64)
    return Scorer(len(y_N), (y - y.mean(dim=0)).square().sum(dim=0))


def guessing_loss(loss: str, y_N: Tensor, *, outputs: int) -> float | None:
    """What the loss is before anything is learned: log C for classes; for real targets, that of answering 0.

    None for a loss of which nothing is known.
    """
    if loss == "cross_entropy":
        return log(outputs)
    if loss in LOSSES:
        return float(LOSSES[loss](torch.zeros_like(y_N), y_N))
    return None
