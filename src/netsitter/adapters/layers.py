"""What the layers of a network do in forward passes that somebody else makes, and in which mode these are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from netsitter.adapters.hooks import Hooks
from netsitter.train.probes import SHAPES, innermost
from netsitter.train.watching import BINS, ROWS, Looked, signal, units_of

NOISY = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._NormBase)
"""Layers that answer otherwise in training mode."""


@dataclass
class _Layer:
    """One layer over the batches of a reading."""

    rows: int
    numbers: Tensor
    histogram: Tensor
    alive: Tensor


class Layers:
    """Listens to forward passes. A reading takes training batches one after the other until it has `ROWS` rows.

    output: the layer that gives the answer itself, None while that is not known, "" where it is none of them.
    rows: the most of a batch that gradients were asked for, None while none was seen.
    scoring: forward passes without gradient since the last step of an optimiser: (in training mode, in all).
    """

    def __init__(self, model: nn.Module, not_checked: list[tuple[str, str]]) -> None:
        self.model = model
        self.output: str | None = None
        self.scoring = (0, 0)
        self.rows: int | None = None
        self._passes, self._inside = Hooks("forward passes", not_checked), Hooks("activations", not_checked)
        self._found: dict[str, _Layer] = {}
        self._last: tuple[str, int] | None = None
        self._reading = False

    def open(self) -> None:
        self._passes.add(self.model.register_forward_pre_hook, self._begins)

    def close(self) -> None:
        self._passes.clear()
        self._inside.clear()
        self._reading = False

    def collect(self) -> None:
        """Begins a reading anew."""
        self._inside.clear()
        self._found, self._reading, self._last = {}, True, None
        for name, part in innermost(self.model):
            if not isinstance(part, SHAPES):
                self._inside.add(
                    part.register_forward_hook, lambda part, _, out, name=name: self._note(name, part, out)
                )
        self._inside.add(self.model.register_forward_hook, self._ends)

    def stepped(self) -> bool:
        """To be called after each step: whether a reading is full, so that `reading` should be called."""
        self.scoring = (0, 0)
        return self._reading and max((layer.rows for layer in self._found.values()), default=0) >= ROWS

    def reading(self, names: tuple[str, ...]) -> Looked:
        """Ends the reading: the series of `train.watching.activations`, each (1, L) or (1, L, BINS); {} if it is empty.

        dead: the share of units that gave 0 on every row of every batch of the reading.
        """
        found, self._found, self._reading = self._found, {}, False
        self._inside.clear()
        if not found:
            return {}
        empty = torch.full((4,), float("nan")), torch.full((BINS,), float("nan"))
        numbers = torch.stack([found[name].numbers.cpu() if name in found else empty[0] for name in names])
        histograms = torch.stack([found[name].histogram.cpu() if name in found else empty[1] for name in names])
        dead = [float((~found[name].alive).float().mean()) if name in found else float("nan") for name in names]
        mean, spread, _, saturated = numbers.unsqueeze(0).unbind(dim=-1)
        series = {"act/mean": mean, "act/std": spread, "act/dead": torch.tensor([dead]), "act/saturated": saturated}
        return {**series, "act/histogram": histograms.unsqueeze(0)}

    def _begins(self, model: nn.Module, given: tuple[Any, ...]) -> None:
        if torch.is_grad_enabled():
            if given and isinstance(given[0], Tensor) and given[0].ndim:
                self.rows = max(self.rows or 0, len(given[0]))
        else:
            noisy = any(isinstance(part, NOISY) and part.training for part in model.modules())
            self.scoring = (self.scoring[0] + noisy, self.scoring[1] + 1)

    def _note(self, name: str, part: nn.Module, out: Any) -> None:
        counts = isinstance(out, Tensor) and out.is_floating_point() and out.ndim > 1 and out.numel() > 0
        if not counts or not self.model.training or not torch.is_grad_enabled():
            return
        self._last = (name, out.data_ptr())
        out = out.detach().float()
        numbers, histogram = signal(part, out)
        alive = (units_of(out) != 0).any(dim=0)
        before = self._found.get(name)
        if before is None:
            self._found[name] = _Layer(len(out), numbers, histogram, alive)
            return
        share = len(out) / (before.rows + len(out))
        before.rows += len(out)
        before.numbers = torch.lerp(before.numbers, numbers, share)
        before.histogram = torch.lerp(before.histogram, histogram, share)
        # Where units are places, as in outputs of any length, only those that all batches have can be compared.
        shared = min(len(before.alive), len(alive))
        before.alive = before.alive[:shared] | alive[:shared]

    def _ends(self, model: nn.Module, _: Any, out: Any) -> None:
        if self._last is not None and isinstance(out, Tensor):
            name, place = self._last
            # A view of it, as squeeze() gives, begins at the same place.
            self.output = name if out.data_ptr() == place else ""
        self._last = None
