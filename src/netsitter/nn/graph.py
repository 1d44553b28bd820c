"""`graph_of`: the operations of one forward pass, followed through modules and plain functions alike."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from netsitter.nn.modes import evaluating
from netsitter.nn.operations import ELEMENTWISE, IGNORED, ends_of, facts_of, role_of
from netsitter.record.graph import INPUT, Graph, Operation


def graph_of(net: nn.Module, x_B: Tensor) -> Graph:
    """The graph of one forward pass over these rows, in evaluation mode. The network is left as it was.

    x_B: a few rows; an odd number such as 5 tells their axis from others.
    """
    fast = torch.backends.mha.get_fastpath_enabled()
    # In one fused kernel nothing could be followed.
    torch.backends.mha.set_fastpath_enabled(False)
    follower = _Follower(net, x_B)
    try:
        with torch.no_grad(), evaluating(net), follower:
            out = net(x_B)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        follower.leave()
    first = _first_tensor(out)
    place = follower.places.get(id(first), INPUT) if first is not None else INPUT
    return Graph(tuple(follower.operations), place, whole=isinstance(out, Tensor) and id(out) in follower.places)


class _Follower(TorchFunctionMode):
    """Notes each operation on a signal, and which operations its inputs came from."""

    def __init__(self, net: nn.Module, x_B: Tensor) -> None:
        super().__init__()
        self.operations: list[Operation] = []
        self.places: dict[int, int] = {id(x_B): INPUT}
        self.rows = len(x_B)
        self._alive: list[Tensor] = [x_B]  # an address is used again when its tensor is gone
        self._parameters = {id(p): name for name, p in net.named_parameters()}
        self._buffers = {id(b) for b in net.buffers()}
        self._inside: list[tuple[str, nn.Module]] = []
        self._hooks: list[Any] = []
        for name, part in net.named_modules():
            self._hooks.append(part.register_forward_pre_hook(lambda part, _, name=name: self._enter(name, part)))
            self._hooks.append(part.register_forward_hook(self._leave, always_call=True))

    def leave(self) -> None:
        for hook in self._hooks:
            hook.remove()

    def _enter(self, name: str, part: nn.Module) -> None:
        self._inside.append((name, part))

    def _leave(self, *_: object) -> None:
        self._inside.pop()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        with torch._C.DisableTorchFunction():
            self._note(func, args, kwargs, out)
        return out

    def _note(self, func: Any, args: Any, kwargs: dict[str, Any], out: Any) -> None:
        called = getattr(func, "__name__", "").strip("_")
        tensors = _tensors((args, kwargs))
        inputs = tuple(dict.fromkeys(self.places[id(t)] for t in tensors if id(t) in self.places))
        made = [t for t in _tensors(out) if t.is_floating_point() or t.dtype == torch.int64]
        if not inputs or not made or called in IGNORED:
            return
        name, part = self._inside[-1] if self._inside else ("", None)
        alone = part is not None and not any(part.children()) and bool(name)
        parameters = tuple(self._parameters[id(t)] for t in tensors if id(t) in self._parameters)
        signals = sum(id(t) in self.places for t in tensors)
        role = role_of(called, part if alone else None, signals=signals, parameters=bool(parameters))
        facts = facts_of(role, called, part if alone else None, args, kwargs, made[0], self.rows)
        if role == "activation":
            facts |= ends_of(func, part if alone and called not in ELEMENTWISE else None, args, kwargs)
        if role == "other" and inputs != (INPUT,) and len(self.operations) in inputs:
            return
        place = len(self.operations)
        kind = type(part).__name__ if alone and part is not None else called
        self.operations.append(Operation(name, kind, role, inputs, tuple(made[0].shape[1:]), parameters, facts))
        for tensor in made:
            # An in-place operation gives back its input, which from now on is this operation's.
            self.places[id(tensor)] = place
            self._alive.append(tensor)


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        return [t for item in value.values() for t in _tensors(item)]
    if isinstance(value, tuple | list):
        return [t for item in value for t in _tensors(item)]
    return []


def _first_tensor(out: Any) -> Tensor | None:
    return next(iter(_tensors(out)), None)
