"""The short names of options, as typed on the command line and in Python calls: `lr` for `optim.lr`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netsitter.errors import PlanError, closest, shown
from netsitter.plan.plan import Plan, changed

SHORT: dict[str, tuple[str, ...]] = {
    "task": ("data.task",),
    "pixels": ("data.pixels",),
    "prepare": ("data.prepare",),
    "resize": ("data.resize",),
    "validation": ("data.validation",),
    "net": ("net",),
    "act": ("net.act",),
    "init": ("net.init",),
    "norm": ("net.norm",),
    "dropout": ("net.dropout",),
    "optim": ("optim.kind",),
    "lr": ("optim.lr",),
    "l2": ("optim.l2",),
    "decay": ("optim.decay",),
    "momentum": ("optim.momentum",),
    "clip": ("optim.clip",),
    "schedule": ("optim.schedule",),
    "warmup": ("optim.warmup",),
    "epochs": ("loop.epochs",),
    "batch": ("loop.batch",),
    "patience": ("loop.patience",),
    "device": ("loop.device",),
    "seed": ("data.seed", "loop.seed"),
    "loss": ("loop.loss",),
    "select": ("rules.select",),
    "ignore": ("rules.ignore",),
}


def with_options(plan: Plan, options: Mapping[str, Any]) -> Plan:
    """The plan with short or dotted names set; None leaves a field as it is. Raises PlanError for unknown names."""
    changes: dict[str, Any] = {}
    for name, value in options.items():
        if value is None:
            continue
        if "." not in name and name not in SHORT:
            raise PlanError(
                f"there is no option {shown(name)}.{closest(name, SHORT)}", code="P01", allowed=", ".join(SHORT)
            )
        changes |= dict.fromkeys(SHORT.get(name, (name,)), value)
    return changed(plan, changes)
