"""Samplers: the hyper-parameters of each trial. Its number in the stage, and the stages before, decide its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netsitter.errors import PlanError, closest, shown
from netsitter.plan.space import Pick, Space
from netsitter.searching.adaptive import cmaes, tpe
from netsitter.searching.refine import Result
from netsitter.streams import numpy_stream, stream_key

Shares = NDArray[np.float64]
Sampler = Callable[[Space, range, int, str, Sequence[Result]], Shares]
"""(space, numbers of the trials, seed, name of the stage, comparable trials before it) -> shares (N, A), in the order
of the space's names."""


def random(space: Space, numbers: range, seed: int, stage: str, results: Sequence[Result] = ()) -> Shares:
    """Each axis by itself, evenly. Source: Bergstra & Bengio (2012), JMLR 13:281-305."""
    return np.stack([numpy_stream(seed, f"sample {stage}", trial=number).random(len(space)) for number in numbers])


def sobol(space: Space, numbers: range, seed: int, stage: str, results: Sequence[Result] = ()) -> Shares:
    """Points that fill the space more evenly than chance. Source: Sobol (1967); scrambled after Owen (1998)."""
    import torch

    if len(space) > torch.quasirandom.SobolEngine.MAXDIM:
        raise PlanError("Sobol's sequence has no so many axes", code="P82", fix="--sampler random")
    key = stream_key(seed, f"sobol {stage}") % 2**31
    engine = torch.quasirandom.SobolEngine(len(space), scramble=True, seed=key)
    engine.fast_forward(numbers.start)
    return engine.draw(len(numbers), dtype=torch.float64).numpy()


def grid(space: Space, numbers: range, seed: int, stage: str, results: Sequence[Result] = ()) -> Shares:
    """A grid with as many levels an axis as the trials allow, the middle of each cell; picks with all their values."""
    levels = grid_levels(space, numbers.stop)
    axes = [(np.arange(count) + 0.5) / count for count in levels]
    points = np.array(list(product(*axes)))
    return points[[number % len(points) for number in numbers]]


def grid_levels(space: Space, trials: int) -> list[int]:
    """Levels of each axis, as many as fit into so many trials; raised in turn, from the first axis on."""
    levels = [len(axis.values) if isinstance(axis, Pick) else 1 for axis in space.values()]
    numeric = [i for i, axis in enumerate(space.values()) if not isinstance(axis, Pick)]
    raised = True
    while raised and numeric:
        raised = False
        for i in numeric:
            more = [count + (j == i) for j, count in enumerate(levels)]
            if np.prod(more) <= trials:
                levels, raised = more, True
    return levels


SAMPLERS: dict[str, Sampler] = {"random": random, "sobol": sobol, "grid": grid, "tpe": tpe, "cmaes": cmaes}

LEARNING = ("tpe", "cmaes")
"""Those that narrow by themselves, from the trials before."""


def sampler_of(name: str) -> Sampler:
    """The sampler of this name. Raises PlanError that names the nearest."""
    if name not in SAMPLERS:
        raise PlanError(
            f"there is no sampler {shown(name)}.{closest(name, SAMPLERS)}", code="P83", allowed=", ".join(SAMPLERS)
        )
    return SAMPLERS[name]


def drawn(space: Space, shares: Shares) -> list[dict[str, Any]]:
    """The values by dotted name for each row of shares (N, A); a field whose condition does not hold is left out."""
    trials = []
    for row in shares:
        values = {name: axis.value(float(share)) for (name, axis), share in zip(space.items(), row, strict=True)}
        trials.append({name: value for name, value in values.items() if _holds(space, values, name)})
    return trials


def _holds(space: Space, values: Mapping[str, Any], name: str) -> bool:
    when = space[name].when
    return when is None or when[0] not in values or values[when[0]] in when[1]
