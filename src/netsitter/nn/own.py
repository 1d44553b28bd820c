"""A network from the user's own function: found in a file, called with what it asks for, and checked."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from hashlib import blake2b
from math import prod
from pathlib import Path
from types import ModuleType

import torch
from torch import nn

from netsitter.errors import NetError, closest, shown
from netsitter.nn.modes import evaluating
from netsitter.nn.summary import summary

EXAMPLE_ROWS = 2
"""Rows of the batch that the net is tried on; two, so that a lost or swapped first side shows."""


def load_builder(place: str) -> Callable[..., nn.Module]:
    """The function `NAME` of `FILE.py`, from a place written as "FILE.py:NAME" ("build" when no name is given).

    The file is run, as any import runs it. Raises NetError when it is missing, cannot be run, or has no such function.
    """
    file, _, name = place.rpartition(":") if place.rpartition(":")[0].endswith(".py") else (place, "", "build")
    path = Path(file).expanduser()
    if not path.is_file():
        raise NetError(
            f"there is no file {shown(file)} to build a net with",
            code="N05",
            where=f"net.own = {place}",
            fix="--net FILE.py:NAME of a function that returns a torch.nn.Module",
        )
    module = _run(path, place)
    builder = getattr(module, name, None)
    if builder is None:
        functions = [
            key
            for key, value in vars(module).items()
            if callable(value) and not key.startswith("_") and getattr(value, "__module__", "") == module.__name__
        ]
        raise NetError(
            f"{path} has no function {shown(name)}.{closest(name, functions)}",
            code="N06",
            where=f"net.own = {place}",
            allowed=f"it defines {', '.join(functions) or 'no function'}",
            fix=f"--net {file}:{functions[0] if functions else 'build'}",
        )
    if not callable(builder):
        raise NetError(
            f"{name} in {path} must be a function that returns a torch.nn.Module; got {shown(builder)}",
            code="N06",
            where=f"net.own = {place}",
        )
    return builder


def built_by(
    builder: Callable[..., object], *, example: tuple[int, ...], outputs: int, rows: torch.Tensor | None = None
) -> nn.Module:
    """The net that the user's function builds, tried on two rows of zeros.

    It is called with those of `example` (the shape of one input), `inputs` (how many numbers that is), `outputs` and
    `classes` (both: how many numbers it must return) that its signature names. Its weights are its own affair.
    rows: real rows that it is tried on instead; then it may return a tensor of any shape.
    Raises NetError when it fails, returns something else than an `nn.Module`, or the net's outputs have another size.
    """
    name = getattr(builder, "__name__", type(builder).__name__)
    known = {"example": example, "inputs": prod(example), "outputs": outputs, "classes": outputs}
    given = _arguments(builder, name, known)
    try:
        net = builder(**given)
    except (Exception, SystemExit) as error:
        raise NetError(
            f"{name} failed while it built the net: {type(error).__name__}: {error}",
            code="N09",
            where=_line_of(error),
            fix=f"it was called with {', '.join(f'{key}={value!r}' for key, value in given.items()) or 'nothing'}",
        ) from error
    if not isinstance(net, nn.Module):
        raise NetError(
            f"{name} must return a torch.nn.Module; it returned {shown(net)}",
            code="N07",
            fix="end the function with `return net`",
        )
    if not any(weight.requires_grad for weight in net.parameters()):
        raise NetError(
            f"the net of {name} has no weight to train",
            code="N12",
            allowed="at least one parameter with requires_grad",
            fix="add a layer with weights, or unfreeze one",
        )
    if rows is None:
        _must_answer(net, name, example, outputs)
    else:
        _must_take(net, name, rows)
    return net


def _run(path: Path, place: str) -> ModuleType:
    """The module of this file. Its name is its own, so that no installed package is hidden by it."""
    digest = blake2b(str(path.resolve()).encode(), digest_size=6).hexdigest()
    spec = importlib.util.spec_from_file_location(f"netsitter_own_{path.stem}_{digest}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    # Its neighbours may be imported from it; last in line, so that none of them hides a library.
    sys.path.append(str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[module.__name__]
        raise NetError(
            f"{path} cannot be run: {type(error).__name__}: {error}",
            code="N05",
            where=_line_of(error) or place,
            fix=f"python {path} shows the whole error",
        ) from error
    finally:
        sys.path.pop()
    return module


def _arguments(builder: Callable[..., object], name: str, known: dict[str, object]) -> dict[str, object]:
    """Those of the known arguments that the builder's signature names."""
    try:
        parameters = inspect.signature(builder).parameters
    except (TypeError, ValueError):
        return {}
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    named = {key for key, parameter in parameters.items() if parameter.kind in kinds}
    missing = [
        key
        for key, parameter in parameters.items()
        if key not in known
        and parameter.default is parameter.empty
        and parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    ]
    if missing:
        raise NetError(
            f"{name} asks for {', '.join(missing)}, which netsitter does not know",
            code="N08",
            allowed="example (the shape of one input), inputs, outputs, classes; others need a default",
            fix=f"def {getattr(builder, '__name__', 'build')}(example, outputs):",
        )
    # What a partial has settled stays settled.
    settled = getattr(builder, "keywords", {})
    return {key: value for key, value in known.items() if key in named and key not in settled}


def _must_answer(net: nn.Module, name: str, example: tuple[int, ...], outputs: int) -> None:
    """Try the net on zeros, in evaluation mode, and look at the shape of what comes."""
    try:
        with torch.no_grad(), evaluating(net):
            answer = net(torch.zeros(EXAMPLE_ROWS, *example, device=next(net.parameters()).device))
    except Exception as error:
        # The summary sends the same zeros through and knows in which layer they stopped.
        summary(net, example)
        raise NetError(
            f"the net of {name} fails on inputs of {(EXAMPLE_ROWS, *example)}: {type(error).__name__}: {error}",
            code="N12",
            where=_line_of(error),
            allowed=f"it gets (rows, {', '.join(map(str, example))}) and returns (rows, {outputs})",
        ) from error
    shape = tuple(answer.shape) if isinstance(answer, torch.Tensor) else shown(answer)
    if shape != (EXAMPLE_ROWS, outputs):
        raise NetError(
            f"the net of {name} must return {(EXAMPLE_ROWS, outputs)} for {EXAMPLE_ROWS} rows; it returned {shape}",
            code="N11",
            allowed=f"one number for each of {outputs} outputs",
            fix=f"end it with a layer of {outputs} outputs, as nn.Linear(..., {outputs})",
        )


def _must_take(net: nn.Module, name: str, x_B: torch.Tensor) -> None:
    """Try the net on some rows, in evaluation mode, and see that a tensor comes."""
    try:
        with torch.no_grad(), evaluating(net):
            answer = net(x_B.to(next(net.parameters()).device))
    except Exception as error:
        if x_B.is_floating_point():
            summary(net, tuple(x_B.shape[1:]))  # which knows in which layer it stopped
        raise NetError(
            f"the net of {name} fails on inputs of {tuple(x_B.shape)}: {type(error).__name__}: {error}",
            code="N12",
            where=_line_of(error),
            fix="a first layer that fits the rows; whole numbers are for embeddings, real numbers for other layers",
        ) from error
    if not isinstance(answer, torch.Tensor):
        raise NetError(
            f"the net of {name} must return a tensor; it returned {shown(answer)}",
            code="N11",
            fix="return the outputs that the loss takes, alone",
        )


def _line_of(error: BaseException) -> str:
    """File and line where the error arose in the user's own code, as far as it can be told."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file != __file__ and not file.startswith("<") and "torch" not in Path(file).parts:
            place = f"{file}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
