"""The scale of real targets: mean 0 and spread 1 for training, undone in predictions."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from netsitter.data.preparation.scaling import Scaled, Standardise


@dataclass(frozen=True)
class TargetScale:
    """Real targets to mean 0 and spread 1, each output by itself; predictions go through `undo`.

    `fit` gives a `Scaled`, whose `scale`, (O,), turns an error of prepared targets into one in the target's unit.

    >>> fitted = TargetScale().fit(torch.tensor([[10.0], [30.0]]))
    >>> fitted.undo(torch.tensor([[0.5]]))
    tensor([[25.]])
    """

    def fit(self, y_NO: Tensor) -> Scaled:
        return Standardise().fit(y_NO)
