"""How well the doctor does on the gallery: what it names of sick programs, and what it says of well ones.

python -m benchmarks.faults.run [NAME ...] [--half tuned|held-out] [--seeds 3] [--out FILE.json] [--traces FOLDER]

Thresholds may be chosen on the half "tuned" alone; figures that are quoted are those of the half "held-out". The halves
are drawn from the names of the programs, a sick one with its good twin. A verdict counts as it stands after a fifth of
the training; that at the end is printed beside it. What stood in the record after that fifth is kept as journals in the
folder, for `benchmarks.faults.thresholds`.
"""

from __future__ import annotations

import argparse
import json
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from time import perf_counter

import torch
from benchmarks.faults.program import Entry, Program, gallery

import netsitter as ns
from netsitter.diagnose.doctor import Doctor
from netsitter.errors import NetsitterError
from netsitter.plan.plan import plan_of
from netsitter.record.events import EpochEnded, Event
from netsitter.record.findings import Finding
from netsitter.record.journal import line_of
from netsitter.record.trace import Trace


@dataclass(frozen=True)
class Verdict:
    """What was said of one program with one seed: slugs above "note" in order, after a fifth and at the end."""

    name: str
    seed: int
    well: bool
    faults: tuple[tuple[str, ...], ...]
    fifth: tuple[str, ...]
    end: tuple[str, ...]
    said: tuple[str, ...]
    seconds: float


class _Fifth:
    """A sink that asks the doctor after a fifth of the epochs."""

    def __init__(self) -> None:
        self.trace, self.findings = Trace(), None
        self.events: tuple[Event, ...] = ()

    def take(self, event: Event) -> None:
        self.trace.take(event)
        if isinstance(event, EpochEnded) and self.findings is None and event.epoch >= ceil(event.epochs / 5):
            started = self.trace.started
            assert started is not None
            self.events = tuple(self.trace.events)
            self.findings = Doctor(plan_of(started.plans[0])).conclude(self.trace)

    def close(self) -> None: ...


def judged(
    program: Program, name: str, seed: int, faults: tuple[tuple[str, ...], ...], traces: Path | None = None
) -> Verdict:
    """The doctor's verdict on one program."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    began = perf_counter()
    torch.manual_seed(seed)
    data = program.data(seed)
    sink = _Fifth()
    fifth, end = _findings(program, data, seed, sink)
    if traces is not None and sink.events:
        traces.mkdir(parents=True, exist_ok=True)
        (traces / f"{name}.{seed}.jsonl").write_bytes(b"".join(map(line_of, sink.events)))
    grave = [[f for f in found if f.severity != "note"] for found in (fifth, end)]
    said = tuple(f"{f.severity} {f.slug} ({f.weight:.2f}) {f.where}: {f.seen}" for f in fifth)
    slugs = (tuple(f.slug for f in found) for found in grave)
    return Verdict(name, seed, not faults, faults, *slugs, said, perf_counter() - began)


def _findings(program: Program, data, seed: int, sink: _Fifth) -> tuple[list[Finding], list[Finding]]:  # type: ignore[no-untyped-def]
    parts = {"train": (data.x, data.y)}
    if data.x_val is not None:
        parts["val"] = (data.x_val, data.y_val)
    if program.loop is not None:
        return _watched(program, data)
    options = {"lr": program.lr, "batch": program.batch, "epochs": program.epochs, "seed": seed}
    common = {"loss": program.loss, "optimizer": program.optimizer, "show": False, **options}
    try:
        run = ns.fit(parts, net=program.build, runs=None, **{**common, "show": sink})
        return run.findings if sink.findings is None else sink.findings, run.findings
    except NetsitterError:
        report = ns.check(program.build, parts, **common)
        return report.findings, report.findings


def _watched(program: Program, data) -> tuple[list[Finding], list[Finding]]:  # type: ignore[no-untyped-def]
    model, watchers = program.build(), []

    def watch(*args, **more):  # type: ignore[no-untyped-def]
        watchers.append(_Watcher(ns.watch(*args, show=False, **more), ceil(program.epochs / 5)))
        return watchers[-1]

    program.loop(model, data.x, data.y, program, watch)
    end = watchers[0].sitter.findings
    return end if watchers[0].fifth is None else watchers[0].fifth, end


class _Watcher:
    """A sitter whose findings are taken as well when so many epochs, counted from 0, are over."""

    def __init__(self, sitter, epochs: int) -> None:  # type: ignore[no-untyped-def]
        self.sitter, self.epochs, self.fifth = sitter, epochs, None

    def __enter__(self) -> _Watcher:
        self.sitter.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.sitter.__exit__(*error)

    def note(self, *, epoch: int | None = None, **more: float) -> None:
        if self.fifth is None and epoch is not None and epoch >= self.epochs:
            self.fifth = self.sitter.findings
        self.sitter.note(epoch=epoch, **more)


def half_of(name: str) -> str:
    """The half that a program belongs to."""
    return "tuned" if zlib.crc32(name.encode()) % 2 else "held-out"


def hit(verdict: Verdict, said: tuple[str, ...], first: int) -> bool:
    """Whether a true fault is among the first so many findings."""
    true = {slug for fault in verdict.faults for slug in fault}
    return bool(true & set(said[:first]))


def _work(task: tuple[str, bool, int, Path | None]) -> Verdict:
    name, good, seed, traces = task
    entry = next(e for e in gallery() if e.name == name)
    program = entry.good if good else entry.program
    assert program is not None
    try:
        return judged(program, name + " (good)" * good, seed, () if good else entry.faults, traces)
    except Exception as error:  # a crash of ours is told as what it is
        what = f"{type(error).__name__}: {error}"
        return Verdict(
            name + " (good)" * good,
            seed,
            good or not entry.faults,
            () if good else entry.faults,
            ("CRASH",),
            ("CRASH",),
            (what,),
            0.0,
        )


def tasks(entries: list[Entry], seeds: int, traces: Path | None) -> Iterator[tuple[str, bool, int, Path | None]]:
    for entry in entries:
        for seed in range(seeds):
            yield entry.name, False, seed, traces
            if entry.good is not None:
                yield entry.name, True, seed, traces


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--half", choices=("tuned", "held-out"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--traces", type=Path)
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    entries = [e for e in gallery() if not given.names or any(name in e.name for name in given.names)]
    entries = [e for e in entries if given.half is None or half_of(e.name) == given.half]
    with ProcessPoolExecutor(given.jobs) as pool:
        verdicts = []
        for verdict in pool.map(_work, tasks(entries, given.seeds, given.traces)):
            verdicts.append(verdict)
            _tell(verdict, given.verbose)
    _summary(verdicts)
    if given.out:
        given.out.write_text(json.dumps([asdict(v) for v in verdicts], indent=1))


def _tell(verdict: Verdict, verbose: bool) -> None:
    mark = (
        ("ok   " if not verdict.fifth else "ALARM")
        if verdict.well
        else ("first" if hit(verdict, verdict.fifth, 1) else "second" if hit(verdict, verdict.fifth, 2) else "MISS ")
    )
    late = f" | end: {', '.join(verdict.end)}" if verdict.end != verdict.fifth else ""
    true = " + ".join("|".join(f) for f in verdict.faults)
    print(
        f"{mark:6s} {verdict.name} [{verdict.seed}] {true} -> {', '.join(verdict.fifth) or 'nothing'}{late} "
        f"({verdict.seconds:.1f} s)",
        flush=True,
    )
    if verbose:
        for line in verdict.said:
            print(f"         {line}")


def _summary(verdicts: list[Verdict]) -> None:
    sick, well = [v for v in verdicts if not v.well], [v for v in verdicts if v.well]
    for when in ("fifth", "end"):
        said = {id(v): getattr(v, when) for v in verdicts}
        first = sum(hit(v, said[id(v)], 1) for v in sick) / max(1, len(sick))
        two = sum(hit(v, said[id(v)], 2) for v in sick) / max(1, len(sick))
        alarms = sum(bool(said[id(v)]) for v in well) / max(1, len(well))
        print(
            f"\n{when}: {len(sick)} sick runs: first {first:.1%}, among two {two:.1%}; {len(well)} well runs: "
            f"alarms {alarms:.1%}"
        )
    print("\nrule: caught / missed / false alarms on well programs (after a fifth)")
    caught, missed, false = Counter(), Counter(), Counter()
    for v in verdicts:
        for fault in v.faults:
            (caught if set(fault) & set(v.fifth) else missed)[fault[0]] += 1
        if v.well:
            false.update(v.fifth)
    for slug in sorted({*caught, *missed, *false}):
        print(f"  {slug:28s} {caught[slug]:4d} {missed[slug]:4d} {false[slug]:4d}")
    print(f"\n{sum(v.seconds for v in verdicts):.0f} s in all")


if __name__ == "__main__":
    main()
