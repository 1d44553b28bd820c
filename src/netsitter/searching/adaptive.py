"""Samplers that learn from the trials before: Optuna's TPE and CMA-ES, a stage at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netsitter.optional import optional
from netsitter.plan.space import Pick, Space
from netsitter.searching.refine import Result
from netsitter.streams import stream_key

FIRST_AT_RANDOM = 10
"""Trials that are drawn by chance before a model is made of them."""


def tpe(space: Space, numbers: range, seed: int, stage: str, results: Sequence[Result] = ()) -> NDArray[np.float64]:
    """Where good trials are dense beside bad ones. Source: Bergstra, Bardenet, Bengio & Kégl (2011), NIPS 24."""
    optuna, told = _library("tpe"), _told(space, results)
    with _quiet(optuna):
        sampler = optuna.samplers.TPESampler(
            seed=_key(seed, stage), n_startup_trials=FIRST_AT_RANDOM, constant_liar=True, multivariate=True
        )
        return _asked(optuna, sampler, space, numbers, told)


def cmaes(space: Space, numbers: range, seed: int, stage: str, results: Sequence[Result] = ()) -> NDArray[np.float64]:
    """One generation around the best so far. Source: Hansen & Ostermeier (2001); warm start: Nomura et al. (2021)."""
    optuna, told = _library("cmaes"), _told(space, results)
    optional("cmaes", what_for="sample by cmaes")
    with _quiet(optuna):
        if len(told) < FIRST_AT_RANDOM:
            sampler = optuna.samplers.RandomSampler(seed=_key(seed, stage))
        else:
            numeric = {name: axis for name, axis in space.items() if not isinstance(axis, Pick)}
            before = [({name: params[name] for name in numeric}, score) for params, score in told]
            sampler = optuna.samplers.CmaEsSampler(
                seed=_key(seed, stage), source_trials=_trials(optuna, numeric, before), warn_independent_sampling=False
            )
        return _asked(optuna, sampler, space, numbers, told)


def _asked(
    optuna: Any, sampler: Any, space: Space, numbers: range, told: Sequence[tuple[dict[str, float], float]]
) -> NDArray[np.float64]:
    """What a sampler of Optuna's asks for, given what is known; in shares of the axes."""
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.add_trials(_trials(optuna, space, told))
    asked = [study.ask(_distributions(optuna, space)).params for _ in range(numbers.stop)]
    return np.array([[_share(axis, trial[name]) for name, axis in space.items()] for trial in asked[numbers.start :]])


def _told(space: Space, results: Sequence[Result]) -> list[tuple[dict[str, float], float]]:
    """The trials that lie in the space, each axis as a share or a choice; what diverged scores as the worst did."""
    scores = [result.score for result in results if result.score is not None and np.isfinite(result.score)]
    found = []
    for result in results:
        params = {
            name: axis.values.index(result.values[name]) if isinstance(axis, Pick) else axis.share(result.values[name])
            for name, axis in space.items()
            if name in result.values and (not isinstance(axis, Pick) or result.values[name] in axis.values)
        }
        inside = all(0 <= share <= 1 for name, share in params.items() if not isinstance(space[name], Pick))
        if scores and len(params) == len(space) and inside:
            score = result.score if result.score is not None and np.isfinite(result.score) else min(scores)
            found.append((params, float(score)))
    return found


def _trials(optuna: Any, space: Space, told: Sequence[tuple[dict[str, float], float]]) -> list[Any]:
    distributions = _distributions(optuna, space)
    return [optuna.trial.create_trial(params=p, distributions=distributions, value=score) for p, score in told]


def _distributions(optuna: Any, space: Space) -> dict[str, Any]:
    kinds = optuna.distributions
    return {
        name: kinds.CategoricalDistribution(range(len(axis.values)))
        if isinstance(axis, Pick)
        else kinds.FloatDistribution(0.0, 1.0)
        for name, axis in space.items()
    }


def _share(axis: Any, asked: float) -> float:
    """A choice as the middle of its share; Optuna draws 1 itself, which no share is."""
    return (asked + 0.5) / len(axis.values) if isinstance(axis, Pick) else min(asked, np.nextafter(1.0, 0.0))


def _key(seed: int, stage: str) -> int:
    return stream_key(seed, f"sample {stage}") % 2**32


def _library(name: str) -> Any:
    return optional("optuna", what_for=f"sample by {name}")


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Optuna tells every study it makes, and that what it has had for years is experimental."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)
