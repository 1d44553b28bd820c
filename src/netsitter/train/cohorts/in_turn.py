"""A cohort in parts that run one after the other, or side by side on threads: chunks of trials, or single ones."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from netsitter.train.cohorts.cohort import Batches, Cohort, Sums, Turn, Way, added, channels_last, laid
from netsitter.train.cohorts.workers import side_by_side
from netsitter.train.scores import Measure
from netsitter.train.watching import Looked


class InTurn(Cohort):
    """Parts that share batches and nothing else. What a trial comes to does not depend on the number of workers."""

    how = "in parts"

    def __init__(self, parts: Sequence[Cohort], way: Way) -> None:
        self.parts, self.way = parts, way
        self.plans = [plan for part in parts for plan in part.plans]
        self.net = parts[0].net
        self.channels_last = channels_last(self.net)
        ends = list(accumulate(part.trials for part in parts))
        self.spans = [slice(end - part.trials, end) for part, end in zip(parts, ends, strict=True)]

    def step(
        self, x_B: Tensor, y_B: Tensor, *, step: int, epoch: int, lrs: Sequence[float], look: bool = False
    ) -> Tensor:
        return self.stretch([Turn(x_B, y_B, step, epoch, lrs)], look=look)[0]

    def stretch(self, turns: Sequence[Turn], *, look: bool = False) -> Tensor:
        turns = [turn._replace(x_B=laid(turn.x_B, self.channels_last)) for turn in turns]

        def go(place: int) -> Tensor:
            return self.parts[place].stretch([turn.of(self.spans[place]) for turn in turns], look=look)

        losses = side_by_side(go, range(len(self.parts)), self.way)
        if look:
            self.looked = _together([part.looked for part in self.parts])
        return torch.cat(losses, dim=1)

    def sums(self, batches: Batches, *, measure: Measure) -> Sums:
        return added(self._batch_sums(batch, measure) for batch in batches)

    def _batch_sums(self, batch: tuple[Tensor, Tensor], measure: Measure) -> Sums:
        x_B, y_B = laid(batch[0], self.channels_last), batch[1]
        each = side_by_side(lambda part: part.sums([(x_B, y_B)], measure=measure), self.parts, self.way)
        return torch.cat([loss for loss, _ in each]), torch.cat([rows for _, rows in each])

    def activations(self, x_B: Tensor) -> Looked:
        return _together([part.activations(x_B) for part in self.parts])

    def penalties(self) -> Tensor:
        return torch.cat([part.penalties() for part in self.parts])

    def state(self) -> dict[str, Tensor]:
        """Copies, since the parts' tensors lie apart."""
        states = [part.state() for part in self.parts]
        return {name: torch.cat([state[name] for state in states]) for name in states[0]}

    def load(self, state: Mapping[str, Tensor]) -> None:
        for part, span in zip(self.parts, self.spans, strict=True):
            part.load({name: tensor[span] for name, tensor in state.items()})

    def takes(self, state: Mapping[str, Tensor]) -> bool:
        return all(
            part.takes({name: tensor[span] for name, tensor in state.items()})
            for part, span in zip(self.parts, self.spans, strict=True)
        )

    def network(self, trial: int) -> nn.Module:
        place = bisect([span.stop for span in self.spans], trial)
        found = self.parts[place].network(trial - self.spans[place].start)
        return found.to(memory_format=torch.contiguous_format) if self.way.last else found


def _together(each: Sequence[Looked]) -> Looked:
    """What was measured of parts as that of the whole."""
    return {name: torch.cat([one[name] for one in each]) for name in each[0]}
