"""`summary`: the table of a whole network before it trains, for any `nn.Module`, from one example sent through it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from netsitter.errors import NetError
from netsitter.nn.misfits import misfits, wants
from netsitter.nn.modes import evaluating
from netsitter.nn.products import ProductCounter
from netsitter.nn.receptive_field import Field, receptive_field
from netsitter.record.net_facts import LayerFacts, Summary


def summary(net: nn.Module, example: tuple[int, ...], *, dtype: torch.dtype = torch.float32) -> Summary:
    """Each layer's output, parameters, multiply-adds, memory and receptive field, and their sums.

    One example of zeros goes through the net in evaluation mode, on the device where the net is; weights, running
    statistics and modes are as before afterwards. Multiply-adds are those of the matrix products and convolutions
    that PyTorch really runs, whether a layer or a function asked for them; recurrent layers are not counted.

    example: shape of one input, without the batch: (C, Y, X), (D,).
    dtype: of the input; whole numbers for a net that begins with an embedding.
    Raises NetError that names the layer and the sizes where the example does not fit.
    """
    net_device = next((weight.device for weight in net.parameters()), torch.device("cpu"))
    input_ = torch.zeros(1, *example, dtype=dtype, device=net_device, requires_grad=dtype.is_floating_point)
    watch = _Watch(net, example)
    handles = [
        handle
        for name, layer in net.named_modules()
        for handle in (
            layer.register_forward_pre_hook(lambda _, args, name=name: watch.enters(name, args)),
            layer.register_forward_hook(lambda _, args, output, name=name: watch.leaves(name, output)),
        )
    ]
    try:
        with evaluating(net), torch.enable_grad(), watch.counter:
            net(input_)
    except NetError:
        raise
    except Exception as error:
        raise watch.told(error) from error
    finally:
        for handle in handles:
            handle.remove()
    return watch.summary()


@dataclass
class _Seen:
    """What is gathered of one layer while the example goes through."""

    type: str
    output: Tensor | None = None
    products: int = 0
    bytes: int = 0
    field: tuple[int, ...] | None = None
    calls: int = 0


@dataclass
class _Watch:
    """Follows one forward pass from layer to layer."""

    net: nn.Module
    example: tuple[int, ...]
    counter: ProductCounter = field(default_factory=ProductCounter)
    seen: dict[str, _Seen] = field(default_factory=dict)
    inside: list[tuple[str, int, tuple[Any, ...]]] = field(default_factory=list)
    storages: dict[int, Tensor] = field(default_factory=dict)
    fields: dict[Any, Field] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    claimed: int = 0

    def enters(self, name: str, args: tuple[Any, ...]) -> None:
        self.inside.append((name, self.counter.flops - self.claimed, args))
        if args and isinstance(args[0], Tensor):
            told = misfits(name, self.net.get_submodule(name), tuple(args[0].shape))
            self.warnings += [warning for warning in told if warning not in self.warnings]

    def leaves(self, name: str, output: Any) -> None:
        _, before, args = self.inside.pop()
        layer = self.net.get_submodule(name)
        seen = self.seen.setdefault(name, _Seen(type(layer).__name__))
        seen.calls += 1
        # What inner layers have run is theirs already.
        own = self.counter.flops - self.claimed - before
        seen.products += own
        self.claimed += own
        tensor = _first_tensor(output)
        if tensor is None:
            return
        seen.output = tensor
        seen.field = receptive_field(tensor, self.example, self.fields)
        storage = tensor.untyped_storage()
        inputs = {given.untyped_storage().data_ptr() for given in args if isinstance(given, Tensor)}
        if storage.data_ptr() not in self.storages and storage.data_ptr() not in inputs:
            # Kept, so that its address is not given to another tensor.
            self.storages[storage.data_ptr()] = tensor
            seen.bytes += tensor.nbytes

    def summary(self) -> Summary:
        rows = self._rows()
        weights = list(self.net.parameters())
        return Summary(
            example=self.example,
            layers=rows,
            parameters=sum(weight.numel() for weight in weights),
            trainable=sum(weight.numel() for weight in weights if weight.requires_grad),
            multiply_adds=self.counter.multiply_adds,
            parameter_bytes=sum(weight.nbytes for weight in weights),
            output_bytes=sum(row.output_bytes for row in rows),
            warnings=tuple(self.warnings),
        )

    def _rows(self) -> tuple[LayerFacts, ...]:
        """A row for each layer that has no layers inside, has weights of its own, or multiplies by itself."""
        rows, counted = [], set[int]()
        for name, layer in self.net.named_modules():
            own = [weight for weight in layer.parameters(recurse=False) if id(weight) not in counted]
            counted |= {id(weight) for weight in own}
            seen = self.seen.get(name, _Seen(type(layer).__name__))
            if any(True for _ in layer.children()) and not own and not seen.products:
                continue
            if not seen.calls and not own:
                continue
            rows.append(
                LayerFacts(
                    name=name,
                    type=seen.type,
                    output=None if seen.output is None else tuple(seen.output.shape[1:]),
                    parameters=sum(weight.numel() for weight in own),
                    multiply_adds=seen.products // 2,
                    output_bytes=seen.bytes,
                    field=seen.field,
                    calls=seen.calls,
                )
            )
        return tuple(rows)

    def told(self, error: Exception) -> NetError:
        """What failed, with the innermost layer that was at work."""
        if not self.inside:
            return NetError(f"the network fails on an example of {self.example}: {error}", code="N12")
        name, _, args = self.inside[-1]
        layer = self.net.get_submodule(name)
        shape = next((tuple(given.shape) for given in args if isinstance(given, Tensor)), None)
        which = f"layer {name} ({type(layer).__name__})" if name else f"the network ({type(layer).__name__})"
        wanted = wants(layer, shape)
        if wanted is None:
            return NetError(f"{which} fails on an input of {shape}: {error}", code="N12", where=self._trail())
        says, allowed, fix = wanted
        return NetError(f"{which} {says}", code="N02", where=self._trail(), allowed=allowed, fix=fix)

    def _trail(self) -> str:
        """The sizes up to the fault: "input (3, 32, 32) → conv1 (32, 32, 32) → ..."."""
        ran = [
            f"{name} {tuple(seen.output.shape[1:])}"
            for name, seen in self.seen.items()
            if seen.output is not None and not any(True for _ in self.net.get_submodule(name).children())
        ]
        return " → ".join([f"input {self.example}", *ran[-4:]])


def _first_tensor(output: Any) -> Tensor | None:
    """The tensor of an output: itself, or the first of a tuple, list or mapping."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, dict):
        output = list(output.values())
    if isinstance(output, (tuple, list)):
        return next((tensor for item in output if (tensor := _first_tensor(item)) is not None), None)
    return None
