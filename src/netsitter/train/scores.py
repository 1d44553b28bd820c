"""Scores: the share right, or R². Sums over rows, so that batches of any size add up to the exact figure of a part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

Form = Literal["classes", "one-hot", "yes-no", "signs", "several", "real"]
"""How targets are written: numbers of classes; a 1 among zeros; 0 or 1; -1 or 1; several 0 or 1 a row; real numbers."""


@dataclass(frozen=True)
class Measure:
    """How outputs are compared with targets.

    threshold: what an output must be above to say yes, for the forms that say yes or no. pooled: whether real outputs
    are judged by their summed spread, as squared error does, and not each by its own.
    """

    form: Form
    threshold: float = 0.5
    pooled: bool = False

    @property
    def real(self) -> bool:
        return self.form == "real"


CLASSES, REAL = Measure("classes"), Measure("real")


def row_sums(outputs: Tensor, targets: Tensor, measure: Measure) -> Tensor:
    """What the score of one trial is made of, summed over rows.

    (1,) rows that are right; of a row with several answers (pixels, words, labels), the share of them. For real
    targets (O,) squared errors. NaN where outputs and targets do not go together.
    """
    if measure.real:
        if outputs.numel() != targets.numel():
            return _unknown(outputs, targets[0].numel())
        apart = outputs.reshape(targets.shape) - targets
        return apart.to(torch.float64).square().reshape(len(targets), -1).sum(dim=0)
    right = _right(outputs, targets, measure)
    if right is None:
        return _unknown(outputs, 1)
    return right.to(torch.float64).reshape(len(right), -1).mean(dim=1).sum().reshape(1)


def stacked_row_sums(out_TKB: Tensor, targets_B: Tensor, measure: Measure) -> Tensor:
    """`row_sums` of each of several trials on the same rows, (T, ...), from outputs with the rows last."""
    if measure.form == "classes" and out_TKB.shape[1] > 1 and targets_B.ndim == 1:
        top_TB = out_TKB.amax(dim=1)
        # A sixtieth of the time of `argmax`, which is asked only where outputs tie, or are no numbers.
        if int((out_TKB >= top_TB.unsqueeze(1)).sum()) == top_TB.numel():
            said_TB = out_TKB.gather(1, targets_B.expand(len(out_TKB), 1, -1)).squeeze(1)
            return (said_TB == top_TB).sum(dim=1, keepdim=True).to(torch.float64)
    return torch.vmap(lambda out_KB: row_sums(out_KB.t(), targets_B, measure))(out_TKB)


def answers(outputs: Tensor, targets: Tensor, measure: Measure) -> Tensor | None:
    """The answer that outputs stand for, in the form of classes or of yes and no; None where they have no such form."""
    if measure.form == "one-hot":
        return outputs.argmax(dim=1) if outputs.shape == targets.shape else None
    if measure.form == "classes" and outputs.numel() != targets.numel():
        if outputs.ndim == targets.ndim + 1 and outputs.shape[:-1] == targets.shape and targets.ndim > 1:
            return outputs.argmax(dim=-1)
        flat = targets.reshape(len(targets), -1)[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
        fits = outputs.ndim == flat.ndim + 1 and (outputs.shape[0], *outputs.shape[2:]) == tuple(flat.shape)
        return outputs.argmax(dim=1).reshape(targets.shape) if fits else None
    if outputs.numel() != targets.numel():
        return None
    return (outputs > measure.threshold).reshape(targets.shape)


@torch.no_grad()
def recall(net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], measure: Measure) -> float | None:
    """The mean over classes of the share of their rows that a network in evaluation mode gets right.

    None where its answers are no classes.
    """
    told, truth = [], []
    for x_B, y_B in batches:
        said = answers(net(x_B), y_B, measure)
        if said is None:
            return None
        told.append(said.long().flatten())
        truth.append(
            (
                y_B.argmax(dim=1)
                if measure.form == "one-hot"
                else y_B > MIDDLE[measure.form]
                if said.dtype == torch.bool
                else y_B
            )
            .long()
            .flatten()
        )
    said_N, truth_N = torch.cat(told), torch.cat(truth)
    return float(torch.stack([(said_N[truth_N == k] == k).double().mean() for k in truth_N.unique()]).mean())


def _right(outputs: Tensor, targets: Tensor, measure: Measure) -> Tensor | None:
    said = answers(outputs, targets, measure)
    if said is None:
        return None
    if measure.form == "one-hot":
        return said == targets.argmax(dim=1)
    return said == (targets if said.dtype != torch.bool else targets > MIDDLE[measure.form])


MIDDLE = {"classes": 0.5, "yes-no": 0.5, "several": 0.5, "signs": 0.0}
"""Between the two values that targets have."""


def _unknown(outputs: Tensor, sides: int) -> Tensor:
    return torch.full((sides,), float("nan"), dtype=torch.float64, device=outputs.device)


@dataclass(frozen=True)
class Scorer:
    """Turns row sums into a score: the share right, or R² against always answering the part's own mean.

    spread: (O,) summed squared distance of the targets from their mean; None for classes.
    """

    rows: int
    spread: Tensor | None
    pooled: bool = False

    def score(self, sums: Tensor) -> float:
        if self.spread is None:
            return float(sums[0]) / self.rows
        spread = self.spread.to(sums.device)
        if self.pooled:
            return float(1 - sums.sum() / spread.sum()) if float(spread.sum()) > 0 else float("nan")
        varies = spread > 0
        return float(1 - (sums[varies] / spread[varies]).mean()) if bool(varies.any()) else float("nan")


def scorer_of(y_N: Tensor, measure: Measure) -> Scorer:
    """The scorer of a part with these targets."""
    if not measure.real:
        return Scorer(len(y_N), None)
    y = y_N.to(torch.float64).reshape(len(y_N), -1)
    return Scorer(len(y_N), (y - y.mean(dim=0)).square().sum(dim=0), measure.pooled)


def form_of(y_N: Tensor) -> Form:
    """How these targets are written, as their values show."""
    if not y_N.is_floating_point():
        return "classes"
    values = torch.unique(y_N)
    if len(values) > 2 or len(values) < 1:
        return "real"
    binary = set(values.tolist()) <= {0.0, 1.0}
    if binary and y_N.ndim == 2 and y_N.shape[1] > 1:
        return "one-hot" if bool((y_N.sum(dim=1) == 1).all()) else "several"
    if binary:
        return "yes-no" if y_N.ndim == 1 or y_N.shape[1:].numel() == 1 else "several"
    return "signs" if set(values.tolist()) == {-1.0, 1.0} else "real"


def threshold_of(loss: Callable[[Tensor, Tensor], Tensor], y_N: Tensor, form: Form) -> float:
    """The output at which this loss is as well with no as with yes: 0.5 for probabilities, 0 for logits.

    Seen by calling it; 0.5 where that does not show it.
    """
    if form == "classes":
        return 0.5
    no, yes = (-1.0, 1.0) if form == "signs" else (0.0, 1.0)
    one = y_N[:1].detach().cpu()
    for low, high in ((0.0, 1.0), (-3.0, 3.0)):
        at = torch.linspace(low, high, 80)
        apart = [_apart(loss, one, float(output), yes, no) for output in at]
        if any(value is None for value in apart):
            continue
        more = torch.tensor([value > 0 for value in apart if value is not None])
        turns = torch.nonzero(more[:-1] & ~more[1:]).flatten()
        if len(turns) == 1:
            return round(float(at[turns[0]] + at[turns[0] + 1]) / 2, 6)
    return 0.0 if form == "signs" else 0.5


def _apart(loss: Callable[[Tensor, Tensor], Tensor], one: Tensor, output: float, yes: float, no: float) -> float | None:
    """How much more yes costs than no at this output; None where it cannot be told."""
    try:
        outputs = torch.full_like(one, output)
        return float(loss(outputs, torch.full_like(one, yes))) - float(loss(outputs, torch.full_like(one, no)))
    except Exception:  # a user's loss may raise anything
        return None
