"""What every cohort can do, whichever way its trials run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from netsitter.plan.plan import Plan
from netsitter.train.losses import Loss
from netsitter.train.noise import dropouts_of
from netsitter.train.scores import Measure, row_sums
from netsitter.train.watching import Looked

Batches = Iterable[tuple[Tensor, Tensor]]
Sums = tuple[Tensor, Tensor]
"""Of a part, by trial: summed loss (T,), and summed row scores (T, ...)."""


class Turn(NamedTuple):
    """One step to take. step: counted from 1. lrs: learning rate of each trial."""

    x_B: Tensor
    y_B: Tensor
    step: int
    epoch: int
    lrs: Sequence[float]

    def of(self, trials: slice) -> Turn:
        """The same step for some of the trials."""
        return self._replace(lrs=self.lrs[trials])


class Way(NamedTuple):
    """How the trials of a cohort run.

    form: "alone", "dense" (layers on stacked outputs), "lifted" (by `vmap`), "compiled" (lifted, by `torch.compile`),
    or "in turn": each trial by itself.
    chunk: trials at once. workers: threads, each with chunks of its own.
    threads: of the processor for each operation; None leaves them as they are.
    last: whether filters and images are laid with their channels last in memory; else they stay as they are.
    """

    form: str
    chunk: int = 1
    workers: int = 1
    threads: int | None = None
    last: bool = False


class Cohort(ABC):
    """Some trials and their networks.

    plans: one a trial. The order of trials is that of the plans, everywhere.
    way: how they run; `how`: the same in words. net: a network whose names are those of all.
    looked: what was measured in the last step that was looked at.
    stuck: the batch whose loss left the finite numbers, of a single trial whose weights are as they were before it.
    """

    plans: Sequence[Plan]
    way: Way
    how: str
    net: nn.Module
    looked: Looked
    stuck: tuple[Tensor, Tensor] | None = None

    @property
    def trials(self) -> int:
        return len(self.plans)

    @abstractmethod
    def step(
        self, x_B: Tensor, y_B: Tensor, *, step: int, epoch: int, lrs: Sequence[float], look: bool = False
    ) -> Tensor:
        """One step of every trial. Returns the loss of each before it moved, without penalty: (T,), on the device.

        step: counted from 1. lrs: learning rate of each trial. look: whether `looked` is to tell of this step.
        """

    def stretch(self, turns: Sequence[Turn], *, look: bool = False) -> Tensor:
        """Several steps on end; what `step` returns, of each: (S, T).

        A chunk of trials stays in the processor's cache meanwhile. look: whether `looked` is to tell of the last.
        """
        return torch.stack(
            [
                self.step(*turn[:2], step=turn.step, epoch=turn.epoch, lrs=turn.lrs, look=look and turn is turns[-1])
                for turn in turns
            ]
        )

    @abstractmethod
    def sums(self, batches: Batches, *, measure: Measure) -> Sums:
        """Summed loss and row scores of every trial over some batches, in evaluation mode."""

    @abstractmethod
    def activations(self, x_B: Tensor) -> Looked:
        """What the layers of every trial do to some rows, in evaluation mode: series with the trials first."""

    @abstractmethod
    def penalties(self) -> Tensor:
        """The penalty of each trial as it stands: (T,)."""

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """All that a checkpoint must hold, by name, each with the trials first. Not always a copy."""

    @abstractmethod
    def network(self, trial: int) -> nn.Module:
        """One trial's network as a plain module, in evaluation mode. Shares no memory with the cohort's."""

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Puts back what `state` gave."""
        with torch.no_grad():
            for name, tensor in self.state().items():
                tensor.copy_(state[name])

    def takes(self, state: Mapping[str, Tensor]) -> bool:
        """Whether `load` can put this back: the same names, each with the same shape and type."""
        return shapes(state) == shapes(self.state())

    def weights(self) -> dict[str, Tensor]:
        """The part of `state` that decides outputs."""
        return {name: tensor for name, tensor in self.state().items() if not name.startswith("optim/")}


def channels_last(net: nn.Module) -> bool:
    """Whether the network's filters lie in memory with the channels last; rows that lie otherwise are turned twice."""
    last = torch.channels_last
    return any(p.ndim == 4 and p.is_contiguous(memory_format=last) and not p.is_contiguous() for p in net.parameters())


def laid(x_B: Tensor, last: bool) -> Tensor:
    """The rows, with their channels last in memory where that is wanted."""
    return x_B.contiguous(memory_format=torch.channels_last) if last and x_B.ndim == 4 else x_B


def shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    """Shape and type of each, to compare."""
    return {name: (t.shape, t.dtype) for name, t in tensors.items()}


def batch_sums(call: Callable[[Tensor], Tensor], x_B: Tensor, y_B: Tensor, loss: Loss, measure: Measure) -> Sums:
    """Summed loss and row scores of one trial over one batch."""
    outputs = call(x_B)
    return loss(outputs, y_B).to(torch.float64) * len(x_B), row_sums(outputs, y_B, measure)


def added(sums: Iterator[Sums]) -> Sums:
    """The sums of all batches, of one at least."""
    loss, rows = next(sums)
    for more_loss, more_rows in sums:
        loss, rows = loss + more_loss, rows + more_rows
    return loss, rows


def copied(net: nn.Module) -> nn.Module:
    """The network with tensors of its own, in evaluation mode, its dropout that of PyTorch again."""
    copy = deepcopy(net).eval()
    for dropout in dropouts_of(copy).values():
        dropout.keyed = False
    return copy
