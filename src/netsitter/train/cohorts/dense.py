"""Trials whose network is a chain of dense layers, by hand instead of by `vmap`: each layer on stacked outputs.

The first layer, whose input all trials share, is one wide matrix product, forward and backward; the layers
behind it are batched products. Outputs stand as (T, H, B), so that no product has to turn a tensor round.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netsitter.plan.plan import Plan
from netsitter.train.cohorts.cohort import Sums, Way, added
from netsitter.train.cohorts.dense_layers import chain_of
from netsitter.train.cohorts.lifted import Lifted
from netsitter.train.losses import Loss
from netsitter.train.scores import Measure, stacked_row_sums

SCORED_BYTES, LEAST_ROWS = 2**20, 64
"""Outputs of a layer that are in work at a time when scoring, in bytes; and rows at least."""


class Dense(Lifted):
    """Trials of one chain of dense layers. Must give what `Lifted` gives, which does the rest of the work."""

    how = "all trials in one step, their layers stacked"
    owns_gradients = True  # no layer adds two parameters, so that each gradient is a tensor of its own

    def __init__(self, nets: Sequence[nn.Module], plans: Sequence[Plan], loss: Loss) -> None:
        super().__init__(nets, plans, loss)
        self.way = Way("dense", len(plans))
        chain = chain_of(self.net)
        assert chain is not None
        self.layers, self.flattens = chain
        self.first = self.layers[0].name if isinstance(self.layers[0].part, nn.Linear) else None
        self.slope: Tensor | None = None

    def _gradients(self, x_B: Tensor, y_B: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        if x_B.ndim > 2 and not self.flattens:
            return super()._gradients(x_B, y_B)
        x_BD = x_B.flatten(1)
        z_THB = self._first(x_BD)
        behind = [name for name in self.params if self.first is None or name.rpartition(".")[0] != self.first]
        wanted = [self.params[name] for name in behind]
        if self.first is not None:
            wanted.append(z_THB.requires_grad_())
        loss_T = self._losses(self._behind(z_THB), y_B)
        grads = torch.autograd.grad(loss_T.sum(), wanted)
        found = dict(zip(behind, grads, strict=False))
        if self.first is not None:
            found |= self._first_gradients(x_BD, grads[-1])
        return loss_T, found

    def _first(self, x_BD: Tensor) -> Tensor:
        """(T, H, B): the outputs of the first layer, if it is a dense one; else the input itself, (T, D, B)."""
        if self.first is None:
            return x_BD.t().expand(self.trials, -1, -1)
        tensors = self.params | self.frozen
        weight_THD, bias_TH = tensors[f"{self.first}.weight"], tensors.get(f"{self.first}.bias")
        with torch.no_grad():
            z_THB = torch.mm(weight_THD.flatten(0, 1), x_BD.t()).view(*weight_THD.shape[:2], -1)
            return z_THB if bias_TH is None else z_THB.add_(bias_TH.unsqueeze(2))

    def _first_gradients(self, x_BD: Tensor, slope_THB: Tensor) -> dict[str, Tensor]:
        found = {}
        weight, bias = f"{self.first}.weight", f"{self.first}.bias"
        if bias in self.params:
            found[bias] = slope_THB.sum(dim=2)
        if weight in self.params:
            if self.slope is None:
                self.slope = torch.empty_like(self.params[weight], requires_grad=False)
            torch.mm(slope_THB.flatten(0, 1), x_BD, out=self.slope.flatten(0, 1))
            found[weight] = self.slope
        return found

    def _behind(self, x_THB: Tensor) -> Tensor:
        """(T, K, B): the outputs of the network, from those of the first layer."""
        tensors = self.params | self.frozen | self.buffers
        for layer in self.layers[self.first is not None :]:
            x_THB = layer.forward(layer, tensors, x_THB)
        return x_THB

    def _losses(self, out_TKB: Tensor, y_B: Tensor) -> Tensor:
        if self.loss is F.cross_entropy and y_B.ndim == 1 and not y_B.is_floating_point():
            targets_TB = y_B.expand(len(out_TKB), -1)
            return F.cross_entropy(out_TKB, targets_TB, reduction="none").mean(dim=1)
        if self.loss is F.mse_loss and y_B.shape == out_TKB.shape[:0:-1]:
            return (out_TKB - y_B.t()).square().mean(dim=(1, 2))
        return torch.vmap(self.loss, in_dims=(0, None))(out_TKB.transpose(1, 2), y_B)

    def _batch_sums(self, x_B: Tensor, y_B: Tensor, measure: Measure) -> Sums:
        if x_B.ndim > 2 and not self.flattens:
            return super()._batch_sums(x_B, y_B, measure)
        pieces = zip(
            x_B.flatten(1).split(self._score_rows(len(x_B))), y_B.split(self._score_rows(len(x_B))), strict=True
        )
        return added(self._piece_sums(x_BD, y_B, measure) for x_BD, y_B in pieces)

    def _piece_sums(self, x_BD: Tensor, y_B: Tensor, measure: Measure) -> Sums:
        out_TKB = self._behind(self._first(x_BD))
        loss_T = self._losses(out_TKB, y_B).to(torch.float64) * len(x_BD)
        return loss_T, stacked_row_sums(out_TKB, y_B, measure)

    def _score_rows(self, rows: int) -> int:
        """Rows at a time when scoring, so that outputs stay in the cache. A user's loss may be no mean over rows."""
        if self.loss not in (F.cross_entropy, F.mse_loss):
            return rows
        widest = max(layer.part.out_features for layer in self.layers if isinstance(layer.part, nn.Linear))
        return max(LEAST_ROWS, SCORED_BYTES // (4 * self.trials * widest))
