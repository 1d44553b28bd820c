"""Whole searches side by side: netsitter's, which ends early what is behind, and a peer's, which does not.

    python -m benchmarks.speed.quality [--load digits] [--peer d] [--trials 20] [--epochs 9] [--rows N]

Both get the same rows to divide, the same network with the weights that PyTorch gives it, the same ranges, and the same
number of trials; the peer trains each to the end, with as many threads as is faster.
The winner of both is trained once more and answers rows that neither has seen: quality is the share right there.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import torch
from benchmarks.speed import tuners
from benchmarks.speed.by_hand import in_memory, optimizer_of, usual
from benchmarks.speed.loads import LOADS, Load, net_of, parts_of
from benchmarks.speed.run import PEERS, best_threads, taken

import netsitter as ns
from netsitter.data.batches import Resident
from netsitter.plan.plan import Plan, changed
from netsitter.train.device import using_threads

SEARCHES = {"d": tuners.optuna, "e": tuners.ray_tune}
"""Peers that tell which of their trials had which numbers, in the order of the trials."""


def search(load: Load, known: Resident, unseen: Resident, *, trials: int, epochs: int) -> tuple[float, float, str]:
    """netsitter's whole search: seconds, the winner's share right on unseen rows, and how many epochs it trained."""
    plan = load.plan(0, 1, epochs=epochs)
    plan = changed(plan, {"data.prepare": "none", "data.test": 0.02, "loop.threads": None})
    space = {"optim.lr": ns.log(*tuners.RATES), "optim.l2": ns.log(*tuners.PENALTIES)}
    found: Any = None

    def work() -> None:
        nonlocal found
        rows = known.x_N.numpy(), known.y_N.numpy()
        found = ns.search(rows, net=lambda: net_of(load), plan=plan, trials=trials, space=space, runs=None, show=False)

    clock, _ = taken(work)
    right = (found.run.predict(unseen.x_N.numpy()) == unseen.y_N.numpy()).mean()
    spent = sum(len(trial.curve) for trial in found.trials)
    return clock, float(right), f"{spent} of {trials * epochs} epochs"


def peers(letter: str, load: Load, parts: tuple[Resident, Resident], unseen: Resident, plans: list[Plan]) -> Any:
    """A peer's whole search, and its winner trained once more: seconds and its share right on unseen rows."""
    net = net_of(load)

    def work() -> None:
        scores = SEARCHES[letter](load, parts, plans)
        best = tuners.numbers_of[letter][max(range(len(scores)), key=scores.__getitem__)]
        plan = changed(plans[0], {"optim.lr": best["lr"], "optim.l2": best["l2"]})
        optimizer = optimizer_of(net, plan)
        for _ in range(plan.loop.epochs or 1):
            for x_B, y_B in in_memory(load.batch)(parts[0]):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(net(x_B), y_B).backward()
                optimizer.step()

    with using_threads(best_threads(usual, load, parts)):
        clock, _ = taken(work)
    with torch.no_grad():
        right = (net.eval()(unseen.x_N).argmax(dim=1) == unseen.y_N).float().mean()
    return clock, float(right)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--load", default="digits", choices=LOADS)
    parser.add_argument("--peer", default="d", choices=SEARCHES)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--rows", type=int, help="of the training part that are used; all when left out")
    asked = parser.parse_args()
    load = LOADS[asked.load]
    train, unseen = parts_of(load)
    count = asked.rows or train.rows
    cut = count * 9 // 10
    parts = Resident(train.x_N[:cut], train.y_N[:cut]), Resident(train.x_N[cut:count], train.y_N[cut:count])
    plans = [load.plan(trial, asked.trials, epochs=asked.epochs) for trial in range(asked.trials)]
    known = Resident(train.x_N[:count], train.y_N[:count])
    ours_s, ours_right, spent = search(load, known, unseen, trials=asked.trials, epochs=asked.epochs)
    theirs_s, theirs_right = peers(asked.peer, load, parts, unseen, plans)
    told = {
        "load": load.name,
        "peer": PEERS[asked.peer].title,
        "trials": asked.trials,
        "epochs": asked.epochs,
        "ours, s": round(ours_s, 1),
        "theirs, s": round(theirs_s, 1),
        "ratio": round(theirs_s / ours_s, 2),
        "of it by ending early": spent,
        "ours, unseen": round(ours_right, 4),
        "theirs, unseen": round(theirs_right, 4),
    }
    print("| " + " | ".join(told) + " |\n|" + "---|" * len(told))
    print("| " + " | ".join(map(str, told.values())) + " |")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
