"""netsitter beside others on equal work: seconds of one trial and epoch, in pairs, and their ratio.

    python -m benchmarks.speed.run [--load digits ...] [--peer a ...] [--pairs 5] [--out FILE.json]

A pair is a training of all trials of the load by netsitter, one epoch or more, and one of some trials by the peer; the
order alternates. Peers in this process get one thread or all, whichever is faster with the loop. netsitter's time holds
networks built, the planner, all steps, scores of both parts after each epoch, and all events. Start-up of processes and
reading of data are left out for the pool (c), and are in for Ray (e), which starts a process a trial. "Of the peak" is
the share of what this machine reaches in matrix products over all of that: the middle one of twenty cubes of 2,048,
half of them timed right before netsitter's turn of a pair and half right behind it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from benchmarks.speed import tuners
from benchmarks.speed.by_hand import plain, pool_of_two, usual
from benchmarks.speed.loads import LOADS, Load, parts_of
from benchmarks.speed.ours import cohort_for, trained

from netsitter.data.batches import Resident
from netsitter.plan.plan import Plan
from netsitter.train.device import using_threads

CORES = torch.get_num_threads()


class Peer(NamedTuple):
    """Somebody to compare with. trials: how many it trains in a pair; needs: the package it comes from."""

    letter: str
    title: str
    trials: int
    needs: str = "torch"


PEERS = {
    peer.letter: peer
    for peer in (
        Peer("a", "loop by hand, tensors in memory", 5),
        Peer("b", "loop by hand, DataLoader", 2),
        Peer("c", "(a) in 2 processes, one thread each", 10),
        Peer("d", "Optuna + (b)", 2, "optuna"),
        Peer("e", "Ray Tune + (b), 2 processes", 4, "ray"),
        Peer("f", "RandomizedSearchCV(MLPClassifier)", 4, "sklearn"),
        Peer("g", "Keras Tuner on torch", 2, "keras_tuner"),
        Peer("h", "ModelBatch", 100, "modelbatch"),
    )
}

IN_PROCESS = "abdgh"
"""Peers whose processor time can be seen from here. On a busy machine it tells more than the clock."""

EPOCHS = {"digits": 20, "conv-digits": 5, "table": 2}
"""Of each training in a pair; one elsewhere."""

Run = Callable[[Load, tuple[Resident, Resident], list[Plan]], list[float]]


@contextmanager
def running(peer: Peer, load: Load, parts: tuple[Resident, Resident]) -> Iterator[Run]:
    """How the peer trains, ready to be timed."""
    if peer.letter in "ab":
        loop = plain if peer.letter == "a" else usual
        yield partial(loop, threads=best_threads(loop, load, parts))
    elif peer.letter == "c":
        run, pool = pool_of_two(load)
        with pool:
            yield run
    else:
        names = {"d": "optuna", "e": "ray_tune", "f": "scikit_learn", "g": "keras_tuner", "h": "modelbatch"}
        with using_threads(best_threads(usual, load, parts) if peer.letter in IN_PROCESS else None):
            yield getattr(tuners, names[peer.letter])


def best_threads(loop: Callable[..., list[float]], load: Load, parts: tuple[Resident, Resident]) -> int:
    """With how many threads the loop is faster, on a part of an epoch."""
    train, val = parts
    rows = min(train.rows, 20 * load.batch)
    some = Resident(train.x_N[:rows], train.y_N[:rows]), Resident(val.x_N[:100], val.y_N[:100])
    plans = [load.plan(0, 1, epochs=1)]
    loop(load, some, plans, threads=1)
    found = {n: min(seconds(lambda n=n: loop(load, some, plans, threads=n)) for _ in range(3)) for n in {1, CORES}}
    return min(found, key=lambda n: found[n])


def taken(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor, all threads together."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def seconds(work: Callable[[], object]) -> float:
    return taken(work)[0]


def cubes() -> list[float]:
    """GFLOP/s of ten products of two squares of 2,048 with all threads, one after the other."""
    a, b, out = (torch.randn(2048, 2048) for _ in range(3))
    with using_threads(CORES):
        return [2 * 2048**3 / seconds(lambda: torch.mm(a, b, out=out)) / 1e9 for _ in range(10)]


def among_cubes(work: Callable[[], object]) -> tuple[float, float, float]:
    """What `taken` tells, and the middle of the cubes right before and right behind."""
    before = cubes()
    clock, processor = taken(work)
    return clock, processor, median(before + cubes())


def compared(load: Load, peer: Peer, *, pairs: int, trials: int | None = None) -> dict[str, Any]:
    """One row of the table."""
    if importlib.util.find_spec(peer.needs) is None:
        return {"load": load.name, "peer": peer.letter, "left out": f"{peer.needs} is not installed"}
    epochs, count = EPOCHS.get(load.name, 1), trials or load.trials
    parts = parts_of(load)
    mine = [load.plan(trial, count, epochs=epochs) for trial in range(count)]
    few = min(peer.trials, count)
    theirs = [load.plan(trial, few, epochs=epochs) for trial in range(few)]
    how = ""

    def own() -> None:
        nonlocal how
        cohort = cohort_for(load, parts, mine)
        how = cohort.how
        with using_threads(1):
            trained(cohort, parts)

    try:
        with running(peer, load, parts) as run:
            run(load, parts, theirs[:2])
            own()
            times, peaks = [], []
            turns = {"theirs": lambda: taken(lambda: run(load, parts, theirs)), "ours": lambda: among_cubes(own)}
            for pair in range(pairs):
                found = {name: turns[name]() for name in (turns if pair % 2 else reversed(turns))}
                *ours, peak = found["ours"]
                times.append([s / (few * epochs) for s in found["theirs"]] + [s / (count * epochs) for s in ours])
                peaks.append(peak)
    except (NotImplementedError, ImportError) as error:
        return {"load": load.name, "peer": peer.letter, "left out": str(error).splitlines()[0]}
    theirs_s, theirs_cpu, ours_s, ours_cpu = (median(column) for column in zip(*times, strict=True))
    row = {
        "load": load.name,
        "peer": f"({peer.letter}) {peer.title}",
        "theirs, ms": round(1e3 * theirs_s, 2),
        "ours, ms": round(1e3 * ours_s, 2),
        "ratio": round(median(theirs / ours for theirs, _, ours, _ in times), 2),
        "ratios": [round(theirs / ours, 2) for theirs, _, ours, _ in times],
        "ratio, processor": round(theirs_cpu / ours_cpu, 2) if peer.letter in IN_PROCESS else "",
        "pairs": pairs,
        "trials": count,
        "how": how,
    }
    if load.net.startswith("mlp"):
        done = 2 * load.multiply_adds() / 1e9
        shares = [done / ours / peak for (_, _, ours, _), peak in zip(times, peaks, strict=True)]
        row |= {"of the peak": round(median(shares), 2), "of the peaks": [round(share, 2) for share in shares]}
    return row


SHOWN = ("load", "peer", "theirs, ms", "ours, ms", "ratio", "ratio, processor", "of the peak", "left out")


def as_markdown(rows: list[dict[str, Any]]) -> str:
    """The rows as a table; milliseconds are those of one trial and epoch."""
    lines = ["| " + " | ".join(SHOWN) + " |", "|" + "---|" * len(SHOWN)]
    lines += ["| " + " | ".join(str(row.get(name, "")) for name in SHOWN) + " |" for row in rows]
    return "\n".join(lines)


def machine() -> dict[str, object]:
    """What the figures were taken on, and what else was running."""
    return {
        "torch": torch.__version__,
        "threads": CORES,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "machine": platform.machine(),
        "load average": os.getloadavg()[0],
        "matrix products, GFLOP/s": round(median(cubes())),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--load", nargs="+", default=list(LOADS), choices=LOADS)
    parser.add_argument("--peer", nargs="+", default=list(PEERS), choices=PEERS)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--trials", type=int, help="of ours; those of the load when left out")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    rows = []
    for load in asked.load:
        for peer in asked.peer:
            rows.append(compared(LOADS[load], PEERS[peer], pairs=asked.pairs, trials=asked.trials))
            print(json.dumps(rows[-1]), flush=True)
    told = {"machine": machine(), "rows": rows}
    print(as_markdown(rows))
    print(json.dumps(told["machine"]))
    if asked.out:
        asked.out.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
