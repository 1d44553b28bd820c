"""Trials over folds: each trained once for every fold; behind each fold the better half goes on to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf
from statistics import fmean

from netsitter.plan.plan import changed
from netsitter.record.events import Searched
from netsitter.searching.engines.engine import Engine
from netsitter.searching.legs import Trial
from netsitter.searching.trials import CHUNK, best_epoch, stage_results


def over_folds(
    trials: Sequence[Trial],
    engine: Engine,
    stage: str,
    known: Mapping[int, Searched],
    *,
    folds: int,
    chunk: int = CHUNK,
    metric: str = "score",
) -> Iterator[Searched]:
    """Trains the trials of one stage on every fold, and tells each when it is over, with the means of its folds.

    A trial that diverged or became hopeless on one fold is not trained on others. known, chunk: as for `stage_results`.
    """
    going, told = list(trials), dict[int, list[Searched]]()
    worth = {trial.number: [] for trial in trials} | {number: list(one.folds) for number, one in known.items()}
    for fold in range(folds):
        here = [replace(trial, plan=changed(trial.plan, {"data.fold": fold})) for trial in going]
        there = {number: one for number, one in known.items() if len(one.folds) > fold}
        name = f"{stage}, fold {fold + 1}"
        for one in stage_results(here, engine, name, there, chunk=chunk, metric=metric, compared_from=inf):
            told.setdefault(one.number, []).append(one)
            if one.how == "finished":
                worth[one.number].append(best_epoch(one.curve, one.losses, metric)[0])
        so_far = {t.number: fmean(worth[t.number][: fold + 1]) for t in going if len(worth[t.number]) > fold}
        keep = _better_half(so_far) if fold + 1 < folds else set()
        for trial in going:
            if trial.number not in keep and trial.number not in known:
                how = "finished" if len(worth[trial.number]) == folds else "behind"
                yield _mean(told[trial.number], stage, tuple(worth[trial.number]), how)
        going = [trial for trial in going if trial.number in keep]


def _better_half(scores: Mapping[int, float]) -> set[int]:
    """The better half, by number."""
    ranked = sorted(scores, key=lambda number: (-scores[number], number))
    return set(ranked[: -(-len(ranked) // 2)])


def _mean(parts: Sequence[Searched], stage: str, folds: tuple[float, ...], how: str) -> Searched:
    """A trial's folds as one. One that died on a fold is told by that fold."""
    dead = next((one for one in parts if one.how != "finished"), None)
    if dead is not None:
        return replace(dead, stage=stage, folds=folds)
    scores, losses = [one.score for one in parts], [one.loss for one in parts]
    return replace(
        parts[0],
        stage=stage,
        score=fmean(scores) if None not in scores else None,
        loss=fmean(losses) if None not in losses else None,
        first=fmean(one.first for one in parts),
        curve=tuple(map(fmean, zip(*(one.curve for one in parts), strict=True))),
        losses=tuple(map(fmean, zip(*(one.losses for one in parts), strict=True))),
        how=how,
        seconds=sum(one.seconds for one in parts),
        folds=folds,
    )
