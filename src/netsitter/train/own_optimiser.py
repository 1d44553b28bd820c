"""A torch optimizer of the user's, in the place of one of ours."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from netsitter.errors import PlanError, shown

MakeOptimizer = Callable[..., torch.optim.Optimizer]


class OwnOptimiser:
    """Moves parameters by a torch optimizer, made over them at the first step; what it keeps is shown by slot and name.

    make: called with (parameters, lr=...), as `torch.optim.SGD` or a `functools.partial` of it.
    """

    def __init__(self, make: MakeOptimizer) -> None:
        self.make = make
        self.optimizer: torch.optim.Optimizer | None = None

    def init(self, params: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
        """Nothing yet: torch makes what it keeps at the first step."""
        return {}

    def update(
        self,
        params: Mapping[str, Tensor],
        grads: Mapping[str, Tensor],
        state: dict[str, dict[str, Tensor]],
        hyper: Mapping[str, Any],
        step: int,
        *,
        decayed: Collection[str] | None = None,
    ) -> None:
        """One step of the optimizer at the rate of this step; `state` then shows what it keeps."""
        optimizer = self._over(params, float(hyper["lr"]), state)
        for group in optimizer.param_groups:
            group["lr"] = float(hyper["lr"])
        for name, grad in grads.items():
            params[name].grad = grad
        optimizer.step()
        for name in grads:
            params[name].grad = None
        state.clear()
        for name, param in params.items():
            for slot, value in optimizer.state.get(param, {}).items():
                if isinstance(value, Tensor):
                    state.setdefault(slot, {})[name] = value

    def _over(
        self, params: Mapping[str, Tensor], lr: float, state: Mapping[str, Mapping[str, Tensor]]
    ) -> torch.optim.Optimizer:
        """The optimizer over these parameters; at first made, with what a checkpoint kept of it."""
        if self.optimizer is None:
            self.optimizer = made(self.make, params.values(), lr)
            for slot, tensors in state.items():
                for name, tensor in tensors.items():
                    self.optimizer.state[params[name]][slot] = tensor.clone()
        return self.optimizer


def made(make: MakeOptimizer, params: Iterable[Tensor], lr: float) -> torch.optim.Optimizer:
    """The user's optimizer over these parameters. Raises PlanError for what is none that a plain step moves."""
    name = name_of(make)
    try:
        optimizer = make(list(params), lr=lr)
    except Exception as error:
        raise PlanError(
            f"the optimizer {name} failed: {type(error).__name__}: {error}",
            code="P21",
            where=f"called with (parameters, lr={lr:g})",
            fix="optimizer=torch.optim.SGD, or functools.partial(torch.optim.SGD, momentum=0.9)",
        ) from error
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise PlanError(f"{name} must give a torch optimizer; it gave {shown(optimizer)}", code="P21")
    closure = inspect.signature(type(optimizer).step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        raise PlanError(
            f"the optimizer {name} works out the loss several times a step, which is not supported",
            code="P21",
            fix="optimizer=torch.optim.Adam",
        )
    return optimizer


def decay_of(make: MakeOptimizer) -> float:
    """The weight decay that it works with."""
    groups = made(make, [torch.zeros(1, requires_grad=True)], 1e-3).param_groups
    return max(float(group.get("weight_decay") or 0.0) for group in groups)


def undecayed(make: MakeOptimizer | None) -> MakeOptimizer | None:
    """The user's optimiser with its weight decay taken out."""
    if make is None:
        return None

    def bare(params: Any, lr: float) -> torch.optim.Optimizer:
        optimizer = make(params, lr=lr)
        for group in optimizer.param_groups:
            group["weight_decay"] = 0.0
        return optimizer

    bare.__module__, bare.__qualname__ = name_of(make).rpartition(":")[::2]
    return bare


def name_of(make: MakeOptimizer) -> str:
    """What a plan calls it."""
    inner = getattr(make, "func", make)
    return f"{getattr(inner, '__module__', '')}:{getattr(inner, '__qualname__', type(inner).__name__)}".lstrip(":")


def usual_rate(make: MakeOptimizer) -> float:
    """The rate that it takes by itself, where its signature says so; else 1e-3."""
    try:
        default = inspect.signature(make).parameters["lr"].default
        return float(default)
    except (KeyError, TypeError, ValueError):
        return 1e-3
