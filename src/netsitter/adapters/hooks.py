"""Hooks that only listen: they give nothing back, are all removed at the end, and what fails in them fails alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class Hook:
    """Calls something while it is watched. A copy of it, as in a copy of the network, does nothing."""

    def __init__(self, call: Callable[..., object] | None = None, failed: Callable[[Exception], None] | None = None):
        self.call, self.failed = call, failed

    def __call__(self, *args: Any) -> None:
        if self.call is None or torch.compiler.is_compiling():
            return
        try:
            self.call(*args)
        except Exception as error:  # a fault of ours must not end a training of theirs
            self.call = None
            if self.failed is not None:
                self.failed(error)

    def __deepcopy__(self, memo: dict[int, Any]) -> Hook:
        return Hook()

    def __reduce__(self) -> tuple[type[Hook], tuple[()]]:
        return Hook, ()


class Hooks:
    """Hooks that come off together. told: what was not seen because looking failed, each with why."""

    def __init__(self, what: str, told: list[tuple[str, str]]) -> None:
        self.what, self.told = what, told
        self._handles: list[Any] = []

    def add(self, register: Callable[[Any], Any], call: Callable[..., object]) -> None:
        """Registers by a PyTorch function that takes a hook and returns a handle."""
        self._handles.append(register(Hook(call, self._failed)))

    def clear(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _failed(self, error: Exception) -> None:
        failure = (self.what, f"{type(error).__name__}: {error}")
        if failure not in self.told:
            self.told.append(failure)
