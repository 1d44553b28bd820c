"""What Python users and commands hand in, made into a plan and a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from netsitter.data.arrays import source_of
from netsitter.data.open import open_source
from netsitter.data.source import Source
from netsitter.plan.files import read_plan
from netsitter.plan.plan import Plan, changed, plan_of
from netsitter.plan.short import with_options
from netsitter.train.losses import Loss

Build = Callable[..., nn.Module]


@dataclass(frozen=True)
class Asked:
    """What a user asked for, before any work.

    build: a function of theirs that builds the network; loss: a loss of theirs.
    """

    plan: Plan
    source: Source
    build: Build | None
    loss: Loss | None


def asked_for(
    data: Any,
    *,
    net: str | Build | None,
    loss: str | Loss | None,
    plan: Plan | str | Path | None,
    options: Mapping[str, Any],
    data_dir: str | Path | None = None,
    download: bool = False,
) -> Asked:
    """The plan and the source behind what was handed in. Raises PlanError or DataError."""
    whole = plan if isinstance(plan, Plan) else Plan() if plan is None else read_plan(plan)
    own_net, own_loss = callable(net), callable(loss)
    whole = with_options(whole, {**options, "net": None if own_net else net, "loss": None if own_loss else loss})
    if own_net:
        name = f"{getattr(net, '__module__', 'python')}:{getattr(net, '__qualname__', type(net).__qualname__)}"
        whole = plan_of({**whole.model_dump(), "net": {**whole.net.model_dump(), "kind": "own", "own": name}})
    if data is None:
        data = whole.data.source
    if isinstance(data, str | Path):
        source = open_source(
            data,
            data_dir=None if data_dir is None else Path(data_dir),
            download=download,
            resize=whole.data.resize,
            task=whole.data.task,
        )
        whole = changed(whole, {"data.source": str(Path(data).resolve()) if Path(data).exists() else str(data)})
    else:
        source = source_of(data, task=whole.data.task)
    return Asked(whole, source, net if own_net else None, loss if own_loss else None)
