"""A cohort: trials of one shape that train together on the same batches. The only file that lifts a step over trials.

A cohort of one is its network, moved in place by the same functions; there is one loop for both.
What cannot be lifted (recurrent kernels, control flow that looks at values) runs in turn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from netsitter.errors import PlanError
from netsitter.nn.modes import evaluating, into_training
from netsitter.optim.penalty import penalty
from netsitter.plan.plan import Plan, by_trial, differing
from netsitter.train.losses import Loss
from netsitter.train.noise import dropouts_of, kept_buffers, keyed, noise_key, seed_foreign
from netsitter.train.own_optimiser import MakeOptimizer, OwnOptimiser
from netsitter.train.scores import Measure, row_sums
from netsitter.train.step import descend, descent_of, hyper_of, loss_of
from netsitter.train.watching import Looked, activations, before_step, looked, watched_of

Batches = Iterable[tuple[Tensor, Tensor]]
Sums = tuple[Tensor, Tensor]
"""Of a part, by trial: summed loss (T,), and summed row scores (T, ...)."""


class Cohort(ABC):
    """Some trials and their networks.

    plans: one a trial. The order of trials is that of the plans, everywhere.
    how: in words, the way they run. net: a network whose names are those of all.
    looked: what was measured in the last step that was looked at.
    stuck: the batch whose loss left the finite numbers, of a single trial whose weights are as they were before it.
    """

    plans: Sequence[Plan]
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
        """All that a checkpoint must hold, by name, each with the trials first. Not a copy."""

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
        return _shapes(state) == _shapes(self.state())

    def weights(self) -> dict[str, Tensor]:
        """The part of `state` that decides outputs."""
        return {name: tensor for name, tensor in self.state().items() if not name.startswith("optim/")}


def cohort_of(
    nets: Sequence[nn.Module],
    plans: Sequence[Plan],
    loss: Loss,
    *,
    device: torch.device,
    probe: tuple[Tensor, Tensor] | None = None,
    optimizer: MakeOptimizer | None = None,
) -> Cohort:
    """The trials as one cohort: a single network, lifted together, or in turn where that cannot be.

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
    if optimizer is None and can_be_lifted(nets) and (probe is None or _lifts(nets, plans, loss, probe)):
        return Lifted(nets, plans, loss)
    return InTurn([Single(net, plan, loss, optimizer) for net, plan in zip(nets, plans, strict=True)])


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


class Single(Cohort):
    """One trial: its own module, moved in place."""

    how = "one trial"

    def __init__(self, net: nn.Module, plan: Plan, loss: Loss, optimizer: MakeOptimizer | None = None) -> None:
        self.net, self.plan, self.plans, self.loss = net, plan, (plan,), loss
        self.watched = watched_of(net)
        self.descent = descent_of(self.plans, net, optimizer)
        self.params = {name: p for name, p in net.named_parameters() if p.requires_grad}
        self.optim = self.descent.method.init(self.params)
        self.hyper = hyper_of(plan)
        self.dropouts = keyed(net)
        self.foreign_noise = plan.net.kind in (None, "own")
        into_training(net)

    def step(
        self, x_B: Tensor, y_B: Tensor, *, step: int, epoch: int, lrs: Sequence[float], look: bool = False
    ) -> Tensor:
        if self.dropouts or self.foreign_noise:
            self._key_noise(noise_key(self.plan, epoch=epoch, step=step))
        loss = loss_of(self.net, x_B, y_B, self.loss)
        if loss.device.type == "cpu" and not torch.isfinite(loss):
            # Moved by such a gradient, no weight could tell any more where it began.
            self.stuck = (x_B, y_B)
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
            total = _added(_batch_sums(self.net, x_B, y_B, self.loss, measure) for x_B, y_B in batches)
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
            return _shapes(state) == _shapes(self.weights())
        return super().takes(state)

    def network(self, trial: int) -> nn.Module:
        return _copy(self.net)

    def _key_noise(self, key: int) -> None:
        for dropout in self.dropouts.values():
            dropout.key.fill_(key)
        if self.foreign_noise:
            seed_foreign(key, next(iter(self.params.values())).device)


class Lifted(Cohort):
    """Trials of one architecture as one: every tensor stacked with the trials first, the step lifted by `vmap`."""

    how = "all trials in one lifted step"

    def __init__(self, nets: Sequence[nn.Module], plans: Sequence[Plan], loss: Loss) -> None:
        self.net, self.plans, self.loss = nets[0], plans, loss
        self.watched = watched_of(self.net)
        self.descent = descent_of(plans, self.net)
        self.dropouts = keyed(self.net)
        self.persistent = kept_buffers(self.net).keys()
        for net in nets:
            into_training(net)
        stacked, self.buffers = stack_module_state(list(nets))
        trained = {name for name, p in self.net.named_parameters() if p.requires_grad}
        self.params = {name: p.detach().requires_grad_() for name, p in stacked.items() if name in trained}
        self.frozen = {name: p.detach() for name, p in stacked.items() if name not in trained}
        self.optim = self.descent.method.init({name: p.detach() for name, p in self.params.items()})
        device = next(iter(self.params.values())).device
        numbers = [hyper_of(plan) for plan in plans]
        self.hyper = {name: _by_trial([n[name] for n in numbers], device) for name in numbers[0]}

    def step(
        self, x_B: Tensor, y_B: Tensor, *, step: int, epoch: int, lrs: Sequence[float], look: bool = False
    ) -> Tensor:
        if self.dropouts:
            keys = [noise_key(plan, epoch=epoch, step=step) for plan in self.plans]
            key_T = torch.tensor(keys, device=x_B.device)
            for name in self.dropouts:
                self.buffers[f"{name}.key"] = key_T
        loss_T = self._lift(lambda call: loss_of(call, x_B, y_B, self.loss))
        grads = torch.autograd.grad(loss_T.sum(), list(self.params.values()), allow_unused=True)
        found = {name: grad for name, grad in zip(self.params, grads, strict=True) if grad is not None}
        hyper = {**self.hyper, "lr": _by_trial(lrs, x_B.device)}
        before = before_step(self.params, self.watched.weights, trials=True) if look else {}
        seen = {name: found[name] for name in before if name in found}

        def move(params: dict[str, Tensor], grads: dict[str, Tensor], optim: dict, hyper: dict[str, Tensor]) -> Tensor:
            descend(params, grads, optim, hyper, step=step, descent=self.descent)
            return hyper["lr"]  # vmap wants a tensor back

        with torch.no_grad():
            torch.vmap(move)(self.params, found, self.optim, hyper)
            if look:
                self.looked = looked(self.watched.weights, seen, before, self.params)
        return loss_T.detach()

    def sums(self, batches: Batches, *, measure: Measure) -> Sums:
        with torch.no_grad(), evaluating(self.net):
            return _added(self._lift(lambda call, b=b: _batch_sums(call, *b, self.loss, measure)) for b in batches)

    def activations(self, x_B: Tensor) -> Looked:
        with torch.no_grad(), evaluating(self.net):
            return self._lift(lambda call: activations(self.net, call, x_B, self.watched.layers))

    def penalties(self) -> Tensor:
        with torch.no_grad():
            return torch.vmap(lambda params, l2: penalty(params, l2, self.descent.decayed))(
                self.params, self.hyper["l2"]
            )

    def state(self) -> dict[str, Tensor]:
        whole = {f"param/{name}": p.detach() for name, p in (self.params | self.frozen).items()}
        whole |= {f"buffer/{name}": self.buffers[name] for name in self.persistent}
        whole |= {f"optim/{slot}/{name}": t for slot, tensors in self.optim.items() for name, t in tensors.items()}
        return whole

    def network(self, trial: int) -> nn.Module:
        net = _copy(self.net)
        named = dict(net.named_parameters()) | dict(net.named_buffers())
        with torch.no_grad():
            for name, tensor in named.items():
                tensor.copy_((self.params | self.frozen | self.buffers)[name][trial])
        return net

    def _lift(self, work: Callable[[Callable[[Tensor], Tensor]], object]) -> object:
        """`work`, given each trial's network as a function of a batch; results with the trials first."""

        def one(params: dict[str, Tensor], frozen: dict[str, Tensor], buffers: dict[str, Tensor]) -> object:
            return work(lambda x_B: functional_call(self.net, (params | frozen, buffers), (x_B,)))

        return torch.vmap(one)(self.params, self.frozen, self.buffers)


class InTurn(Cohort):
    """Trials that cannot be lifted, one after the other on each batch."""

    how = "one trial after the other: this network cannot be lifted over trials"

    def __init__(self, singles: Sequence[Single]) -> None:
        self.singles = singles
        self.plans = [single.plan for single in singles]
        self.net = singles[0].net

    def step(
        self, x_B: Tensor, y_B: Tensor, *, step: int, epoch: int, lrs: Sequence[float], look: bool = False
    ) -> Tensor:
        pairs = zip(self.singles, lrs, strict=True)
        losses = [single.step(x_B, y_B, step=step, epoch=epoch, lrs=(lr,), look=look) for single, lr in pairs]
        if look:
            self.looked = _together([single.looked for single in self.singles])
        return torch.cat(losses)

    def sums(self, batches: Batches, *, measure: Measure) -> Sums:
        return _added(self._batch_sums(batch, measure) for batch in batches)

    def _batch_sums(self, batch: tuple[Tensor, Tensor], measure: Measure) -> Sums:
        each = [single.sums([batch], measure=measure) for single in self.singles]
        return torch.cat([loss for loss, _ in each]), torch.cat([rows for _, rows in each])

    def activations(self, x_B: Tensor) -> Looked:
        return _together([single.activations(x_B) for single in self.singles])

    def penalties(self) -> Tensor:
        return torch.cat([single.penalties() for single in self.singles])

    def state(self) -> dict[str, Tensor]:
        """Copies, since the trials' tensors lie apart."""
        states = [single.state() for single in self.singles]
        return {name: torch.cat([state[name] for state in states]) for name in states[0]}

    def load(self, state: Mapping[str, Tensor]) -> None:
        for trial, single in enumerate(self.singles):
            single.load({name: tensor[trial : trial + 1] for name, tensor in state.items()})

    def takes(self, state: Mapping[str, Tensor]) -> bool:
        return all(
            single.takes({name: tensor[trial : trial + 1] for name, tensor in state.items()})
            for trial, single in enumerate(self.singles)
        )

    def network(self, trial: int) -> nn.Module:
        return self.singles[trial].network(0)


def _alone(tensors: Mapping[str, Tensor], names: Sequence[str]) -> dict[str, Tensor]:
    """These tensors of one trial as those of a cohort of one."""
    return {name: tensors[name].unsqueeze(0) for name in names}


def _together(each: Sequence[Looked]) -> Looked:
    """What was measured of single trials as that of a cohort."""
    return {name: torch.cat([one[name] for one in each]) for name in each[0]}


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (t.shape, t.dtype) for name, t in tensors.items()}


def _by_trial(numbers: Sequence[float], device: torch.device) -> Tensor:
    """(T,) in double precision: float32 is 5e-5 off in 1 - beta2."""
    return torch.tensor(numbers, device=device, dtype=torch.float64)


def _batch_sums(call: Callable[[Tensor], Tensor], x_B: Tensor, y_B: Tensor, loss: Loss, measure: Measure) -> Sums:
    outputs = call(x_B)
    return loss(outputs, y_B).to(torch.float64) * len(x_B), row_sums(outputs, y_B, measure)


def _added(sums: Iterator[Sums]) -> Sums:
    loss, rows = next(sums)
    for more_loss, more_rows in sums:
        loss, rows = loss + more_loss, rows + more_rows
    return loss, rows


def _copy(net: nn.Module) -> nn.Module:
    """The network with tensors of its own, in evaluation mode, its dropout that of PyTorch again."""
    copy = deepcopy(net).eval()
    for dropout in dropouts_of(copy).values():
        dropout.keyed = False
    return copy
