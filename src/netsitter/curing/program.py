"""`Program`: what is being cured: data in place, network, loss, optimiser, plan; and the same with a remedy applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from netsitter.nn.surgery import Change, operate, written
from netsitter.plan.plan import Plan, changed
from netsitter.record.findings import Remedy
from netsitter.train.beginning import SURGERY_ROWS, Build, bare_network, deeds_of, first_rows, network_for
from netsitter.train.losses import Loss, mended, on_any_targets
from netsitter.train.own_optimiser import MakeOptimizer, name_of, undecayed
from netsitter.train.prepare import Ready, prepared_as

PLACES = ("data.prepare", "data.target", "data.pixels", "data.epsilon")
"""Fields of the plan that decide how rows and targets reach the network."""


@dataclass(frozen=True)
class Program:
    """A network in training, as it was written or with remedies applied.

    build: the user's own function, None for a network of the plan. remedies: applied so far, in order.
    """

    ready: Ready
    build: Build | None = None
    remedies: tuple[Remedy, ...] = ()

    @property
    def plan(self) -> Plan:
        return self.ready.plan

    def network(self, seed: int | None = None) -> nn.Module:
        """The network at its start, on the device, drawn from this seed or the plan's. Raises NetError."""
        return network_for(self._drawn(seed), self.build).to(self.ready.device)

    def operated(self, seed: int | None = None) -> tuple[Change, ...]:
        """What surgery changes in the network as its author wrote it. Raises NetError for what cannot be done."""
        ready = self._drawn(seed)
        deeds = deeds_of(self.plan.net.surgery)
        return (
            operate(bare_network(ready, self.build), deeds, first_rows(ready, SURGERY_ROWS)[0].cpu())[1]
            if deeds
            else ()
        )

    def with_remedy(self, remedy: Remedy) -> Program:
        """The same program with the remedy applied. Raises PlanError for changes that no plan allows."""
        changes = self._changes(remedy)
        plan = changed(self.plan, changes) if changes else self.plan
        loss, optimizer, ready = self._loss(remedy), self._optimizer(remedy, plan), self.ready
        if loss is ready.loss and not any(name in PLACES for name in changes):
            ready = replace(ready, plan=plan, optimizer=optimizer)
        else:
            ready = prepared_as(ready, plan, loss=loss, optimizer=optimizer)
        return Program(ready, self.build, (*self.remedies, remedy))

    def optimizer_name(self) -> str:
        """What the optimiser is called."""
        own = self.ready.optimizer
        return self.plan.optim.kind if own is None else name_of(own).rpartition(":")[2]

    def _drawn(self, seed: int | None) -> Ready:
        return self.ready if seed is None else replace(self.ready, plan=changed(self.plan, {"loop.seed": seed}))

    def _changes(self, remedy: Remedy) -> Mapping[str, Any]:
        """The changes of the plan; of a loss or an optimiser by name, the user's own is forgotten."""
        changes = dict(remedy.changes)
        if "optim.kind" in changes and self.plan.optim.own:
            changes["optim.own"] = ""
        if remedy.surgery:
            changes["net.surgery"] = (*self.plan.net.surgery, *map(written, remedy.surgery))
        return changes

    def _loss(self, remedy: Remedy) -> Loss:
        loss = self.ready.loss
        if "loop.loss" in remedy.changes:
            loss = on_any_targets(str(remedy.changes["loop.loss"]))
        counts = self.ready.facts.parts["train"].class_counts
        return mended(loss, [deed.deed for deed in remedy.surgery], counts)

    def _optimizer(self, remedy: Remedy, plan: Plan) -> MakeOptimizer | None:
        if plan.optim.kind != "own":
            return None
        return undecayed(self.ready.optimizer) if remedy.changes.get("optim.decay") == 0.0 else self.ready.optimizer
