"""A search as numbers: what the rules of searches read. Made from its events; the journal has all of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netsitter.record.events import Crowned, Event, SearchBegan, Searched, StageBegan


@dataclass(frozen=True)
class SearchFacts:
    """All of it.

    began: what was asked for, and what trials are scored on. stages: in the order in which they began.
    trials: by number. crowned: the winner trained in full, None where that was not done.
    """

    began: SearchBegan
    stages: tuple[StageBegan, ...]
    trials: tuple[Searched, ...]
    crowned: Crowned | None = None

    def of(self, stage: StageBegan) -> list[Searched]:
        """The trials of a stage."""
        return [trial for trial in self.trials if trial.stage == stage.stage]

    @property
    def full(self) -> list[Searched]:
        """The trials that were trained as long as any, the best first."""
        scored = [trial for trial in self.trials if trial.score is not None and trial.how == "finished"]
        longest = max((len(trial.curve) for trial in scored), default=0)
        return sorted(
            (trial for trial in scored if len(trial.curve) == longest),
            key=lambda trial: (-self.worth(trial), trial.number),
        )

    @property
    def by_loss(self) -> bool:
        """Whether trials are ranked by their loss, and not by their score."""
        return self.began.metric == "loss"

    @property
    def scored_rows(self) -> int:
        """Rows that a trial is scored on: those of the hold-out part, or of all folds."""
        return self.began.rows * (self.began.folds or 1)

    def worth(self, trial: Searched) -> float:
        """What a trial is ranked by, higher is better."""
        found = -trial.loss if self.by_loss and trial.loss is not None else trial.score
        return float("-inf") if found is None else float(found)


def search_of(events: Iterable[Event]) -> SearchFacts | None:
    """The search that these events tell of; None where none began."""
    began, crowned = None, None
    stages: dict[str, StageBegan] = {}
    trials: dict[int, Searched] = {}
    for event in events:
        match event:
            case SearchBegan():
                began = event
            case StageBegan():
                stages[event.stage] = event
            case Searched():
                trials[event.number] = event
            case Crowned():
                crowned = event
            case _:
                pass
    if began is None:
        return None
    return SearchFacts(began, tuple(stages.values()), tuple(trials[number] for number in sorted(trials)), crowned)
