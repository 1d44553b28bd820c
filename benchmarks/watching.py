"""What watching costs: one epoch with the default `loop.watch_every` beside one with 0, from the same start.

    python benchmarks/watching.py [--pairs 7] [--epochs 1] [--nets mlp:50 conv:16,32] [--trials 1]

The nets see CIFAR-10 from the folder that NETSITTER_DATA names, or random pixels, which cost what real ones cost:
`mlp` the whole training part in batches of 200, `conv` 20,000 rows in batches of 200. Several trials, which differ in
their rates, run as one cohort. Each pair runs both in one
process, the order alternating, and ends with a comparison of all weights, bit by bit. Told are medians and the ratio of
medians, by the clock and by the processor's time, and the ratio of the least times: other work on the machine, which
shares its cache and memory, only ever adds. The first epoch is the dearest: gradients and updates are measured in steps
1, 4, 16 ... too, not only in each 50th. What the doctor takes to conclude from the record, which is at the end of an
epoch and ever more rarely, is told apart from that.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import Tensor

from netsitter.data.batches import Resident
from netsitter.data.sources.open import open_source
from netsitter.diagnose.doctor import Doctor
from netsitter.nn.build import build
from netsitter.plan.plan import Plan, changed
from netsitter.plan.sections import LoopPlan
from netsitter.record.events import Event
from netsitter.record.trace import Trace
from netsitter.train.cohort import cohort_of
from netsitter.train.loop import Parts, Training
from netsitter.train.losses import LOSSES
from netsitter.train.scores import CLASSES, scorer_of

EXAMPLE, KINDS, VALIDATION = (3, 32, 32), 10, 5_000
WATCH_EVERY: int = LoopPlan().watch_every

SIZES = {"mlp": (45_000, 200), "conv": (20_000, 200)}
"""By kind of net: training rows, and rows of a batch."""

BARS = {"mlp": 1.01, "conv": 1.02}
"""What the ratio may come to."""

Epoch = Callable[[int], tuple[dict[str, Tensor], list[Event]]]
"""Trains one epoch with this `loop.watch_every`, and gives the weights after it and what was told."""


def pixels(rows: int) -> tuple[Tensor, Tensor]:
    """Training pixels less the mean image, and their classes; random ones where there is no CIFAR-10."""
    folder = Path(os.environ.get("NETSITTER_DATA", "")) / "cifar-10-batches-bin"
    if not folder.is_dir():
        generator = torch.Generator().manual_seed(0)
        y_N = torch.randint(0, KINDS, (rows,), generator=generator)
        return torch.randn(rows, *EXAMPLE, generator=generator), y_N
    part = open_source(str(folder)).parts["train"]
    x_N = torch.from_numpy(part.x.take(np.arange(rows))).float() / 255
    return x_N - x_N.mean(dim=0), torch.from_numpy(part.y[:rows]).long()


def epoch_of(net: str, rows: int, batch: int, *, epochs: int, trials: int) -> Epoch:
    """One epoch, or more, of netsitter's loop over these rows, always from the same weights."""
    x_N, y_N = pixels(rows + VALIDATION)
    train, val = Resident(x_N[:rows], y_N[:rows]), Resident(x_N[rows:], y_N[rows:])
    fields = {
        "net": net,
        "net.norm": "batch",
        "net.init": "he",
        "optim.lr": 1e-3,
        "optim.schedule": "constant",
        "loop.epochs": epochs,
        "loop.batch": batch,
    }
    plan = changed(Plan(), fields)
    score_rows = np.arange(plan.loop.score_rows)
    scorers = {"train": scorer_of(train.y_N[score_rows], CLASSES), "val": scorer_of(val.y_N, CLASSES)}
    parts = Parts({"train": train, "val": val}, scorers, score_rows, CLASSES)

    def epoch(watch_every: int) -> tuple[dict[str, Tensor], list[Event]]:
        rates = [1e-3 * 2 ** -(trial / trials) for trial in range(trials)]
        asked = [changed(plan, {"loop.watch_every": watch_every, "optim.lr": rate}) for rate in rates]
        made = [build(one.net, example=EXAMPLE, outputs=KINDS) for one in asked]
        cohort = cohort_of(made, asked, LOSSES["cross_entropy"], device=torch.device("cpu"))
        events = list(Training(cohort, parts).events())
        return {name: tensor.clone() for name, tensor in cohort.state().items()}, events

    return epoch


def timed(epoch: Epoch, watch_every: int) -> tuple[float, float, dict[str, Tensor]]:
    """Seconds by the clock, seconds of the processor, and the weights after."""
    clock, processor = time.perf_counter(), time.process_time()
    weights, _ = epoch(watch_every)
    return time.perf_counter() - clock, time.process_time() - processor, weights


def verdict_s(epoch: Epoch) -> float:
    """Seconds of the processor that the doctor takes to conclude from the record of a watched epoch."""
    trace = Trace(epoch(WATCH_EVERY)[1])
    start = time.process_time()
    Doctor(Plan()).conclude(trace)
    return time.process_time() - start


def same_bits(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def compared(net: str, *, pairs: int, epochs: int, trials: int) -> dict[str, object]:
    """What both take over the pairs, their ratios, and whether the weights are the same."""
    kind = net.partition(":")[0]
    rows, batch = SIZES[kind]
    epoch = epoch_of(net, rows, batch, epochs=epochs, trials=trials)
    verdict = verdict_s(epoch)
    watched, alone, equal = [], [], True
    for pair in range(pairs):
        order = (WATCH_EVERY, 0) if pair % 2 else (0, WATCH_EVERY)
        found = {every: timed(epoch, every) for every in order}
        watched.append(found[WATCH_EVERY][:2])
        alone.append(found[0][:2])
        equal = equal and same_bits(found[WATCH_EVERY][2], found[0][2])
    medians = [[median(column) for column in zip(*times, strict=True)] for times in (watched, alone)]
    least = min(t for _, t in watched) / min(t for _, t in alone)
    return {
        "net": net,
        "trials": trials,
        "steps": epochs * (rows // batch),
        "watched, s": round(medians[0][0], 3),
        "unwatched, s": round(medians[1][0], 3),
        "ratio": round(medians[0][0] / medians[1][0], 4),
        "watched, processor s": round(medians[0][1], 3),
        "unwatched, processor s": round(medians[1][1], 3),
        "ratio, processor": round(medians[0][1] / medians[1][1], 4),
        "ratio of the least, processor": round(least, 4),
        "bar": BARS[kind],
        "a verdict, processor s": round(verdict, 3),
        "weights bit-equal": equal,
        "pairs": pairs,
        "threads": torch.get_num_threads(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--nets", nargs="+", default=["mlp:50", "conv:16,32"])
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    told = [compared(net, pairs=asked.pairs, epochs=asked.epochs, trials=asked.trials) for net in asked.nets]
    print("| " + " | ".join(told[0]) + " |")
    print("|" + "---|" * len(told[0]))
    for row in told:
        print("| " + " | ".join(map(str, row.values())) + " |")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
