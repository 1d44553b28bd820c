"""The way by rule of thumb, and the others that are worth trying: what is known of matrix products and caches.

The numbers are from `python -m benchmarks.speed.ways`.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from netsitter.nn.modes import evaluating
from netsitter.nn.products import ProductCounter
from netsitter.optim.methods import OPTIMISERS
from netsitter.train.cohorts.cohort import Way
from netsitter.train.cohorts.made import Trials

CACHE = Path("/sys/devices/system/cpu/cpu0/cache/index3/size")
"""Where Linux tells the size of the last cache, as "32768K"."""

CACHE_BYTES = 16 * 2**20
"""Of the last cache, where nothing tells."""

LEAST_CHUNK, LEAST_UNITS = 4, 800
"""Trials of a chunk, and units of their first layers together, below which a wide product is not wide enough."""

SHARED_WORK = 10_000_000
"""Multiply-adds of a step for each worker, below which workers wait for Python more than they compute."""

LIFTED_WORK = 10_000_000
"""Multiply-adds of a step of one trial, above which `vmap` loses to steps of its own."""


def usual(trials: Trials, form: str, *, probe: tuple[Tensor, Tensor] | None, cores: int) -> Way:
    """The way that is best as a rule, of those that take this form at most.

    cores: workers that there may be; 1 where trials must not run side by side.
    """
    count, work = len(trials.nets), step_work(trials, probe)
    form = "in turn" if form == "lifted" and work > LIFTED_WORK else form
    many = cores if count * work >= SHARED_WORK * cores else 1
    if form == "in turn":
        return in_turn(many)
    fitting = max(LEAST_CHUNK, cache_bytes() // (many * trial_bytes(trials)))
    if form == "dense":
        fitting = max(fitting, -(-LEAST_UNITS // first_units(trials)))
    return Way(form, min(-(-count // many), fitting), many, None if cores == 1 else 1)


def others(way: Way, form: str, *, count: int, cores: int, last: bool = False) -> list[Way]:
    """Ways of this form, or in turn, that may be faster than this one. last: whether channels may be laid last."""
    found = [in_turn(cores)]
    if last:
        found.append(in_turn(cores)._replace(last=True))
    if form != "in turn":
        share, threads = -(-count // cores), None if cores == 1 else 1
        sizes = (way.chunk // 2, way.chunk * 2) if way.form == form else (4, share)
        found += [Way(form, max(1, min(share, size)), cores, threads) for size in sizes]
        found.append(Way(form, min(count, way.chunk * cores if way.form == form else count), 1, threads))
    if form == "lifted":
        found.append(Way("compiled", count))
    return [other for other in dict.fromkeys(found) if other != way]


def in_turn(workers: int) -> Way:
    """Each trial by itself: side by side with a thread of the processor each, or alone with all that it may have."""
    return Way("in turn", 1, workers, 1 if workers > 1 else None)


def cache_bytes() -> int:
    """Three quarters of the last cache: inputs and others want some of it."""
    try:
        whole = int(CACHE.read_text().strip().removesuffix("K")) * 1024
    except (OSError, ValueError):
        whole = CACHE_BYTES
    return whole * 3 // 4


def trial_bytes(trials: Trials) -> int:
    """What a step of one trial goes through: weights, gradients, what the optimiser keeps, outputs with gradients."""
    params = [p for p in trials.nets[0].parameters() if p.requires_grad]
    slots = OPTIMISERS[trials.plans[0].optim.kind].slots if trials.optimizer is None else ("mean", "square")
    outputs = sum(len(p) for p in params if p.ndim > 1) * (trials.plans[0].loop.batch or 1)
    return 4 * ((2 + len(slots)) * sum(p.numel() for p in params) + 4 * outputs)


def first_units(trials: Trials) -> int:
    """Units of the first layer that has weights."""
    return next((len(p) for p in trials.nets[0].parameters() if p.ndim > 1), 1)


def step_work(trials: Trials, probe: tuple[Tensor, Tensor] | None) -> int:
    """Multiply-adds of a step of one trial: three times those of a forward pass."""
    net, batch = trials.nets[0], trials.plans[0].loop.batch or 1
    each = sum(p.numel() for p in net.parameters() if p.ndim > 1)
    if probe is not None:
        with ProductCounter() as counter, evaluating(net):
            net(probe[0])
        each = max(each, counter.multiply_adds // len(probe[0]))
    return 3 * each * batch
