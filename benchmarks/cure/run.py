"""How well the cure does on the fault gallery: what its programs come to afterwards, beside their good twins.

python -m benchmarks.cure.run [NAME ...] [--half tuned|held-out] [--well] [--random] [--out FILE.json]

Each program is treated; then it as it was, as cured, and its good twin are trained in full from 3 seeds that no
experiment has used, and scored on the same rows, by the median. Reported effects are measured again with new seeds.
With --random FILE as many remedies are drawn by chance as that earlier run tried, and the best by validation is kept:
the baseline. With --well the well programs are treated.

Left out are programs that no remedy of a network, a loss or a plan can cure: faults of the data, which are told and
never covered up, and of the user's own loop or hand-written backward pass.
"""

from __future__ import annotations

import argparse
import json
import random
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
from benchmarks.cure.chance import drawn
from benchmarks.faults.program import Entry, gallery
from benchmarks.faults.program import Program as Written
from benchmarks.faults.run import half_of

from netsitter.curing.program import Program
from netsitter.curing.race import Arm, Race
from netsitter.curing.side import Side, whole_rows
from netsitter.curing.treat import Treatment
from netsitter.doors.beginning import begun
from netsitter.doors.inputs import asked_for
from netsitter.errors import NetsitterError

NOT_OURS = (
    "shuffled-labels", "non-finite-value", "label-out-of-range", "leaked-split", "conflicting-labels",
    "imbalanced-classes", "shifted-split", "kept-gradient", "evaluated-in-train-mode", "wrong-gradient",
)  # fmt: skip
"""Main faults that are for the user to mend."""

AGAIN, FRESH = (201, 202, 203), (7, 8, 9)
"""Seeds that reported effects are measured with once more, and that whole trainings are judged by."""

REACHED, WORSE = 0.95, 0.02
"""Share of the good twin's score that is a cure; and by how much less than before is worse."""


@dataclass(frozen=True)
class Outcome:
    """One program after its treatment. effects: (reported, spread, measured again) of each remedy kept."""

    name: str
    faults: tuple[tuple[str, ...], ...]
    sick: float
    cured: float
    good: float
    kept: tuple[str, ...]
    left: tuple[str, ...]
    effects: tuple[tuple[float, float, float], ...]
    cost: float
    most: float
    seconds: float
    trainings: int

    @property
    def reached(self) -> bool:
        return self.cured >= REACHED * self.good

    @property
    def worse(self) -> bool:
        return self.cured < self.sick - WORSE


def program_of(written: Written, seed: int = 0) -> Program:
    """A program of the gallery as the cure takes it."""
    torch.manual_seed(seed)
    data = written.data(seed)
    parts = {"train": (data.x, data.y)}
    if data.x_val is not None:
        parts["val"] = (data.x_val, data.y_val)
    options = {"lr": written.lr, "batch": written.batch, "epochs": written.epochs}
    asked = asked_for(
        parts, net=written.build, loss=written.loss, optimizer=written.optimizer, plan=None, options=options
    )
    prepared, _ = begun(asked)
    return Program(prepared, asked.build)


def trained(program: Program, seeds: Sequence[int]) -> float:
    """The validation score of the weights that a whole training keeps: the median over seeds."""
    return median(_score(program, seed) for seed in seeds)


def _score(program: Program, seed: int) -> float:
    side = Side([program], seed)
    side.advance(whole_rows(program))
    score = side.scores()[0]
    return float("-inf") if score is None else score


def treated(entry: Entry, seeds: Sequence[int]) -> Outcome:
    """The outcome of one entry."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    began = perf_counter()
    sick = program_of(entry.program)
    treatment = Treatment(sick)
    effects, before, trainings = [], treatment.arm, 0
    for found in treatment.rounds():
        trainings += len(found.tried)
        if found.kept is not None:
            effects.append(_again(before, treatment.arm, found.tried[found.kept]))
            before = treatment.arm
    seconds = perf_counter() - began
    good = program_of(entry.good) if entry.good is not None else sick
    return Outcome(
        entry.name, entry.faults, trained(sick, seeds), trained(treatment.arm.program, seeds), trained(good, seeds),
        tuple(remedy.says for remedy in treatment.arm.program.remedies),
        tuple(finding.slug for finding in treatment.left if finding.severity != "note"),
        tuple(effects), treatment.cost, treatment.most, seconds, trainings,
    )  # fmt: skip


def _again(before: Arm, after: Arm, tried) -> tuple[float, float, float]:  # type: ignore[no-untyped-def]
    """The effect as it was reported, with its spread, and as new seeds have it."""
    race = Race(AGAIN, 10**12)
    old, new = race.enter([before.program])[0], race.enter([after.program])[0]
    whole = whole_rows(before.program), whole_rows(after.program)
    rows = whole if whole[1] > whole[0] else (round(tried.share * whole[0]),) * 2
    race.advance([old], rows[0])
    race.advance([new], rows[1])
    return tried.effect.mean, tried.effect.spread, race.compared(old, new, AGAIN, *rows).mean


def by_chance(entry: Entry, seeds: Sequence[int], trainings: int) -> Outcome:
    """The outcome of as many remedies drawn by chance, each tried once at full length, the best kept."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    began = perf_counter()
    sick = program_of(entry.program)
    chance = random.Random(entry.name)
    best, kept, score = sick, (), trained(sick, [101])
    for _ in range(max(trainings, 1)):
        remedy = drawn(chance, sick)
        try:
            program = sick.with_remedy(remedy)
            found = trained(program, [101])
        except NetsitterError:
            continue
        if found > score:
            best, kept, score = program, (remedy.says,), found
    good = program_of(entry.good) if entry.good is not None else sick
    scores = trained(sick, seeds), trained(best, seeds), trained(good, seeds)
    return Outcome(entry.name, entry.faults, *scores, kept, (), (), 0.0, 0.0, perf_counter() - began, trainings)


def curable(entry: Entry) -> bool:
    """Whether something else than the user's own data and loop is at fault."""
    return (
        bool(entry.faults)
        and entry.program.loop is None
        and not any(slug in NOT_OURS for fault in entry.faults for slug in fault[:1])
    )


def _work(task: tuple[str, int | None]) -> Outcome | str:
    name, trainings = task
    entry = next(e for e in gallery() if e.name == name)
    try:
        return treated(entry, FRESH) if trainings is None else by_chance(entry, FRESH, trainings)
    except Exception as error:  # a crash of ours is told as what it is
        return f"CRASH  {name}: {type(error).__name__}: {error}"


def _tell(outcome: Outcome) -> None:
    mark = "cured" if outcome.reached else "MISS "
    mark = "WORSE" if outcome.worse else mark
    print(
        f"{mark} {outcome.name:55s} {outcome.sick:7.3f} -> {outcome.cured:7.3f} (good {outcome.good:.3f}) "
        f"{outcome.cost:.2f} of {outcome.most:.2f} trainings, {outcome.seconds:.1f} s; "
        f"{' + '.join(outcome.kept) or 'nothing kept'}" + (f"; left: {', '.join(outcome.left)}" * bool(outcome.left)),
        flush=True,
    )


def _summary(outcomes: list[Outcome]) -> None:
    effects = [effect for outcome in outcomes for effect in outcome.effects]
    held = sum(abs(again - mean) <= spread for mean, spread, again in effects)
    count = max(1, len(outcomes))
    print(f"\n{len(outcomes)} programs: cured {sum(o.reached for o in outcomes) / count:.1%}", end="; ")
    print(f"worse {sum(o.worse for o in outcomes)}; within the spread again {held} of {len(effects)}")
    print(f"median cost {sorted(o.cost for o in outcomes)[len(outcomes) // 2]:.2f} trainings, ", end="")
    print(f"{sum(o.seconds for o in outcomes) / count:.1f} s each")


def tasks(given: argparse.Namespace, chosen: list[Entry]) -> Iterator[tuple[str, int | None]]:
    earlier = {}
    if given.random:
        earlier = {o["name"]: o["trainings"] for o in json.loads(given.random.read_text())}
    for entry in chosen:
        if not given.random or entry.name in earlier:
            yield entry.name, earlier.get(entry.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--half", choices=("tuned", "held-out"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--well", action="store_true")
    parser.add_argument("--random", type=Path, metavar="FILE", help="of an earlier run: as many trainings as it had")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    chosen = [e for e in gallery() if not given.names or any(name in e.name for name in given.names)]
    chosen = [e for e in chosen if (not e.faults if given.well else curable(e))]
    chosen = [e for e in chosen if given.half is None or half_of(e.name) == given.half]
    outcomes = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for outcome in pool.map(_work, tasks(given, chosen)):
            if isinstance(outcome, str):
                print(outcome, flush=True)
                continue
            outcomes.append(outcome)
            _tell(outcome)
    _summary(outcomes)
    if given.out:
        given.out.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))


if __name__ == "__main__":
    main()
