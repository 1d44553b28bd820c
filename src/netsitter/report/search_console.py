"""A search on the console: its stages with their ranges, one line a trial, and the winner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TextIO

from netsitter.record.events import Concluded, Event, Searched, StageBegan
from netsitter.record.findings import Finding
from netsitter.report.console import Console
from netsitter.report.search_story import ways_line
from netsitter.report.text import finding_lines, found_line

SHORT = {"optim.lr": "lr", "optim.l2": "reg", "optim.decay": "decay", "loop.batch": "batch", "net.dropout": "dropout"}
"""What the classic course calls them."""


class SearchConsole:
    """Prints a search as it goes on. trials: of all stages together. stream: standard output when None."""

    def __init__(self, trials: int, *, stream: TextIO | None = None) -> None:
        self.console, self.trials = Console(stream=stream), trials
        self._told: list[Searched] = []

    def take(self, event: Event) -> None:
        if isinstance(event, StageBegan):
            epochs = f"{event.epochs} epoch{'s' * (event.epochs > 1)}"
            self.console.say(
                *([""] if event.first else []),
                f"Stage {event.stage}: {event.trials} trials of {epochs} at most",
                *(f"  {line}" for line in event.says),
                *(f"  {name}: {text}" for name, text in event.space.items()),
            )
        elif isinstance(event, Searched):
            self._told.append(event)
            self.console.say(trial_line(event, self.trials))
            done = len(self._told)
            self.console.bar(done, self.trials, f"trial {done} of {self.trials}")
        elif isinstance(event, Concluded):
            self.console.say("", *judged_lines(event.findings))

    def concluded(
        self,
        best: Searched | None,
        tied: Sequence[Searched],
        error: Callable[[float], float],
        plan: str,
        saved: float = 0.0,
    ) -> None:
        """The winner, those that it cannot be told from, and the share of epochs that were saved."""
        self.console.close()
        self.console.say("", *best_lines(best, tied, error))
        if saved >= 0.005:
            self.console.say(f"Ending trials early saved {100 * saved:.0f} % of their epochs.")
        self.console.say(*ways_line(self._told))
        if plan and best is not None:
            self.console.say(f"The winner's plan: {plan}")

    def close(self) -> None:
        self.console.close()


def trial_line(event: Searched, trials: int) -> str:
    """One trial, as the classic course prints it."""
    score = "val_acc: diverged" if event.score is None else f"val_acc: {event.score:f}"
    values = ", ".join(f"{SHORT.get(name, name)}: {written(value)}" for name, value in event.values.items())
    how = "" if event.how == "finished" else f"  {event.how}"
    return f"{score}, {values}, ({event.number + 1} / {trials}), {len(event.curve)} epochs{how}"


def written(value: Any) -> str:
    return f"{value:e}" if isinstance(value, float) else str(value)


def best_lines(best: Searched | None, tied: Sequence[Searched], error: Callable[[float], float]) -> list[str]:
    """What won, with its standard error, and who is as good as far as can be told."""
    if best is None or best.score is None:
        return ["Every trial diverged: lower the range of the learning rate."]
    lines = [f"Best on validation: {best.score:.4f} ± {error(best.score):.4f}, trial {best.number + 1}"]
    lines += [f"  {name} = {value:.4g}" if isinstance(value, float) else f"  {name} = {value}" for name, value in
              best.values.items()]  # fmt: skip
    if tied:
        names = ", ".join(str(other.number + 1) for other in sorted(tied, key=lambda r: -(r.score or 0.0))[:10])
        lines.append(f"Not told from it by chance: trial{'s' * (len(tied) > 1)} {names}")
    return lines


def judged_lines(findings: Sequence[Finding]) -> list[str]:
    """What the doctor says of the search: findings above a note in full, of notes what was seen."""
    grave = [finding for finding in findings if finding.severity != "note"]
    lines = ["What is wrong with the search, the gravest first:"] if grave else []
    lines += [line for finding in grave for line in finding_lines(finding)]
    lines += [found_line(finding) for finding in findings if finding.severity == "note"]
    return lines or ["Nothing is wrong with the search, as far as can be seen."]
