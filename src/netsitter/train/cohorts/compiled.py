"""Lifted trials whose losses and gradients are compiled, on a GPU as CUDA graphs: worth its wait in long runs only."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netsitter.plan.plan import Plan
from netsitter.train.cohorts.cohort import Way
from netsitter.train.cohorts.lifted import Lifted
from netsitter.train.losses import Loss


class Compiled(Lifted):
    """Trials of one architecture as one, by `torch.compile`. What cannot be compiled runs as lifted trials do."""

    how = "all trials in one compiled step"

    def __init__(self, nets: Sequence[nn.Module], plans: Sequence[Plan], loss: Loss) -> None:
        super().__init__(nets, plans, loss)
        self.way = Way("compiled", len(plans))
        self.batch = plans[0].loop.batch
        self.graphs = self.device.type == "cuda"
        mode = "reduce-overhead" if self.graphs else "default"
        self.compiled = torch.compile(super()._lifted_losses, fullgraph=True, dynamic=False, mode=mode)
        self.compiles = True

    def _lifted_losses(self, x_B: Tensor, y_B: Tensor) -> Tensor:
        # Another number of rows, as the last batch of an epoch may have, would be compiled anew.
        if not self.compiles or len(x_B) != self.batch:
            return super()._lifted_losses(x_B, y_B)
        if self.graphs:
            torch.compiler.cudagraph_mark_step_begin()
        try:
            loss_T: Tensor = self.compiled(x_B, y_B)
        except RuntimeError:  # no compiler on this machine, or a network that it does not take
            self.compiles = False
            return super()._lifted_losses(x_B, y_B)
        return loss_T.clone() if self.graphs else loss_T  # the next step of a CUDA graph writes over it
