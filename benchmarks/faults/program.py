"""What a program of the gallery is, and what it comes to when it is trained as it stands, by a plain loop of its own.

python -m benchmarks.faults.program [NAME ...] prints the scores of sick programs and their good twins over three seeds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from statistics import median
from typing import Any

import numpy as np
import torch
from benchmarks.faults import programs as folder
from torch import Tensor, nn

Loop = Callable[[nn.Module, Tensor, Tensor, "Program", Callable[..., Any]], None]


@dataclass(frozen=True)
class Data:
    """Rows as the program feeds them: tensors of any shape. val: rows that it is judged by; None judges by the training
    rows, as with the four of XOR.
    """

    x: Tensor
    y: Tensor
    x_val: Tensor | None = None
    y_val: Tensor | None = None


@dataclass(frozen=True)
class Program:
    """A network in training, as somebody wrote it.

    data: called with the seed. build: called under `torch.manual_seed`. loss: f(outputs, targets), or a name that
        netsitter knows ("cross_entropy", "mse").
    optimizer: called with (parameters, lr=...), as torch.optim.SGD; functools.partial gives it more.
    score: (outputs, targets) of the rows it is judged by -> 1 for perfect; the targets as the program has them.
    loop: the program's own loop where the fault lies there: loop(model, x, y, program, watch), with
        `with watch(model, optimizer):` around what it does.
    """

    data: Callable[[int], Data]
    build: Callable[[], nn.Module]
    loss: Any
    optimizer: Callable[..., torch.optim.Optimizer]
    lr: float
    batch: int
    epochs: int
    score: Callable[[Tensor, Tensor], float]
    loop: Loop | None = None


@dataclass(frozen=True)
class Entry:
    """A program with what is true of it.

    faults: each true fault as the slugs that name it honestly; the first is the main one. Empty for a well program.
    about: what is wrong, or what kind of well network it is, in a sentence.
    good: the same program as it should be. bar: a score that the good (or well) program reaches.
    """

    name: str
    about: str
    program: Program
    bar: float
    faults: tuple[tuple[str, ...], ...] = ()
    good: Program | None = None


def sick(*faults: str, bar: float) -> Callable[[Callable[[], tuple[Program, Program]]], Callable[[], Entry]]:
    """Marks a function that returns (sick, good). faults: slugs; alternatives for one fault are joined by "|"."""

    def marked(make: Callable[[], tuple[Program, Program]]) -> Callable[[], Entry]:
        def entry() -> Entry:
            program, good = make()
            named = tuple(tuple(fault.split("|")) for fault in faults)
            return Entry(make.__name__, " ".join((make.__doc__ or "").split()), program, bar, named, good)

        entry.gallery = True  # type: ignore[attr-defined]
        return entry

    return marked


def well(*, bar: float) -> Callable[[Callable[[], Program]], Callable[[], Entry]]:
    """Marks a function that returns a well program."""

    def marked(make: Callable[[], Program]) -> Callable[[], Entry]:
        def entry() -> Entry:
            return Entry(make.__name__, " ".join((make.__doc__ or "").split()), make(), bar)

        entry.gallery = True  # type: ignore[attr-defined]
        return entry

    return marked


def gallery() -> Iterator[Entry]:
    """Every entry of the folder, by file and by the order of writing."""
    for module in sorted(info.name for info in iter_modules(folder.__path__)):
        for value in vars(import_module(f"{folder.__name__}.{module}")).values():
            if getattr(value, "gallery", False):
                yield value()


def trained(program: Program, seed: int) -> tuple[nn.Module, Data]:
    """The program run to its end by a plain loop."""
    torch.manual_seed(seed)
    data = program.data(seed)
    model = program.build()
    if program.loop is not None:
        program.loop(model, data.x, data.y, program, _unwatched)
        return model, data
    loss = LOSSES.get(program.loss, program.loss) if isinstance(program.loss, str) else program.loss
    optimizer = program.optimizer(model.parameters(), lr=program.lr)
    order = np.random.default_rng(seed)
    for _ in range(program.epochs):
        model.train()
        for rows in torch.from_numpy(order.permutation(len(data.x))).split(program.batch):
            if len(rows) == 1 and program.batch > 1:
                continue
            optimizer.zero_grad()
            loss(model(data.x[rows]), data.y[rows]).backward()
            optimizer.step()
    return model, data


def measure(program: Program, seed: int) -> float:
    """The score at the end; 0 for a program that crashes or ends in NaN."""
    try:
        model, data = trained(program, seed)
    except (RuntimeError, ValueError, IndexError) as error:
        print(f"  crashed: {error}", file=sys.stderr)
        return 0.0
    model.eval()
    x, y = (data.x, data.y) if data.x_val is None else (data.x_val, data.y_val)
    with torch.no_grad():
        outputs = model(x)
    found = program.score(outputs, y)
    return float(found) if np.isfinite(found) else 0.0


LOSSES = {"cross_entropy": nn.functional.cross_entropy, "mse": nn.functional.mse_loss, "mae": nn.functional.l1_loss}


class _unwatched:
    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __enter__(self) -> _unwatched:
        return self

    def __exit__(self, *_: object) -> None: ...

    def note(self, **_: Any) -> None: ...


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    for entry in gallery():
        if names and not any(name in entry.name for name in names):
            continue
        began = time.perf_counter()
        scores = [measure(entry.program, seed) for seed in range(3)]
        good = [measure(entry.good, seed) for seed in range(3)] if entry.good else scores
        seconds = (time.perf_counter() - began) / (6 if entry.good else 3)
        verdict = "" if min(good) >= entry.bar else "  BELOW ITS BAR"
        if entry.good and median(scores) >= entry.bar:
            verdict += "  NOT SICK"
        said = f"{median(scores):7.3f} -> " if entry.good else "    well   "
        print(f"{entry.name:55s} {said}{median(good):7.3f} (bar {entry.bar:.2f}) {seconds:5.1f} s{verdict}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
