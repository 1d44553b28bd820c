"""A cure on the console: each round as it ends, a moving bar in between, the story at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from netsitter.record.cures import CureFacts, Round
from netsitter.report.console import NO_BAR, Bar
from netsitter.report.cure_text import began_line, changed_lines, round_lines, story, trained_lines


class CureConsole:
    """Prints a cure as it goes on."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self._bar = Bar(self.stream) if self.stream.isatty() and os.environ.get("TERM") not in NO_BAR else None

    def began(self, most: float, seeds: int) -> None:
        self._say(began_line(most, seeds))

    def progress(self, spent: int, budget: int) -> None:
        """Rows trained on so far, of those that may be."""
        if self._bar is not None:
            self._bar.show(min(spent, budget), budget, f"{min(spent / max(budget, 1), 1):.0%} of what it may cost")

    def round(self, found: Round, number: int, metric: str) -> None:
        self._say("", *round_lines(found, number, metric))

    def concluded(self, facts: CureFacts, plan: str) -> None:
        """The story; plan: the file with what helped, "" where there is none."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        self._say("", *story(facts), *changed_lines(facts))
        if plan and facts.kept:
            self._say(f"The cured plan: {plan}")

    def trained(self, before: Mapping[str, Mapping[str, float]], after: Mapping[str, Mapping[str, float]]) -> None:
        """How good the cured network is, trained in full, beside the run that was cured. Both: scores by part."""
        self._say("", *trained_lines(before, after))

    def _say(self, *lines: str) -> None:
        for line in lines:
            if self._bar is not None:
                self._bar.print(line)
            else:
                print(line, file=self.stream, flush=True)
