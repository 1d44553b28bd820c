"""How soon an event is on the board's page, and what the board takes.

python benchmarks/board.py [--runs N] [--events N]

A folder of runs is made, one of them going on. Chromium opens the list, then the run, and events are written to its
journal one after the other. Told are the times until the page has the numbers and until the figure has the point, the
time until all runs of the folder have been read, the board's memory, and its share of a core while the events come.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from netsitter.board.shelf import run_id
from netsitter.record.events import EpochEnded, Measured
from netsitter.record.journal import Journal
from netsitter.testing.stories import story

RUNS_EVENTS = ("started", "known", "measured", "epoch")
"""Kinds that a made-up run tells."""

NUMBERS = "step => document.querySelector('.stands')?.innerText.includes(`at step ${step.toLocaleString('en')} `)"
POINT = "step => document.querySelector('figure .plot')?.data?.[0]?.x?.at(-1) === step"


def made(folder: Path, runs: int) -> Path:
    """Runs of 600 steps and 30 epochs in a folder; returns the journal of the one that will go on."""
    told = [event for event in story(steps=600, readings=30, trials=1) if event.kind in RUNS_EVENTS]
    told = [event for event in told if not isinstance(event, EpochEnded) or event.epoch <= 30]
    for number in range(runs):
        path = folder / f"run-{number}"
        if number == 0:
            path.mkdir()
            with Journal(path / "journal.jsonl") as journal:
                for event in told:
                    journal.take(event)
        else:
            shutil.copytree(folder / "run-0", path)
    return folder / "run-0" / "journal.jsonl"


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def until(page: Page, condition: str, argument: object = None) -> None:
    page.wait_for_function(condition, arg=argument, polling=20, timeout=120_000)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=1_000)
    options.add_argument("--events", type=int, default=40)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        journal = made(Path(name), asked.runs)
        command = [sys.executable, "-c", "from netsitter.cli.main import run; run()", "board", name, "--port", "0"]
        board = subprocess.Popen([*command, "--no-open"], stdout=subprocess.PIPE, text=True)
        try:
            address = re.search(r"http://\S+", board.stdout.readline())[0]  # type: ignore[union-attr,index]
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            began = time.monotonic()
            with Journal(journal) as going_on:
                page.goto(address)
                until(page, "() => /\\d in all/.test(document.querySelector('.told')?.textContent)")
                until(page, "() => !document.querySelector('.told').textContent.includes('still to read')")
                print(f"{asked.runs:,} runs read after {time.monotonic() - began:.1f} s")
                page.goto(f"{address}#/run/{run_id('run-0')}")
                page.wait_for_selector("figure .main-svg")
                print(*watched(page, going_on, board.pid, asked.events), sep="\n")
        finally:
            board.terminate()
            board.wait()


def watched(page: Page, journal: Journal, board: int, events: int) -> list[str]:
    """Writes the events, each once the one before is on the page, and a third of a second has passed."""
    numbers, points = [], []
    before, began = cpu_seconds(board), time.monotonic()
    for step in range(601, 601 + events):
        told = time.monotonic()
        journal.take(Measured(1, (step,), {"loss": ((1.0 + 1 / step,),)}))
        until(page, NUMBERS, step)
        numbers.append(time.monotonic() - told)
        until(page, POINT, step)
        points.append(time.monotonic() - told)
        time.sleep(max(0.0, 0.33 - points[-1]))
    share = (cpu_seconds(board) - before) / (time.monotonic() - began)
    return [
        f"numbers on the page: median {median(numbers):.2f} s, at most {max(numbers):.2f} s",
        f"points in the figure: median {median(points):.2f} s, at most {max(points):.2f} s",
        f"the board: {share:.0%} of a core meanwhile, {memory_mib(board):.0f} MiB",
    ]


if __name__ == "__main__":
    main()
