"""The names of all series: what each measures, its axes and its unit.

Axis letters are those of the house: T trials, L watched layers, P watched weights, S steps, and 20 bins of a histogram.
A series always has T first. The names along L and P stand in the event `Known("watched")`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    """One measured quantity. axes: the letters of one reading, without the step."""

    name: str
    meaning: str
    axes: str = "T"
    unit: str = ""
    log: bool = False


_ALL = (
    Series("loss", "mean loss of one batch, without the penalty", unit="loss", log=True),
    Series("lr", "learning rate of the step", log=True),
    Series("epoch/cost", "loss on the fixed subset of the training part, with the penalty", unit="loss", log=True),
    Series("epoch/train_loss", "loss on that subset, without the penalty", unit="loss", log=True),
    Series("epoch/val_loss", "loss on the validation part", unit="loss", log=True),
    Series("epoch/train", "score on that subset: share right, or R² for real targets", unit="score"),
    Series("epoch/val", "score on the validation part", unit="score"),
    Series("epoch/lr", "learning rate at the end of the epoch", log=True),
    Series("grad/norm", "norm of the gradient of the batch's loss", "TP", log=True),
    Series("grad/sign", "share of units whose gradients of all incoming weights have one sign", "TP", "share"),
    Series("update/ratio", "length of the step over length of the weights", "TP", log=True),
    Series("weight/norm", "length of the weights", "TP", log=True),
    Series("act/mean", "mean output, on the fixed subset", "TL"),
    Series("act/std", "spread of the outputs", "TL"),
    Series("act/dead", "share of units that give 0 on every row", "TL", "share"),
    Series("act/saturated", "share of outputs at a flat end; NaN where there is none", "TL", "share"),
    Series("act/histogram", "share of the outputs in 20 bins from -4 to 4 spreads", "TLB", "share"),
)

SERIES: dict[str, Series] = {series.name: series for series in _ALL}
