"""What a cohort costs against the number of its trials: time of one trial and epoch, and memory.

    python -m benchmarks.speed.sizes [--load digits] [--trials 1 10 100 1000]

Each number of trials runs in a process of its own, so that its peak of memory is its own. What the process takes
before any trial is there (PyTorch, the data) is told apart.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys

from benchmarks.speed.loads import LOADS, parts_of
from benchmarks.speed.ours import ours
from benchmarks.speed.run import EPOCHS, taken

from netsitter.train.device import using_threads


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(name: str, trials: int) -> dict[str, object]:
    """One row, of this process."""
    load, epochs = LOADS[name], EPOCHS.get(name, 1)
    parts = parts_of(load)
    plans = [load.plan(trial, trials, epochs=epochs) for trial in range(trials)]
    before = peak_mib()
    with using_threads(1):
        clock, processor = taken(lambda: ours(load, parts, plans))
    return {
        "load": name,
        "trials": trials,
        "ms a trial and epoch": round(1e3 * clock / trials / epochs, 3),
        "processor, ms": round(1e3 * processor / trials / epochs, 3),
        "MiB before": round(before),
        "MiB more": round(peak_mib() - before),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--load", default="digits", choices=LOADS)
    parser.add_argument("--trials", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(measured(asked.load, asked.trials[0])))
        return
    for trials in asked.trials:
        command = [
            sys.executable,
            "-m",
            "benchmarks.speed.sizes",
            "--here",
            "--load",
            asked.load,
            "--trials",
            str(trials),
        ]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        if trials == asked.trials[0]:
            print("| " + " | ".join(row) + " |\n|" + "---|" * len(row))
        print("| " + " | ".join(map(str, row.values())) + " |", flush=True)


if __name__ == "__main__":
    main()
