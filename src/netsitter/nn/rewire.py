"""Other forwards for a module that somebody else wrote: a layer more behind it, or other functions called within it.

The module keeps its name, its parameters and its place; only its class becomes one that inherits from its own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Instead = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]
"""What is done in place of a call, given the function, its arguments and its keyword arguments."""


@dataclass(frozen=True)
class Rewire:
    """One change of what a forward pass calls.

    function: the name of the function, as "softmax". call: which of its calls, counted from 0; None for all.
    """

    function: str
    instead: Instead
    call: int | None = None


class Behind(nn.Module):
    """Mixed into a module whose output goes through `behind` as well."""

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        return self.behind(super().forward(*args, **kwargs))


class Rewired(nn.Module):
    """Mixed into a module within whose own forward, and not within its children's, some calls are replaced."""

    rewires: tuple[Rewire, ...] = ()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        with ExitStack() as entered:
            # Each sees what the ones before it call: those are entered last, and so asked first.
            for mode in map(_Rewiring, reversed(self.rewires)):
                for hook in _hooked(self, mode):
                    entered.callback(hook.remove)
                entered.enter_context(mode)
            return super().forward(*args, **kwargs)


def put_behind(part: nn.Module, behind: nn.Module) -> None:
    """From now on the output of `part` goes through `behind`, which becomes a child of it."""
    if isinstance(part, Behind):
        part.behind = nn.Sequential(part.behind, behind)
        return
    part.__class__ = _mixed(Behind, type(part))
    part.behind = behind


def rewire(part: nn.Module, change: Rewire) -> None:
    """From now on this call within the forward of `part` is replaced."""
    if not isinstance(part, Rewired):
        part.__class__ = _mixed(Rewired, type(part))
    part.rewires = (*part.rewires, change)


def own_class(part: nn.Module) -> type:
    """The class that its author gave it."""
    return next(kind for kind in type(part).__mro__ if kind not in (Behind, Rewired) and not hasattr(kind, "mixture"))


def _mixed(mixin: type, kind: type) -> type:
    return type(kind.__name__, (mixin, kind), {"mixture": True, "__module__": kind.__module__})


class _Rewiring(TorchFunctionMode):
    """Replaces calls, or only counts them, while no child is at work."""

    def __init__(self, change: Rewire | None = None) -> None:
        super().__init__()
        self.change, self.depth = change, 0
        self.calls: dict[str, int] = {}

    def enter(self) -> None:
        self.depth += 1

    def leave(self) -> None:
        self.depth -= 1

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self.depth == 0:
            name = getattr(func, "__name__", "").strip("_")
            number = self.calls.get(name, 0)
            self.calls[name] = number + 1
            if self.change is not None and self.change.function == name and self.change.call in (None, number):
                return self.change.instead(func, args, kwargs)
        return func(*args, **kwargs)


def calls_within(net: nn.Module, part: nn.Module, x_B: Tensor, function: str) -> int:
    """How often the forward of `part` itself calls a function, in one pass over these rows."""
    mode = _Rewiring()
    hooks = [part.register_forward_pre_hook(lambda *_: _only(mode.__enter__()))]
    hooks.append(part.register_forward_hook(lambda *_: mode.__exit__(None, None, None), always_call=True))
    hooks += _hooked(part, mode)
    try:
        with torch.no_grad():
            net(x_B)
    finally:
        for hook in hooks:
            hook.remove()
    return mode.calls.get(function, 0)


def _hooked(part: nn.Module, mode: _Rewiring) -> list[Any]:
    """Hooks that tell the mode when a child of this module is at work."""
    hooks = []
    for child in part.modules():
        if child is not part:
            hooks.append(child.register_forward_pre_hook(lambda *_: mode.enter()))
            hooks.append(child.register_forward_hook(lambda *_: mode.leave(), always_call=True))
    return hooks


def _only(_: object) -> None:
    """What a hook gives back would take the place of the inputs."""
