"""`cohort_of`: the door to cohorts, which picks the way in which trials of one shape train together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netsitter.errors import PlanError
from netsitter.plan.plan import Plan, by_trial, differing
from netsitter.train.cohorts.cohort import Cohort, Way
from netsitter.train.cohorts.made import Trials, made
from netsitter.train.cohorts.planner import planned, words
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
    rows: int | None = None,
    cores: int | None = None,
    way: Way | None = None,
) -> Cohort:
    """The trials as one cohort, of any number: all together, in chunks, or in turn, as is fastest.

    nets: one a trial, of one architecture; they are moved to the device and taken over.
    probe: a small batch on the device, on which copies are lifted once to see whether that can be done.
    optimizer: a torch one of the user's in place of the plan's; with it trials run in turn.
    rows: of the training part; with them and a probe ways are timed on copies, if the run is long enough.
    cores: threads of the processor that trials may run on side by side; all that PyTorch has when left out.
    way: how trials are to run, in place of that; what `way` of another cohort of the same trials was.
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
    trials = Trials(nets, plans, loss, optimizer)
    if way is not None:
        taken, why = way, "as asked"
    else:
        taken, why = planned(trials, device=device, probe=probe, rows=rows, cores=cores)
    cohort = made(trials, taken)
    cohort.how = f"{words(taken)}: {why}"
    return cohort
