"""Losses. A loss takes (outputs, targets) of one trial and returns their mean; so does a user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
    "bce": F.binary_cross_entropy,
    "bce_logits": F.binary_cross_entropy_with_logits,
    "nll": F.nll_loss,
}
"""By the name in a plan. cross_entropy takes (B, K) logits, nll their log-softmax, and (B,) classes; bce takes
probabilities of yes, bce_logits logits of it, and 0 or 1 of the same shape; the others (B, O) and (B, O)."""


def on_any_targets(name: str) -> Loss:
    """The loss of this name for targets however they are written: class numbers as reals or in a column, one-hot rows,
    yes and no as whole numbers.
    """

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        if name not in ("cross_entropy", "nll"):
            real = targets.to(outputs.dtype)
            return LOSSES[name](outputs, real.reshape(outputs.shape) if real.numel() == outputs.numel() else real)
        if targets.is_floating_point() and targets.shape == outputs.shape:
            return LOSSES[name](outputs, targets if name == "cross_entropy" else targets.argmax(dim=1))
        column = targets.ndim > 1 and targets.ndim == outputs.ndim and targets.shape[1] == 1
        return LOSSES[name](outputs, (targets.squeeze(1) if column else targets).long())

    loss.__name__ = name
    return loss


MENDS: dict[str, Callable[[Loss], Loss]] = {
    "loss-mean": lambda loss: lambda outputs, targets: loss(outputs, targets) / len(outputs),
    "loss-sign": lambda loss: lambda outputs, targets: -loss(outputs, targets),
    "loss-shape": lambda loss: lambda outputs, targets: loss(outputs.reshape(targets.shape), targets),
}
"""What surgery does to a loss, by the name of the deed."""

WEIGHTS = "loss-weights"
"""The deed that needs the rows of each class as well."""

LOSS_DEEDS = (*MENDS, WEIGHTS)


def mended(loss: Loss, deeds: Iterable[str], counts: Sequence[int] = ()) -> Loss:
    """The loss with those of the deeds done to it that concern a loss; itself where none does.

    counts: rows of each class in the training part. Raises PlanError for class weights in another loss than
    cross-entropy.
    """
    for deed in deeds:
        if deed == WEIGHTS:
            loss = _weighed(loss, counts)
        elif deed in MENDS:
            loss = MENDS[deed](loss)
    return loss


def _weighed(loss: Loss, counts: Sequence[int]) -> Loss:
    """Cross-entropy in which every class counts alike: rows weigh N / (K * rows of their class)."""
    name = getattr(loss, "__name__", type(loss).__name__)
    if name not in ("cross_entropy", "CrossEntropyLoss") or not counts:
        raise PlanError(f"classes are weighed in cross-entropy, and not in {name}", code="P102")
    present = [count for count in counts if count]
    weight_K = torch.tensor([sum(counts) / (len(present) * count) if count else 0.0 for count in counts])

    def weighed(outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets, weight=weight_K.to(outputs))

    return weighed


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


def guessing_loss(loss: str, y_N: Tensor, *, outputs: int) -> float | None:
    """What the loss is before anything is learned: log C for classes; for real targets, that of answering 0.

    None for a loss of which nothing is known.
    """
    if loss == "cross_entropy":
        return log(outputs)
    if loss in LOSSES:
        return float(LOSSES[loss](torch.zeros_like(y_N), y_N))
    return None
