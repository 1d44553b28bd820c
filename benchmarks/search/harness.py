"""What a search costs beside training: 1,000 trials through an engine that returns made results at once.

    python -m benchmarks.search.harness [TRIALS]

Counted are sampling, plans, cohorts, comparisons, stages and, in the second figure, the journal with its sync to disk.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from math import log10
from pathlib import Path

from netsitter.doors.beginning import begun
from netsitter.doors.inputs import asked_for
from netsitter.record.journal import Journal
from netsitter.record.sink import pump
from netsitter.searching.legs import Leg, Reached
from netsitter.searching.study import Study, usual_space

REPEATS = 3
"""Of so many, the fastest counts: others share the machine."""


class Made:
    """An engine that trains nothing: scores rise with the epochs, to a top that the rate decides."""

    slots = 1

    def __init__(self) -> None:
        self.done: dict[int, int] = {}

    def run(self, legs: Sequence[Leg]) -> Iterator[tuple[int, Reached]]:
        for place, leg in enumerate(legs):
            curves, losses = {}, {}
            for trial in leg.trials:
                began, top = self.done.get(trial.number, 0), -abs(log10(trial.values["optim.lr"]) + 2.5)
                curves[trial.number] = tuple(2.0**top * (1 - 0.5**epoch) for epoch in range(began + 1, leg.until + 1))
                losses[trial.number] = tuple(1 - score for score in curves[trial.number])
                self.done[trial.number] = leg.until
            yield place, Reached(curves, losses, dict.fromkeys(curves, 2.3), {}, b"", 0.0)

    def close(self) -> None: ...


def main(trials: int = 1_000) -> None:
    ready = begun(asked_for("digits", net="mlp:20", loss=None, plan=None, options={"epochs": 27}))[0]
    space = usual_space(ready.plan)

    def seconds(journal: Path | None) -> float:
        study = Study(ready, None, space, trials, engine=Made())
        sinks = [] if journal is None else [Journal(journal)]
        began = time.perf_counter()
        for _ in pump(study.events(), sinks):
            pass
        took = time.perf_counter() - began
        assert len(study.results) == trials
        return took

    with tempfile.TemporaryDirectory() as folder:
        memory = min(seconds(None) for _ in range(REPEATS))
        disk = min(seconds(Path(folder) / f"{turn}.jsonl") for turn in range(REPEATS))
    print(f"{trials:,} trials, no training: {memory / trials * 1e3:.2f} ms a trial in memory, "
          f"{disk / trials * 1e3:.2f} ms with each on disk before it is told")  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
