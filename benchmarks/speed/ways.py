"""Every way of running a load's trials, timed step by step: where the planner's rules come from.

    python -m benchmarks.speed.ways [--load digits ...] [--steps 10]

Microseconds of a step of one trial, by the clock and of the processor, the least of five stretches.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from benchmarks.speed.loads import LOADS, Load, parts_of
from benchmarks.speed.ours import cohort_for
from benchmarks.speed.run import CORES, taken

from netsitter.train.cohorts.cohort import Turn, Way
from netsitter.train.cohorts.planner import words


def ways_of(load: Load) -> Iterator[Way]:
    """All that may be worth knowing of."""
    forms = ("lifted",) if load.net.startswith("conv") else ("dense", "lifted")
    for workers in sorted({1, CORES}):
        yield Way("in turn", 1, workers, 1)
        for form in forms:
            sizes = {size for size in (2, 4, 8, 16, 32, load.trials) if size * workers <= load.trials}
            yield from (Way(form, size, workers, 1) for size in sorted(sizes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--load", nargs="+", default=list(LOADS), choices=LOADS)
    parser.add_argument("--steps", type=int, default=10)
    asked = parser.parse_args()
    print("| load | way | µs | processor, µs |\n|---|---|---|---|")
    for load in (LOADS[name] for name in asked.load):
        parts = parts_of(load)
        batch = parts[0].x_N[: load.batch], parts[0].y_N[: load.batch]
        for way in ways_of(load):
            count = min(load.trials, 4 * way.chunk * way.workers)
            plans = [load.plan(trial, count, epochs=1) for trial in range(count)]
            cohort = cohort_for(load, parts, plans, way=way)
            turns = [Turn(*batch, step, 0, [1e-4] * count) for step in range(1, asked.steps + 1)]
            found = [taken(lambda cohort=cohort, turns=turns: cohort.stretch(turns)) for _ in range(5)]
            clock, processor = (1e6 * min(column) / asked.steps / count for column in zip(*found, strict=True))
            print(f"| {load.name} | {words(way)} | {clock:,.1f} | {processor:,.1f} |", flush=True)


if __name__ == "__main__":
    main()
