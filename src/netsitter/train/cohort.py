"""`cohort_of`: the door to cohorts, which picks the way in which trials of one shape train together."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from netsitter.errors import PlanError
from netsitter.plan.plan import Plan, by_trial, differing
from netsitter.train.cohorts.cohort import Cohort, Way
from netsitter.train.cohorts.dense import Dense
from netsitter.train.cohorts.dense_layers import chain_of
from netsitter.train.cohorts.in_turn import InTurn
from netsitter.train.cohorts.lifted import Lifted
from netsitter.train.cohorts.single import Single
from netsitter.train.losses import Loss
from netsitter.train.own_optimiser import MakeOptimizer


def cohort_of(
    nets: Sequence[nn.Module],
    plans: Sequence[Plan],
    loss: Loss,
    *,
    device: torch.device,
    probe: tuple[Tensor, Tensor] | None = None,
    optimizer: MakeOptimizer | None = None,
) -> Cohort:
    """The trials as one cohort: a single network, all together, or in turn where that cannot be.

    nets: one a trial, of one architecture; they are moved to the device and taken over.
    probe: a small batch on the device, on which copies are lifted once to see whether that can be done.
    optimizer: a torch one of the user's in place of the plan's; with it trials run in turn.
    Raises PlanError when the plans differ in a field that trials of a cohort must share.
    """
    apart = [path for path in differing(list(plans)) if not by_trial(path)]
    if apart:
        raise PlanError(
            f"trials of one cohort must share {', '.join(apart)}", code="P10", fix="train them as separate cohorts"
        )
    nets = [net.to(device) for net in nets]
    if len(nets) == 1:
        return Single(nets[0], plans[0], loss, optimizer)
    if optimizer is None and can_be_lifted(nets):
        if chain_of(nets[0]) is not None:
            return Dense(nets, plans, loss)
        if probe is None or _lifts(nets, plans, loss, probe):
            return Lifted(nets, plans, loss)
    singles = [Single(net, plan, loss, optimizer) for net, plan in zip(nets, plans, strict=True)]
    return InTurn(singles, Way("in turn"), "one trial after the other: this network cannot be lifted over trials")


def can_be_lifted(nets: Sequence[nn.Module]) -> bool:
    """Whether these networks are built alike, of parts none of which is known to give something else when lifted."""
    alone = (nn.RNNBase, nn.RNNCellBase, nn.modules.dropout._DropoutNd, nn.SyncBatchNorm)
    names = [[name for name, _ in net.named_modules()] for net in nets]
    if any(other != names[0] for other in names):
        return False
    return not any(isinstance(part, alone) or hasattr(part, "parametrizations") for part in nets[0].modules())


def _lifts(nets: Sequence[nn.Module], plans: Sequence[Plan], loss: Loss, probe: tuple[Tensor, Tensor]) -> bool:
    """Whether one lifted step of copies goes through: control flow that looks at values, for one, does not."""
    try:
        copies = [deepcopy(net) for net in nets]
        Lifted(copies, plans, loss).step(*probe, step=1, epoch=0, lrs=[0.0] * len(plans))
    except RuntimeError:
        return False
    return True
