"""A cure on the console: each round as it ends, a moving bar in between, the story at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from netsitter.record.cures import CureFacts, Round
from netsitter.record.events import Outcome
from netsitter.report.console import Console
from netsitter.report.cure_text import began_line, changed_lines, round_lines, story, trained_lines

Scores = Mapping[str, Mapping[str, float]]
"""Loss and score by part."""


class CureConsole:
    """Prints a cure as it goes on. stream: standard output when None."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.console = Console(stream=stream)

    def began(self, most: float, seeds: int) -> None:
        self.console.say(began_line(most, seeds))

    def progress(self, spent: int, budget: int) -> None:
        """Rows trained on so far, of those that may be."""
        self.console.bar(min(spent, budget), budget, f"{min(spent / max(budget, 1), 1):.0%} of what it may cost")

    def round(self, found: Round, number: int, metric: str) -> None:
        self.console.say("", *round_lines(found, number, metric))

    def concluded(self, facts: CureFacts, plan: str) -> None:
        """The story; plan: the file with what helped, "" where there is none."""
        self.console.close()
        self.console.say("", *story(facts), *changed_lines(facts))
        if plan and facts.kept:
            self.console.say(f"The cured plan: {plan}")

    def trained(self, before: Scores, after: Scores, how: Outcome | None) -> None:
        """How good the cured network is beside the run that was cured. how: its own training ended."""
        self.console.say("", *trained_lines(before, after, how))
