"""Cohorts of every way, made from networks; which ways there are for some networks."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor, nn

from netsitter.plan.plan import Plan
from netsitter.train.cohorts.cohort import Cohort, Way
from netsitter.train.cohorts.compiled import Compiled
from netsitter.train.cohorts.dense import Dense
from netsitter.train.cohorts.dense_layers import chain_of
from netsitter.train.cohorts.in_turn import InTurn
from netsitter.train.cohorts.lifted import Lifted
from netsitter.train.cohorts.single import Single
from netsitter.train.losses import Loss
from netsitter.train.noise import draws_foreign
from netsitter.train.own_optimiser import MakeOptimizer

FORMS: dict[str, type[Lifted]] = {"dense": Dense, "lifted": Lifted, "compiled": Compiled}
"""By name, the ways to take a step of several trials together."""


class Trials(NamedTuple):
    """Networks of one architecture on their device, with what they are trained by."""

    nets: Sequence[nn.Module]
    plans: Sequence[Plan]
    loss: Loss
    optimizer: MakeOptimizer | None = None

    def part(self, span: slice) -> Trials:
        return self._replace(nets=self.nets[span], plans=self.plans[span])

    def copies(self) -> Trials:
        return self._replace(nets=[deepcopy(net) for net in self.nets])


def made(trials: Trials, way: Way) -> Cohort:
    """The trials as a cohort that runs this way. The networks are taken over."""
    count = len(trials.nets)
    if way.form == "in turn":
        nets = [net.to(memory_format=torch.channels_last) for net in trials.nets] if way.last else trials.nets
        singles = [
            Single(net, plan, trials.loss, trials.optimizer) for net, plan in zip(nets, trials.plans, strict=True)
        ]
        return InTurn(singles, way)
    form = FORMS[way.form]
    if way.chunk >= count and way.threads is None:
        return form(*trials[:3])
    return InTurn([form(*trials.part(span)[:3]) for span in spans(count, way)], way)


def spans(count: int, way: Way) -> list[slice]:
    """The trials of each chunk: as even as can be, and every worker as many chunks as the others, if it has any."""
    chunks = -(-count // way.chunk)
    chunks = min(count, -(-chunks // way.workers) * way.workers)
    ends = list(accumulate(count // chunks + (place < count % chunks) for place in range(chunks)))
    return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def form_of(trials: Trials) -> str:
    """The form in which all trials take a step together, as far as can be seen from outside; else "in turn"."""
    if trials.optimizer is not None or not can_be_lifted(trials.nets):
        return "in turn"
    return "dense" if chain_of(trials.nets[0]) is not None else "lifted"


def can_be_lifted(nets: Sequence[nn.Module]) -> bool:
    """Whether these networks are built alike, of parts none of which is known to give something else when lifted."""
    alone = (nn.RNNBase, nn.RNNCellBase, nn.modules.dropout._DropoutNd, nn.SyncBatchNorm)
    names = [[name for name, _ in net.named_modules()] for net in nets]
    if any(other != names[0] for other in names):
        return False
    return not any(isinstance(part, alone) or hasattr(part, "parametrizations") for part in nets[0].modules())


def lifts(trials: Trials, probe: tuple[Tensor, Tensor]) -> bool:
    """Whether one lifted step of two copies goes through: control flow that looks at values, for one, does not."""
    return _steps(trials.part(slice(2)), Way("lifted", 2), probe)


def can_lie_last(trials: Trials, probe: tuple[Tensor, Tensor]) -> bool:
    """Whether there are filters to be laid with their channels last, and a step goes through: `view` may refuse it."""
    filters = [p for p in trials.nets[0].parameters() if p.ndim == 4]
    if all(p.is_contiguous(memory_format=torch.channels_last) for p in filters):
        return False
    return _steps(trials.part(slice(1)), Way("in turn", last=True), probe)


def _steps(trials: Trials, way: Way, probe: tuple[Tensor, Tensor]) -> bool:
    """Whether copies of the trials take a step this way."""
    with torch.random.fork_rng(devices=[]):
        try:
            made(trials.copies(), way).step(*probe, step=1, epoch=0, lrs=[0.0] * len(trials.nets))
        except RuntimeError:
            return False
    return True


def side_by_side_safe(trials: Trials, probe: tuple[Tensor, Tensor] | None) -> bool:
    """Whether trials may run on threads of their own: not where one draws from the generator that all share."""
    if not draws_foreign(trials.plans[0]):
        return True
    if probe is None:
        return False
    before = torch.default_generator.get_state()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        deepcopy(trials.nets[0]).train()(probe[0])
        return torch.equal(before, torch.default_generator.get_state())
