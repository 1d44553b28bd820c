"""`Program`: what is being cured: data in place, network, loss, optimiser, plan; and the same with a remedy applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from netsitter.nn.surgery import Change, operate
from netsitter.plan.plan import Plan, changed
from netsitter.record.findings import Remedy, Surgery
from netsitter.streams import stream_key
from netsitter.train.beginning import Build, first_rows, network_for
from netsitter.train.losses import MENDS, Loss, on_any_targets
from netsitter.train.own_optimiser import MakeOptimizer, name_of, undecayed
from netsitter.train.prepare import Ready, prepared_as

SURGERY_ROWS = 5
"""Training rows that surgery follows the network with."""

PLACES = ("data.prepare", "data.target", "data.pixels", "data.epsilon")
"""Fields of the plan that decide how rows and targets reach the network."""


@dataclass(frozen=True)
class Program:
    """A network in training, as it was written or with remedies applied.

    build: the user's own function, None for a network of the plan. remedies: applied so far, in order. surgery: all
    that is done to the network at its start, in order.
    """

    ready: Ready
    build: Build | None = None
    remedies: tuple[Remedy, ...] = ()
    surgery: tuple[Surgery, ...] = ()

    @property
    def plan(self) -> Plan:
        return self.ready.plan

    def network(self, seed: int) -> nn.Module:
        """The network at its start, drawn from this seed, on the device. Raises NetError for what cannot be done."""
        return self.operated(seed)[0]

    def operated(self, seed: int) -> tuple[nn.Module, tuple[Change, ...]]:
        """The same, with what surgery changed in it."""
        plan = changed(self.plan, {"loop.seed": seed})
        net = network_for(replace(self.ready, plan=plan), self.build).to(self.ready.device)
        if not self.surgery:
            return net, ()
        x_B, _ = first_rows(self.ready, SURGERY_ROWS)
        generator = torch.Generator().manual_seed(stream_key(seed, "init"))
        return operate(net, self.surgery, x_B, generator=generator)

    def with_remedy(self, remedy: Remedy) -> Program:
        """The same program with the remedy applied. Raises PlanError for changes that no plan allows."""
        changes = self._changes(remedy)
        plan = changed(self.plan, changes) if changes else self.plan
        loss, optimizer = self._loss(remedy), self._optimizer(remedy, plan)
        ready = self.ready
        if plan != ready.plan or loss is not ready.loss or optimizer is not ready.optimizer:
            same = loss is ready.loss and all(name not in PLACES for name in changes)
            kept = replace(ready, plan=plan, optimizer=optimizer)
            ready = kept if same else prepared_as(ready, plan, loss=loss, optimizer=optimizer)
        surgery = (*self.surgery, *(deed for deed in remedy.surgery if deed.deed not in MENDS))
        return Program(ready, self.build, (*self.remedies, remedy), surgery)

    def _changes(self, remedy: Remedy) -> Mapping[str, Any]:
        """The changes of the plan; of a loss or an optimiser by name, the user's own is forgotten."""
        changes = dict(remedy.changes)
        if "optim.kind" in changes and self.plan.optim.own:
            changes["optim.own"] = ""
        if any(deed.deed in MENDS for deed in remedy.surgery):
            changes["loop.loss"] = "own"
        return changes

    def _loss(self, remedy: Remedy) -> Loss:
        loss = self.ready.loss
        if "loop.loss" in remedy.changes:
            loss = on_any_targets(str(remedy.changes["loop.loss"]))
        for deed in remedy.surgery:
            if deed.deed in MENDS:
                loss = MENDS[deed.deed](loss)
        return loss

    def _optimizer(self, remedy: Remedy, plan: Plan) -> MakeOptimizer | None:
        optimizer = self.ready.optimizer
        if plan.optim.kind != "own":
            return None
        if remedy.changes.get("optim.decay") == 0.0:
            return undecayed(optimizer)
        return optimizer

    def optimizer_name(self) -> str:
        """What the optimiser is called."""
        own = self.ready.optimizer
        return self.plan.optim.kind if own is None else name_of(own).rpartition(":")[2]
