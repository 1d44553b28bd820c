"""Trials of one architecture as one: every tensor stacked with the trials first, forward and backward by `vmap`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from netsitter.nn.modes import evaluating, into_training
from netsitter.optim.penalty import penalty
from netsitter.plan.plan import Plan
from netsitter.train.cohorts.cohort import Batches, Cohort, Sums, Way, added, batch_sums, copied
from netsitter.train.losses import Loss
from netsitter.train.noise import kept_buffers, keyed, noise_key
from netsitter.train.scores import Measure
from netsitter.train.step import descend, descent_of, hyper_of, loss_of
from netsitter.train.watching import Looked, activations, before_step, looked, watched_of


class Lifted(Cohort):
    """Trials of one architecture as one. The update needs no lifting: it works on one row a trial, (T, P)."""

    how = "all trials in one lifted step"
    owns_gradients = False  # autograd may hand the same tensor to two parameters

    def __init__(self, nets: Sequence[nn.Module], plans: Sequence[Plan], loss: Loss) -> None:
        self.net, self.plans, self.loss = nets[0], plans, loss
        self.way = Way("lifted", len(plans))
        self.watched = watched_of(self.net)
        self.descent = descent_of(plans, self.net)
        self.dropouts = keyed(self.net)
        self.persistent = kept_buffers(self.net).keys()
        for net in nets:
            into_training(net)
        stacked, self.buffers = stack_module_state(list(nets))
        trained = {name for name, p in self.net.named_parameters() if p.requires_grad}
        self.params = {name: p.detach().contiguous().requires_grad_() for name, p in stacked.items() if name in trained}
        self.frozen = {name: p.detach() for name, p in stacked.items() if name not in trained}
        self.optim = self.descent.method.init({name: p.detach() for name, p in self.params.items()})
        self.rows = _rows(self.params)
        self.optim_rows = {slot: _rows(tensors) for slot, tensors in self.optim.items()}
        self.device = next(iter(self.params.values())).device
        numbers = [hyper_of(plan) for plan in plans]
        self.hyper = {name: self._number([n[name] for n in numbers], name) for name in numbers[0]}
        self.l2_T = torch.tensor([n["l2"] for n in numbers], device=self.device)
        self.seeds = sorted({plan.loop.seed for plan in plans})
        self.seed_of = torch.tensor([self.seeds.index(plan.loop.seed) for plan in plans], device=self.device)

    def step(
        self, x_B: Tensor, y_B: Tensor, *, step: int, epoch: int, lrs: Sequence[float], look: bool = False
    ) -> Tensor:
        if self.dropouts:
            self._key_noise(epoch=epoch, step=step)
        loss_T, found = self._gradients(x_B, y_B)
        before = before_step(self.params, self.watched.weights, trials=True) if look else {}
        seen = {name: found[name] for name in before if name in found}
        with torch.no_grad():
            hyper = {**self.hyper, "lr": self._number(lrs, "lr")}
            grads, owned = _rows(found), self.owns_gradients and not look
            descend(self.rows, grads, self.optim_rows, hyper, step=step, descent=self.descent, owned=owned)
            if look:
                self.looked = looked(self.watched.weights, seen, before, self.params)
        return loss_T.detach()

    def _gradients(self, x_B: Tensor, y_B: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of each trial, and by name the gradients of all that have one."""
        loss_T = self._lifted_losses(x_B, y_B)
        grads = torch.autograd.grad(loss_T.sum(), list(self.params.values()), allow_unused=True)
        return loss_T, {name: grad for name, grad in zip(self.params, grads, strict=True) if grad is not None}

    def _lifted_losses(self, x_B: Tensor, y_B: Tensor) -> Tensor:
        loss_T: Tensor = self._lift(lambda call: loss_of(call, x_B, y_B, self.loss))
        return loss_T

    def sums(self, batches: Batches, *, measure: Measure) -> Sums:
        with torch.no_grad(), evaluating(self.net):
            return added(self._batch_sums(x_B, y_B, measure) for x_B, y_B in batches)

    def _batch_sums(self, x_B: Tensor, y_B: Tensor, measure: Measure) -> Sums:
        found: Sums = self._lift(lambda call: batch_sums(call, x_B, y_B, self.loss, measure))
        return found

    def activations(self, x_B: Tensor) -> Looked:
        with torch.no_grad(), evaluating(self.net):
            found: Looked = self._lift(lambda call: activations(self.net, call, x_B, self.watched.layers))
        return found

    def penalties(self) -> Tensor:
        with torch.no_grad():
            return torch.vmap(lambda params, l2: penalty(params, l2, self.descent.decayed))(self.params, self.l2_T)

    def state(self) -> dict[str, Tensor]:
        whole = {f"param/{name}": p.detach() for name, p in (self.params | self.frozen).items()}
        whole |= {f"buffer/{name}": self.buffers[name] for name in self.persistent}
        whole |= {f"optim/{slot}/{name}": t for slot, tensors in self.optim.items() for name, t in tensors.items()}
        return whole

    def network(self, trial: int) -> nn.Module:
        net = copied(self.net)
        named = dict(net.named_parameters()) | dict(net.named_buffers())
        with torch.no_grad():
            for name, tensor in named.items():
                tensor.copy_((self.params | self.frozen | self.buffers)[name][trial])
        return net

    def _lift(self, work: Callable[[Callable[[Tensor], Tensor]], object]) -> Any:
        """`work`, given each trial's network as a function of a batch; results with the trials first."""

        def one(params: dict[str, Tensor], frozen: dict[str, Tensor], buffers: dict[str, Tensor]) -> object:
            return work(lambda x_B: functional_call(self.net, (params | frozen, buffers), (x_B,)))

        return torch.vmap(one)(self.params, self.frozen, self.buffers)

    def _key_noise(self, *, epoch: int, step: int) -> None:
        keys = [noise_key(seed, epoch=epoch, step=step) for seed in self.seeds]
        key_T = torch.tensor(keys, device=self.device)[self.seed_of]
        for name in self.dropouts:
            self.buffers[f"{name}.key"] = key_T

    def _number(self, numbers: Sequence[float], name: str) -> float | Tensor:
        """One number where all trials have the same; else (T, 1), in double: float32 is 5e-5 off in 1 - beta2."""
        if name != "clip" and numbers.count(numbers[0]) == len(numbers):
            return numbers[0]
        return torch.tensor(numbers, device=self.device, dtype=torch.float64).unsqueeze(1)


def _rows(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """(T, P): the numbers of each trial in a row."""
    return {name: t.detach().reshape(len(t), -1) for name, t in tensors.items()}
