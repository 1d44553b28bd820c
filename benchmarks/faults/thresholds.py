"""What each threshold does on the half of the gallery that thresholds may be chosen on.

python -m benchmarks.faults.run --half tuned --traces FOLDER     first, to have the records
python -m benchmarks.faults.thresholds FOLDER [CODE ...]

Every threshold of every rule is multiplied by a quarter to four, all others left alone, and the doctor is asked anew of
each record. Printed are those where another number would name more true faults first, or raise fewer false alarms, than
the one that stands, and those that decide nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from benchmarks.faults.program import gallery
from benchmarks.faults.run import half_of

from netsitter.diagnose.doctor import Doctor
from netsitter.diagnose.registry import rules
from netsitter.diagnose.rule import thresholds_of
from netsitter.plan.plan import Plan, changed, plan_of
from netsitter.record.journal import read_journal
from netsitter.record.trace import Trace

FACTORS = (0.25, 0.5, 0.8, 1.25, 2.0, 4.0)


@dataclass(frozen=True)
class Tally:
    """Over all records: sick ones with a true fault first, and among two; well ones with an alarm."""

    first: int
    two: int
    alarms: int

    def __str__(self) -> str:
        return f"first {self.first}, among two {self.two}, alarms {self.alarms}"


@cache
def records(folder: Path) -> list[tuple[Trace, Plan, set[str]]]:
    """The records of the half that thresholds may be chosen on, each with its plan and its true faults."""
    faults = {entry.name: {slug for fault in entry.faults for slug in fault} for entry in gallery()}
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        name = path.name.rsplit(".", 2)[0]
        if half_of(name.removesuffix(" (good)")) != "tuned":
            continue
        trace = Trace(read_journal(path))
        if trace.started is not None:
            found.append((trace, plan_of(trace.started.plans[0]), faults.get(name, set())))
    return found


def tally(folder: Path, threshold: str = "") -> Tally | None:
    """What the doctor says of all records, with one threshold set; None where no rule can have it."""
    try:
        return _tally(folder, threshold)
    except (IndexError, ValueError, ZeroDivisionError):
        return None


def _tally(folder: Path, threshold: str) -> Tally:
    first = two = alarms = 0
    for trace, plan, true in records(folder):
        asked = changed(plan, {"rules.thresholds": (threshold,)}) if threshold else plan
        said = [found.slug for found in Doctor(asked).conclude(trace) if found.severity != "note"]
        first += bool(true & set(said[:1]))
        two += bool(true & set(said[:2]))
        alarms += not true and bool(said)
    return Tally(first, two, alarms)


def choices(codes: list[str]) -> Iterator[tuple[str, str, float, list[float]]]:
    """(code, threshold, the number that stands, others to try) of these rules, or of all."""
    for rule in rules():
        for name, value in thresholds_of(type(rule)).items():
            if value and (not codes or rule.code in codes):
                yield rule.code, name, value, [value * factor for factor in FACTORS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("codes", nargs="*")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    stands = _tally(given.folder, "")
    print(f"{len(records(given.folder))} records; as they stand: {stands}\n")
    asked = list(choices(given.codes))
    with ProcessPoolExecutor(given.jobs) as pool:
        texts = [f"{code}.{name}={value!r}" for code, name, _, values in asked for value in values]
        found = dict(zip(texts, pool.map(partial(tally, given.folder), texts), strict=True))
    for code, name, value, values in asked:
        others = [(other, found[f"{code}.{name}={other!r}"]) for other in values]
        better = [
            (other, t)
            for other, t in others
            if t is not None and (t.two - t.alarms, t.first) > (stands.two - stands.alarms, stands.first)
        ]
        if better:
            told = "; ".join(f"{other:g}: {t}" for other, t in better)
            print(f"{code}.{name} = {value:g} could be {told}")
        elif all(t == stands for _, t in others):
            print(f"{code}.{name} = {value:g} decides nothing here, from {min(values):g} to {max(values):g}")


if __name__ == "__main__":
    main()
