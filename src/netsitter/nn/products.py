"""Counting the multiply-adds that PyTorch really runs, whether a layer or a function asked for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class ProductCounter(TorchDispatchMode):
    """Inside, the multiply-adds of matrix products and convolutions are counted, by PyTorch's own formulas.

    PyTorch's `FlopCounterMode` counts the same; but it loads PyTorch's compiler, which takes seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    @property
    def multiply_adds(self) -> int:
        return self.flops // 2

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else the compiler would be loaded to be told that it has no business here

    def __torch_dispatch__(
        self, func: Any, types: Sequence[Any], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        formula: Callable[..., int] | None = flop_registry.get(func._overloadpacket)
        if formula is None:
            with self:
                parts = func.decompose(*args, **given)
            return func(*args, **given) if parts is NotImplemented else parts
        out = func(*args, **given)
        self.flops += formula(*args, **given, out_val=out)
        return out
