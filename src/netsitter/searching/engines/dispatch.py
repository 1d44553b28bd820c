"""Legs given out to workers elsewhere, which may be lost: a lost leg runs again, and each result is taken once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from netsitter.errors import RunError
from netsitter.searching.engines.site import DataElsewhere
from netsitter.searching.legs import Leg, Reached
from netsitter.train.stopping import unbroken

DEATHS = 3
"""Workers that one leg may take with it: then it is the leg, and not chance, that ends them."""


class WorkerLost(Exception):
    """A worker ended before its leg did. The text says how, as far as it is known."""


class Dispatcher(ABC):
    """An engine whose workers are elsewhere. What a back end must do: begin a leg, wait, hand over a result.

    Of all it does, only waiting can be broken off: a worker that Ctrl-C left half begun would be known to nobody.
    """

    slots: int

    def run(self, legs: Sequence[Leg]) -> Iterator[tuple[int, Reached]]:
        waiting, running, deaths = deque(range(len(legs))), dict[Any, int](), Counter[int]()
        try:
            while waiting or running:
                while waiting and len(running) < self.slots:
                    with unbroken():
                        place = waiting.popleft()
                        running[self.begin(legs[place])] = place
                for task in self.wait(running):
                    place = running.pop(task)
                    try:
                        with unbroken():
                            reached = self.result(task)
                    except DataElsewhere:
                        waiting.append(place)
                    except WorkerLost as lost:
                        deaths[place] += 1
                        if deaths[place] >= DEATHS:
                            raise _fatal(legs[place], lost) from lost
                        waiting.append(place)
                    else:
                        yield place, reached
        finally:
            # A search that is left has no use for what still runs.
            with unbroken():
                for task in running:
                    self.cancel(task)

    @abstractmethod
    def begin(self, leg: Leg) -> Any:
        """Gives a leg to a worker that is free. Returns what `wait` and `result` know it by."""

    @abstractmethod
    def wait(self, tasks: Collection[Any]) -> Sequence[Any]:
        """Those of the tasks that are over, at least one; waits for it."""

    @abstractmethod
    def result(self, task: Any) -> Reached:
        """What came of a task that is over.

        Raises WorkerLost; DataElsewhere when the data are to be sent from now on; or what the leg itself raised.
        """

    @abstractmethod
    def cancel(self, task: Any) -> None:
        """Ends a task that nobody waits for any more."""

    @abstractmethod
    def close(self) -> None:
        """Ends what this engine began."""


def _fatal(leg: Leg, lost: WorkerLost) -> RunError:
    numbers = [trial.number + 1 for trial in leg.trials]
    which = f"trial {numbers[0]}" if len(numbers) == 1 else f"trials {', '.join(map(str, numbers))}"
    return RunError(
        f"{DEATHS} workers were lost in the same place",
        code="S66",
        where=f"{leg.name} ({which}): {lost}",
        fix="most often memory is out: fewer --workers, a smaller --batch, a narrower space; then --resume FOLDER",
        state="every trial that was told is kept: the search goes on with --resume.",
    )
