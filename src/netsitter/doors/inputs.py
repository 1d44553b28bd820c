"""What Python users and commands hand in, made into a plan and a source."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from netsitter.data.source import Source
from netsitter.data.sources.arrays import source_of
from netsitter.data.sources.given import given_source
from netsitter.data.sources.open import open_source
from netsitter.errors import DataError, NetError, PlanError
from netsitter.plan.files import read_plan
from netsitter.plan.plan import Plan, changed, plan_of
from netsitter.plan.short import with_options
from netsitter.train.beginning import Build
from netsitter.train.losses import OWN, Loss, refuse_unfit, try_loss
from netsitter.train.own_optimiser import MakeOptimizer, name_of, usual_rate


@dataclass(frozen=True)
class Asked:
    """What a user asked for, before any work.

    build: a function of theirs that builds the network; loss: a loss of theirs; optimizer: a torch one of theirs.
    """

    plan: Plan
    source: Source
    build: Build | None
    loss: Loss | None
    optimizer: MakeOptimizer | None = None


def asked_for(
    data: Any,
    *,
    net: str | Build | nn.Module | None,
    loss: str | Loss | None,
    plan: Plan | str | Path | None,
    options: Mapping[str, Any],
    optimizer: str | MakeOptimizer | None = None,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> Asked:
    """The plan and the source behind what was handed in. Raises PlanError, DataError or NetError.

    A network of the user's own on Python values is a program of theirs: its rows and targets stay as they are.
    """
    whole = plan if isinstance(plan, Plan) else Plan() if plan is None else read_plan(plan)
    build = builder_of(net) if callable(net) else None
    own_loss = loss if callable(loss) else None
    own_optimizer = optimizer if callable(optimizer) else None
    given = {
        "net": None if build else net,
        "loss": None if own_loss else loss,
        "optim.kind": None if own_optimizer else optimizer,
    }
    whole = with_options(whole, {**options, **{name: value for name, value in given.items() if value is not None}})
    if build is not None:
        whole = plan_of({**whole.model_dump(), "net": {**whole.net.model_dump(), "kind": "own", "own": _name_of(net)}})
    if own_loss is not None:
        whole = changed(whole, {"loop.loss": OWN})
    if own_optimizer is not None:
        rate = {} if whole.optim.lr is not None else {"optim.lr": usual_rate(own_optimizer)}
        whole = changed(whole, {"optim.kind": "own", "optim.own": name_of(own_optimizer), **rate})
    _refuse_missing_code(whole, build, own_loss, own_optimizer)
    if build is not None and data is not None and not isinstance(data, str | Path):
        return _program(data, whole, Asked(whole, None, build, own_loss, own_optimizer))  # type: ignore[arg-type]
    whole, source = _source(data, whole, data_dir, download)
    if own_loss is not None:
        y = source.parts["train"].y[:2]
        try_loss(own_loss, torch.from_numpy(y), outputs=y.shape[1] if source.task == "regress" else len(source.classes))
    elif whole.loop.loss is not None:
        refuse_unfit(whole.loop.loss, task=source.task)
    return Asked(whole, source, build, own_loss, own_optimizer)


def _program(data: Any, plan: Plan, asked: Asked) -> Asked:
    """The user's own program: rows and targets as they were handed in."""
    source = given_source(data)
    # Rows that are held out for a test are the user's to hold out.
    plan = changed(plan, {"data.given": True, "data.test": 0.0})
    return replace(asked, plan=plan, source=source)


def builder_of(net: Build | nn.Module) -> Build:
    """The function itself; for a module, one that returns a copy of it, weights and all."""
    return (lambda: deepcopy(net)) if isinstance(net, nn.Module) else net


def _name_of(net: Any) -> str:
    """What a plan calls a network that came as a Python value."""
    named = net if hasattr(net, "__qualname__") else type(net)
    return f"{named.__module__}:{named.__qualname__}"


def _refuse_missing_code(plan: Plan, build: Build | None, loss: Loss | None, optimizer: MakeOptimizer | None) -> None:
    """Raises when the plan was made with a function of the user's that was not handed in now."""
    if plan.optim.kind == "own" and optimizer is None:
        raise PlanError(
            f"this plan was made with a torch optimizer, {plan.optim.own}, which is not at hand",
            code="P12",
            where="optim.kind = own",
            fix="optimizer=CLASS from Python, or --optim adam",
        )
    if plan.loop.loss == OWN and loss is None:
        raise PlanError(
            "this plan was made with a loss function of your own, which is not at hand",
            code="P12",
            where=f"loop.loss = {OWN}",
            fix="loss=FUNCTION from Python, or --set loop.loss=cross_entropy",
        )
    if plan.net.kind == "own" and build is None and ".py" not in plan.net.own:
        raise NetError(
            f"the network of this plan was built in Python by {plan.net.own}, which is not at hand",
            code="N05",
            where=f"net.own = {plan.net.own}",
            fix="net=FUNCTION from Python, or --net FILE.py:NAME",
        )


def _source(data: Any, plan: Plan, data_dir: str | Path | None, download: bool) -> tuple[Plan, Source]:
    """The source, and the plan that names it where it lies on disk."""
    data = plan.data.source if data is None else data
    if isinstance(data, str) and not data:
        raise DataError(
            "no data was given",
            code="D10",
            allowed="DATA or data.source on the command line, data=... from Python",
            fix="netsitter fit digits; resume(RUN, data=...) for a run of Python values",
        )
    if not isinstance(data, str | Path):
        return plan, source_of(data, task=plan.data.task)
    source = open_source(
        data,
        data_dir=None if data_dir is None else Path(data_dir),
        download=download,
        resize=plan.data.resize,
        task=plan.data.task,
    )
    return changed(plan, {"data.source": os.path.realpath(data) if os.path.exists(data) else str(data)}), source
