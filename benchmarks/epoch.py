"""One epoch of netsitter beside one of a hand-written PyTorch loop, over the same tensors in memory.

    python benchmarks/epoch.py [--rows 45000] [--pairs 7]

The net is 3072-50-10 with ReLU, the batch 200, the optimiser SGD with momentum; pixels are random, which
costs what real ones cost. Both score the same 5,000 validation rows after the epoch; netsitter scores 5,000
training rows besides, and tells its events. Epochs alternate in one process; the ratio is the median over
pairs, and 1.00 is equal.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch
from torch import nn

from netsitter.data.batches import Resident
from netsitter.nn.build import build
from netsitter.plan.plan import plan_of
from netsitter.train import scores
from netsitter.train.cohort import cohort_of
from netsitter.train.loop import Parts, Training
from netsitter.train.losses import LOSSES

BATCH, FEATURES, HIDDEN, CLASSES, VALIDATION = 200, 3072, 50, 10, 5_000
LR, MOMENTUM = 0.01, 0.9


def by_hand(train: Resident, val: Resident) -> Callable[[], None]:
    """An epoch as people write it over tensors in memory."""
    net = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES))
    optimizer = torch.optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM)

    def epoch() -> None:
        net.train()
        order = torch.randperm(train.rows)
        for start in range(0, train.rows, BATCH):
            rows = order[start : start + BATCH]
            loss = nn.functional.cross_entropy(net(train.x_N[rows]), train.y_N[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            outputs = net(val.x_N)
            nn.functional.cross_entropy(outputs, val.y_N).item()
            (outputs.argmax(1) == val.y_N).float().mean().item()

    return epoch


def ours(train: Resident, val: Resident) -> Callable[[], None]:
    """An epoch of netsitter's loop, with all that it tells."""
    plan = plan_of(
        {
            "net": {"kind": "mlp", "sizes": (HIDDEN,), "norm": "none", "init": "he"},
            "optim": {"kind": "momentum", "lr": LR, "momentum": MOMENTUM, "schedule": "constant"},
            "loop": {"epochs": 1_000_000, "batch": BATCH},
        }
    )
    net = build(plan.net, example=(FEATURES,), outputs=CLASSES)
    cohort = cohort_of([net], [plan], LOSSES["cross_entropy"], device=torch.device("cpu"))
    score_rows = np.arange(plan.loop.score_rows)
    scorers = {
        "train": scores.scorer_of(train.y_N[score_rows], scores.CLASSES),
        "val": scores.scorer_of(val.y_N, scores.CLASSES),
    }
    events = Training(cohort, Parts({"train": train, "val": val}, scorers, score_rows, scores.CLASSES)).events()

    def epoch() -> None:
        while next(events).kind != "epoch":
            pass

    return epoch


def seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=45_000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    generator = torch.Generator().manual_seed(0)
    train, val = (
        Resident(
            torch.randn(rows, FEATURES, generator=generator), torch.randint(0, CLASSES, (rows,), generator=generator)
        )
        for rows in (asked.rows, VALIDATION)
    )
    hand, own = by_hand(train, val), ours(train, val)
    hand(), own()
    pairs = [(seconds(hand), seconds(own)) for _ in range(asked.pairs)]
    told = {
        "by hand, s": round(median(hand for hand, _ in pairs), 3),
        "netsitter, s": round(median(own for _, own in pairs), 3),
        "ratio": round(median(own / hand for hand, own in pairs), 3),
        "pairs": asked.pairs,
        "threads": asked.threads,
        "torch": torch.__version__,
    }
    print("| " + " | ".join(told) + " |")
    print("|" + "---|" * len(told))
    print("| " + " | ".join(map(str, told.values())) + " |")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
