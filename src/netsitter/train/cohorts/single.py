"""A cohort of one: its own module, moved in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from netsitter.nn.modes import evaluating, into_training
from netsitter.optim.penalty import penalty
from netsitter.plan.plan import Plan
from netsitter.train.cohorts.cohort import (
    Batches,
    Cohort,
    Sums,
    Way,
    added,
    batch_sums,
    channels_last,
    copied,
    laid,
    shapes,
)
from netsitter.train.losses import Loss
from netsitter.train.noise import draws_foreign, kept_buffers, keyed, noise_key, seed_foreign
from netsitter.train.own_optimiser import MakeOptimizer, OwnOptimiser
from netsitter.train.scores import Measure
from netsitter.train.step import descend, descent_of, hyper_of, loss_of
from netsitter.train.watching import Looked, activations, before_step, looked, watched_of


class Single(Cohort):
    """One trial: its own module, moved in place."""

    way, how = Way("alone"), "one trial"

    def __init__(self, net: nn.Module, plan: Plan, loss: Loss, optimizer: MakeOptimizer | None = None) -> None:
        self.net, self.plan, self.plans, self.loss = net, plan, (plan,), loss
        self.watched = watched_of(net)
        self.descent = descent_of(self.plans, net, optimizer)
        self.params = {name: p for name, p in net.named_parameters() if p.requires_grad}
        self.optim = self.descent.method.init(self.params)
        self.hyper = hyper_of(plan)
        self.dropouts = keyed(net)
        self.foreign_noise = draws_foreign(plan)
        self.channels_last = channels_last(net)
        into_training(net)

    def step(
        self, x_B: Tensor, y_B: Tensor, *, step: int, epoch: int, lrs: Sequence[float], look: bool = False
    ) -> Tensor:
        if self.dropouts or self.foreign_noise:
            self._key_noise(noise_key(self.plan.loop.seed, epoch=epoch, step=step))
        loss = loss_of(self.net, laid(x_B, self.channels_last), y_B, self.loss)
        if loss.device.type == "cpu" and not torch.isfinite(loss):
            # Moved by such a gradient, no weight could tell any more where it began.
            self.stuck = (x_B, y_B)
            if look:
                here = _alone(self.params, self.watched.weights)
                self.looked = looked(self.watched.weights, {}, here, here)
            return loss.detach().reshape(1)
        grads = torch.autograd.grad(loss, list(self.params.values()), allow_unused=True)
        found = {name: g for name, g in zip(self.params, grads, strict=True) if g is not None}
        before = before_step(self.params, self.watched.weights, trials=False) if look else {}
        seen = {name: found[name].unsqueeze(0) for name in before if name in found}
        with torch.no_grad():
            params = self.params if len(found) == len(self.params) else {name: self.params[name] for name in found}
            hyper = {**self.hyper, "lr": lrs[0]}
            descend(params, found, self.optim, hyper, step=step, descent=self.descent)
            if look:
                old, new = (_alone(tensors, self.watched.weights) for tensors in (before, self.params))
                self.looked = looked(self.watched.weights, seen, old, new)
        return loss.detach().reshape(1)

    def sums(self, batches: Batches, *, measure: Measure) -> Sums:
        with torch.no_grad(), evaluating(self.net):
            last = self.channels_last
            total = added(batch_sums(self.net, laid(x_B, last), y_B, self.loss, measure) for x_B, y_B in batches)
        return total[0].reshape(1), total[1].unsqueeze(0)

    def activations(self, x_B: Tensor) -> Looked:
        with torch.no_grad(), evaluating(self.net):
            found = activations(self.net, self.net, x_B, self.watched.layers)
        return {name: series.unsqueeze(0) for name, series in found.items()}

    def penalties(self) -> Tensor:
        with torch.no_grad():
            return penalty(self.params, self.hyper["l2"], self.descent.decayed).reshape(1)

    def state(self) -> dict[str, Tensor]:
        whole = {f"param/{name}": p.detach() for name, p in self.net.named_parameters()}
        whole |= {f"buffer/{name}": b for name, b in kept_buffers(self.net).items()}
        whole |= {f"optim/{slot}/{name}": t for slot, tensors in self.optim.items() for name, t in tensors.items()}
        return {name: tensor.unsqueeze(0) for name, tensor in whole.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        if isinstance(self.descent.method, OwnOptimiser) and self.descent.method.optimizer is None:
            for name in (name for name in state if name.startswith("optim/")):
                _, slot, param = name.split("/", 2)
                self.optim.setdefault(slot, {})[param] = state[name][0].clone()
        super().load(state)

    def takes(self, state: Mapping[str, Tensor]) -> bool:
        if isinstance(self.descent.method, OwnOptimiser):
            # What a torch optimizer keeps is known to itself alone, and only after its first step.
            state = {name: tensor for name, tensor in state.items() if not name.startswith("optim/")}
            return shapes(state) == shapes(self.weights())
        return super().takes(state)

    def network(self, trial: int) -> nn.Module:
        return copied(self.net)

    def _key_noise(self, key: int) -> None:
        for dropout in self.dropouts.values():
            dropout.key.fill_(key)
        if self.foreign_noise:
            seed_foreign(key, next(iter(self.params.values())).device)


def _alone(tensors: Mapping[str, Tensor], names: Sequence[str]) -> dict[str, Tensor]:
    """These tensors of one trial as those of a cohort of one."""
    return {name: tensors[name].unsqueeze(0) for name in names}
