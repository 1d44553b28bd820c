"""What the steps of somebody else's optimiser show: gradients, updates, whether gradients are cleared, what is idle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

from netsitter.adapters.hooks import Hooks
from netsitter.record.loop_facts import NEXT, OWN
from netsitter.train.watching import Looked, Watched, looked, looks_at

OFTEN = 20
"""Steps at the beginning that are all measured: many loops of the first try are short."""

PROBED = 8
"""Parameters, spread over the network, on which it is seen whether gradients are cleared."""


@dataclass
class _Standing:
    """A gradient that stood after a step. norm: its length then. kept: it was never cleared, as far as was seen."""

    param: Tensor
    norm: Tensor
    kept: bool = True
    seen: int = 0
    added: bool = False

    def before(self, _: Tensor) -> None:
        """Before a gradient is added. Twice in a pair of steps is accumulation; only the first can be the old one."""
        now = self.param.grad
        same = now is not None and bool(length(now) == self.norm if self.seen == 0 else length(now) > 0)
        self.kept, self.seen = self.kept and same, self.seen + 1

    def after(self, _: Tensor) -> None:
        # torch.autograd.grad gives a gradient without adding it to anything.
        self.added = True


class Steps:
    """Listens to an optimiser, and to what gradients do between two of its steps.

    done: steps so far. readings: (step, series) that nobody has taken yet, each series (1, ...).
    """

    def __init__(self, model: nn.Module, optimizer: Optimizer, every: int, not_checked: list[tuple[str, str]]) -> None:
        self.model, self.optimizer, self.every = model, optimizer, every
        self.done = self.others = self.probed = self.kept = 0
        self.readings: list[tuple[int, Looked]] = []
        self.watched = Watched((), (), ())
        self.without: dict[str, Tensor] = {}
        self._steps, self._between = Hooks("steps", not_checked), Hooks("gradients", not_checked)
        self._elsewhere: dict[int, set[int]] = {}
        self._old: dict[int, Tensor] = {}
        self._grads: dict[int, Tensor] = {}
        self._moved: tuple[int, float, dict[int, Tensor]] | None = None
        self._standing: list[_Standing] = []
        self._heard: Callable[[], None] = lambda: None

    def hear(self, stepped: Callable[[], None]) -> None:
        """Calls this after each step."""
        self._heard = stepped

    def open(self) -> None:
        self._steps.add(self.optimizer.register_step_pre_hook, self._before)
        self._steps.add(self.optimizer.register_step_post_hook, self._after)
        self._steps.add(register_optimizer_step_post_hook, self._of_another)
        self.without = {name: p for name, p in self.model.named_parameters() if p.requires_grad}

    def close(self) -> None:
        self._steps.clear()
        self._between.clear()
        self._old, self._grads, self._moved, self._standing = {}, {}, None, []

    @property
    def rate(self) -> float:
        """The learning rate of the first group."""
        return float(self.optimizer.param_groups[0].get("lr", float("nan")))

    @property
    def climbs(self) -> bool:
        return all(group.get("maximize", False) for group in self.optimizer.param_groups)

    def sizes(self) -> tuple[int, dict[str, int], dict[str, int]]:
        """Numbers in all trained parameters; those that no optimiser holds; those that never had a gradient."""
        held = {id(p) for p in self._held()}.union(*self._elsewhere.values())
        trained = {name: p for name, p in self.model.named_parameters() if p.requires_grad and not is_lazy(p)}
        unheld = {name: p.numel() for name, p in trained.items() if id(p) not in held}
        unreached = {name: p.numel() for name, p in trained.items() if name in self.without and name not in unheld}
        return sum(p.numel() for p in trained.values()), unheld, unreached

    def _held(self) -> Iterator[Tensor]:
        return (p for group in self.optimizer.param_groups for p in group["params"])

    def _before(self, optimizer: Optimizer, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self._strike_off()
        # A closure makes its gradients inside of the step: what stands here is of no step, or of the last.
        closure = any(part is not None for part in (*args[1:], options.get("closure")))
        if self._moved is not None and not closure:
            self._look_back(*self._moved)
        self._moved, self._old, self._grads = None, {}, {}
        if self.done < OFTEN or looks_at(self.done + 1, self.every):
            params = {id(p): p for p in (*self._held(), *self.model.parameters())}
            self._old = {key: p.detach().clone() for key, p in params.items() if p.requires_grad}
            if not closure:
                # Some optimisers write into the gradients.
                self._grads = {key: dense(p.grad).clone() for key, p in params.items() if p.grad is not None}

    def _look_back(self, step: int, own: float, moves: dict[int, Tensor]) -> None:
        """What the gradient of this step says of the last one."""
        by_next = sum(_along(p, moves[id(p)]) for p in self._held() if id(p) in moves)
        self.readings.append((step, {OWN: torch.tensor([own]), NEXT: torch.tensor([by_next])}))

    def _after(self, optimizer: Optimizer, *_: Any) -> None:
        self.done += 1
        self._strike_off()
        if self._standing:
            self._tally()
        if self._old:
            self._measure()
            self._probe()
        self._heard()

    def _measure(self) -> None:
        """Gradients and updates of a step that is over."""
        named = {name: p for name, p in self.model.named_parameters() if id(p) in self._old}
        names = [name for name in self.watched.weights if name in named]
        if names == list(self.watched.weights):
            grads = self._grads or {id(p): dense(p.grad) for p in named.values() if p.grad is not None}
            now = {name: named[name].detach().unsqueeze(0) for name in names}
            old = {name: self._old[id(named[name])].unsqueeze(0) for name in names}
            seen = {name: grads[id(named[name])].unsqueeze(0) for name in names if id(named[name]) in grads}
            self.readings.append((self.done, looked(names, seen, old, now)))
        moves = {id(p): p.detach() - self._old[id(p)] for p in self._held() if id(p) in self._old}
        if self._grads:
            own = sum(float((self._grads[key] * move).sum()) for key, move in moves.items() if key in self._grads)
            self._moved = (self.done, own, moves)
        self._old, self._grads = {}, {}

    def _of_another(self, optimizer: Optimizer, *_: Any) -> None:
        if optimizer is not self.optimizer:
            self.others += 1
            self._elsewhere[id(optimizer)] = {id(p) for group in optimizer.param_groups for p in group["params"]}

    def _strike_off(self) -> None:
        """Strikes off what has a gradient from the list of those that never had one."""
        if self.without:
            self.without = {name: p for name, p in self.without.items() if p.grad is None}

    def _probe(self) -> None:
        """From here to the next step, hears of each gradient that is added to some parameters."""
        params = [p for p in self._held() if p.requires_grad and p.grad is not None]
        for p in params[:: max(1, -(-len(params) // PROBED))]:
            standing = _Standing(p, length(p.grad))
            if bool(standing.norm > 0):
                self._standing.append(standing)
                self._between.add(p.register_hook, standing.before)
                self._between.add(p.register_post_accumulate_grad_hook, standing.after)

    def _tally(self) -> None:
        """Whether the gradients that stood after the step before were still there when this one was made."""
        self._between.clear()
        heard = [standing for standing in self._standing if standing.added]
        if heard:
            self.probed += 1
            self.kept += all(standing.kept for standing in heard)
        self._standing = []


def dense(grad: Tensor) -> Tensor:
    """A gradient without a graph, written out where it is sparse."""
    return grad.detach().to_dense() if grad.is_sparse else grad.detach()


def length(grad: Tensor) -> Tensor:
    """Of a gradient, as one number."""
    return dense(grad).float().norm()


def _along(param: Tensor, move: Tensor) -> float:
    return 0.0 if param.grad is None else float((dense(param.grad) * move).sum())
