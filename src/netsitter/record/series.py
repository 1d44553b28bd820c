"""The names of all series: what each measures, its axes and its unit.

Axis letters are those of the house: T trials, L layers, S steps. A series always has T first.
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
)

SERIES: dict[str, Series] = {series.name: series for series in _ALL}
