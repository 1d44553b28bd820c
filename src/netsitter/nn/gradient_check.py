"""Gradient check: the gradient that somebody wrote, against slopes measured by centred differences, in float64."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from netsitter.errors import NetError, shown
from netsitter.nn.gradient_report import RIGHT, WRONG, GradientReport, TensorGradient
from netsitter.streams import numpy_stream

STRIDES = (1e-5, 1e-6, 1e-7)
"""How far to each side, times max(1, |x|). The next one only where the last disagrees: few kinks lie so near."""

ROUNDING = 32
"""By how many units of its last digit the function's value may be off."""

SMALL = 10 * ROUNDING
"""A slope must move the value by more such units than this to be judged: then rounding hides no factor of 2."""


def gradient_check(
    function: nn.Module | Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    loss: Callable[[Any], Tensor] | None = None,
    backward: Callable[..., Any] | None = None,
    samples: int = 100,
    seed: int = 0,
) -> GradientReport:
    """Compares the gradient of a layer or a loss, for every parameter and input, with slopes measured from its values.

        >>> class Square(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x * x
        ...     @staticmethod
        ...     def backward(ctx, upstream):
        ...         (x,) = ctx.saved_tensors
        ...         return upstream * x  # the 2 is forgotten
        >>> print(gradient_check(Square.apply, torch.tensor([3.0])).tensors[0].sentence)
        input 0: wrong, error 5.0e-01 at 0: 3 is written, 6 measured. Every slope should be 2 times as large.

    function: a module, or a function of tensors. A module is copied; its mode (train or eval) is kept.
    inputs: one tensor, or one a parameter of the function; whole numbers and what is no tensor are handed on unchecked.
    loss: turns the output into one number; by default the output is weighed with random numbers and summed, so that
        every output counts.
    backward: a gradient written as a plain function of (upstream, *inputs), which returns one tensor for each input,
        None for those without; checked in place of autograd's.
    samples: places looked at in each tensor, all of a smaller one; drawn from `seed`.
    Raises NetError for a function that is random, not in float64, not finite, or whose output has no gradient.
    Source: the CS231n notes, "Gradient checks"; the limits are in `gradient_report.py`.
    """
    problem = _Problem(function, inputs, loss, seed)
    written = problem.written(backward)
    draws = numpy_stream(seed, "gradient check, places")
    report = []
    for name, tensor in problem.tensors.items():
        count = tensor.numel()
        flat = np.arange(count) if count <= samples else np.sort(draws.choice(count, samples, replace=False))
        places = [tuple(int(i) for i in np.unravel_index(index, tensor.shape)) for index in flat]
        slopes = [_slope(problem, tensor, place, float(written[name][place])) for place in places]
        report.append(_told(name, tensor, slopes))
    return GradientReport(tuple(report))


@dataclass(frozen=True)
class _Slope:
    at: tuple[int, ...]
    written: float
    measured: float
    error: float
    left_out: Literal["", "kink", "small"] = ""


class _Problem:
    """The function with float64 tensors of its own that may be moved, and its value as one number."""

    def __init__(
        self, function: nn.Module | Callable[..., Any], inputs: Any, loss: Callable[[Any], Tensor] | None, seed: int
    ) -> None:
        self.function = deepcopy(function).to("cpu", torch.float64) if isinstance(function, nn.Module) else function
        self.inputs = [_own(value) for value in (inputs if isinstance(inputs, tuple | list) else (inputs,))]
        self.loss = loss
        names = _names(self.function, len(self.inputs))
        self.tensors: dict[str, Tensor] = {
            name: value for name, value in zip(names, self.inputs, strict=True) if _moves(value)
        }
        if isinstance(self.function, nn.Module):
            self.tensors |= {name: p for name, p in self.function.named_parameters() if _moves(p)}
        if not self.tensors:
            raise NetError("there is nothing to check: no input or parameter is made of real numbers", code="N70")
        outputs = self.outputs()
        self._refuse(outputs)
        self.here = [output.detach() for output in outputs]
        draws = numpy_stream(seed, "gradient check, weights")
        # A plain sum would not see an error that cancels in it, as in softmax, whose outputs always sum to 1.
        self.weights = [
            torch.ones(()) if o.numel() == 1 else torch.tensor(draws.standard_normal(o.shape)) for o in outputs
        ]

    def outputs(self) -> list[Tensor]:
        """What the function returns, or its loss, as a list of real tensors."""
        returned = self.function(*self.inputs)
        return _tensors(returned if self.loss is None else self.loss(returned))

    def written(self, backward: Callable[..., Any] | None) -> dict[str, Tensor]:
        """The gradient by the function's own backward, or by one handed in; only what the latter covers is kept."""
        if backward is not None:
            return self._by_hand(backward)
        outputs, leaves = self.outputs(), list(self.tensors.values())
        if not any(output.requires_grad for output in outputs):
            raise NetError(
                "the output has no gradient: the way back to the inputs is cut",
                code="N71",
                fix="look for detach(), .data, .item(), numpy() or torch.no_grad() inside",
            )
        found = torch.autograd.grad(self._sum(outputs), leaves, allow_unused=True)
        pairs = zip(self.tensors, leaves, found, strict=True)
        return {name: torch.zeros_like(leaf) if grad is None else grad for name, leaf, grad in pairs}

    def _by_hand(self, backward: Callable[..., Any]) -> dict[str, Tensor]:
        outputs = [o.detach().requires_grad_() for o in _tensors(self.function(*self.inputs))]
        returned = outputs[0] if len(outputs) == 1 else tuple(outputs)
        whole = self._sum(outputs if self.loss is None else _tensors(self.loss(returned)))
        upstream = torch.autograd.grad(whole, outputs)
        with torch.no_grad():
            returned = backward(upstream[0] if len(upstream) == 1 else upstream, *self.inputs)
        grads = list(returned) if isinstance(returned, tuple | list) else [returned]
        if len(grads) != len(self.inputs):
            raise NetError(
                f"backward must return one gradient for each of {len(self.inputs)} inputs; it returned {len(grads)}",
                code="N72",
                fix="return None for an input without one",
            )
        written = {}
        for name, tensor in list(self.tensors.items()):
            place = next((i for i, value in enumerate(self.inputs) if value is tensor), None)
            grad = None if place is None else grads[place]
            if grad is None:
                del self.tensors[name]
            elif tuple(grad.shape) != tuple(tensor.shape):
                raise NetError(
                    f"the gradient of {name} must have its shape {tuple(tensor.shape)}; it has {tuple(grad.shape)}",
                    code="N72",
                )
            else:
                written[name] = grad
        if not written:
            raise NetError("there is nothing to check: backward returned no gradient", code="N72")
        return written

    def _sum(self, outputs: list[Tensor]) -> Tensor:
        return sum(((w * o).sum() for w, o in zip(self.weights, outputs, strict=True)), torch.zeros(()))

    def moved(self, tensor: Tensor, at: tuple[int, ...], value: float) -> list[Tensor]:
        """The outputs with one number changed."""
        kept = tensor[at].item()
        with torch.no_grad():
            tensor[at] = value
            try:
                # An output may be a view of the input, which is about to be put back.
                return [output.clone() for output in self.outputs()]
            finally:
                tensor[at] = kept

    def change(self, after: list[Tensor], before: list[Tensor]) -> float:
        """By how much the weighed sum changed. Summed over changes, so that what did not change adds no rounding."""
        triples = zip(self.weights, after, before, strict=True)
        return float(sum((w * (a - b)).sum() for w, a, b in triples))

    def size(self) -> float:
        """The size of the weighed outputs: what the last digits are digits of. Their errors are independent."""
        pairs = zip(self.weights, self.here, strict=True)
        return float(sum((w * o).square().sum() for w, o in pairs)) ** 0.5

    def _refuse(self, outputs: list[Tensor]) -> None:
        for output in outputs:
            if output.dtype != torch.float64:
                came = str(output.dtype).removeprefix("torch.")
                raise NetError(
                    f"the check needs float64 all the way; the output came as {came}",
                    code="N73",
                    fix="take the type of new tensors from the input: torch.zeros_like(x), x.new_zeros(...)",
                )
            if not bool(torch.isfinite(output).all()):
                raise NetError("the output is not finite for these inputs", code="N74", fix="check other inputs")
        if self.loss is not None and (len(outputs) != 1 or outputs[0].ndim):
            shapes = [tuple(o.shape) for o in outputs]
            raise NetError(f"the loss must return one number without sides; it returned {shapes}", code="N10")
        if not all(torch.equal(a, b) for a, b in zip(outputs, self.outputs(), strict=True)):
            raise NetError(
                "the function gives another output each time, so its slopes cannot be measured",
                code="N75",
                fix="switch dropout and other noise off: net.eval()",
            )


def _slope(problem: _Problem, tensor: Tensor, at: tuple[int, ...], written: float) -> _Slope:
    """One slope, measured with ever shorter strides until it agrees; else the best, and whether this is a kink."""
    x = tensor[at].item()
    here, size = problem.here, problem.size()
    best, gaps = _Slope(at, written, float("nan"), float("inf")), []
    for stride in STRIDES:
        above, below = x + stride * max(1.0, abs(x)), x - stride * max(1.0, abs(x))
        up, down = problem.moved(tensor, at, above), problem.moved(tensor, at, below)
        measured = problem.change(up, down) / (above - below)
        digit = torch.finfo(torch.float64).eps * size / (above - below)
        if 0 < max(abs(written), abs(measured)) <= SMALL * digit:
            return _Slope(at, written, measured, 0.0, "small")
        rounding = ROUNDING * digit
        error = _error(written, measured, rounding)
        if error < best.error or not isfinite(best.measured):
            best = _Slope(at, written, measured, error)
        if error <= RIGHT:
            return best
        right, left = problem.change(up, here) / (above - x), problem.change(here, down) / (x - below)
        gaps.append(max(abs(right - left) - 4 * rounding, 0.0))
    # Of a smooth function the two sides come together as fast as the stride shrinks; at a kink they stay apart.
    apart = gaps[-1] > 0.5 * gaps[0] and gaps[-1] > WRONG * max(abs(right), abs(left))
    slack = rounding + RIGHT * max(abs(right), abs(left))
    between = min(left, right) - slack <= written <= max(left, right) + slack
    return replace(best, left_out="kink") if apart and between else best


def _error(written: float, measured: float, rounding: float) -> float:
    if not (isfinite(written) and isfinite(measured)):
        return float("inf")
    beyond = max(abs(written - measured) - rounding, 0.0)
    return beyond / max(abs(written), abs(measured)) if beyond else 0.0


def _told(name: str, tensor: Tensor, slopes: list[_Slope]) -> TensorGradient:
    judged = [slope for slope in slopes if not slope.left_out]
    worst = max(judged, key=lambda slope: slope.error, default=_Slope((), 0.0, 0.0, 0.0))
    return TensorGradient(
        name=name,
        shape=tuple(tensor.shape),
        places=len(slopes),
        kinks=sum(slope.left_out == "kink" for slope in slopes),
        small=sum(slope.left_out == "small" for slope in slopes),
        error=worst.error,
        at=worst.at,
        written=worst.written,
        measured=worst.measured,
        factor=_factor(judged),
    )


def _factor(slopes: list[_Slope]) -> float | None:
    """The one number by which every written slope falls short of the measured one."""
    written = np.array([slope.written for slope in slopes])
    measured = np.array([slope.measured for slope in slopes])
    if not len(slopes) or not np.isfinite([written, measured]).all() or not written.any():
        return None
    factor = float(written @ measured / (written @ written))
    return factor if np.allclose(written * factor, measured, rtol=RIGHT, atol=RIGHT * np.abs(written).max()) else None


def _own(value: Any) -> Any:
    """A float64 copy that autograd follows, of what is a tensor of real numbers; all else as it is."""
    if not isinstance(value, Tensor):
        return value
    value = value.detach().to("cpu", copy=True)
    return value.to(torch.float64).contiguous().requires_grad_() if value.is_floating_point() else value


def _moves(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad and value.numel() > 0


def _names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the inputs, as the function's author calls them; else their numbers."""
    try:
        called = inspect.signature(getattr(function, "forward", function)).parameters.values()
        known = [p.name for p in called if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    except (TypeError, ValueError):
        known = []
    called_so = [known[i] if i < len(known) else str(i) for i in range(count)]
    return [name if name.startswith("input") else f"input {name}" for name in called_so]


def _tensors(value: Any) -> list[Tensor]:
    """The real tensors of an output, in order."""
    if isinstance(value, Tensor):
        return [value] if value.is_floating_point() else []
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return [tensor for item in value for tensor in _tensors(item)]
    raise NetError(f"the function must return tensors; it returned {shown(value)}", code="N76")
