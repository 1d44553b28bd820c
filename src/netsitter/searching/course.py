"""The course of a search: how many trials each stage has, and how long they train. Wide and short first."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

LENGTHS = (0.1, 0.3, 1.0)
"""Epochs of a trial, as shares of a whole training, in the order in which a search comes to them."""

FIRST, AGAIN = 0.4, 0.2
"""Shares of all trials: of the first stage, and of each stage that a move asks for."""

RESERVED = 0.5
"""Share of all trials that moves leave for longer stages."""

ROUNDS = 2
"""Stages of each later length, so that what one shows narrows the next."""

ENDS = ((1.0,), (0.5, 1.0), (0.3, 0.6, 1.0))
"""Where in a time that is given each length ends, for one, two and three lengths."""

FEELERS, FEWEST = 16, 4
"""Trials that the pace is measured on, and how few are not worth a further stage of a length."""

MOST_MOVES = 3
"""Times that ranges may move in one search."""


@dataclass(frozen=True)
class Stage:
    """One stage. place: which length its trials have, from 0. first, trials: number of its first trial, and how many.

    may_move: whether ranges may still move behind it.
    """

    name: str
    place: int
    first: int
    trials: int
    may_move: bool


def course(trials: int, lengths: int) -> Generator[Stage, bool, None]:
    """The stages of so many trials over so many lengths; `send` says of each whether a range moved behind it.

    A stage whose ranges moved is followed by one of the same length, as long as longer ones are left. With one length
    there is one stage: a plain search.
    """
    first = place = turn = rounds = moves = 0
    again = False
    while first < trials:
        left = trials - first
        if left < lengths - place:
            # Too few for a stage of every length: the last ones train in full.
            place, turn, rounds, again = lengths - 1, 0, 0, False
        if lengths == 1:
            count = trials
        elif again:
            count = ceil(AGAIN * trials)
        elif place == 0:
            count = ceil(FIRST * trials)
        else:
            count = ceil(left / max(1, (lengths - place) * ROUNDS - rounds))
        last = place == lengths - 1
        count = min(count, left - (lengths - 1 - place))  # one is left for each longer length
        may_move = lengths > 1 and moves < MOST_MOVES
        moved = yield Stage(named(place, turn), place, first, count, may_move)
        first, turn, moves = first + count, turn + 1, moves + moved
        again = moved and not last and trials - first >= RESERVED * trials
        rounds += not again
        if not again and not last and rounds == (ROUNDS if place else 1):
            place, turn, rounds = place + 1, 0, 0


def timed_course(
    budget_s: float,
    epochs: Sequence[int],
    *,
    spent: Callable[[], float],
    pace: Callable[[], float | None],
    most: int,
    known: Mapping[str, int],
) -> Generator[Stage, bool, None]:
    """The stages that fit into a time; `send` as for `course`.

    epochs: of each length. spent: seconds so far. pace: seconds that an epoch of a trial takes; None before any was
    trained. most: trials at most. known: trials of the stages that an earlier, broken search had begun, by name.

    Each length has its share of the time. At least one trial trains in full, however little time there is.
    """
    ends = [ENDS[len(epochs) - 1][place] * budget_s for place in range(len(epochs))]
    first = place = turn = moves = 0
    while first < most:
        seconds, last = pace(), place == len(epochs) - 1
        fit = FEELERS if seconds is None else int((ends[place] - spent()) / max(seconds * epochs[place], 1e-9))
        if place and turn < ROUNDS - 1:
            fit = fit // (ROUNDS - turn)
        name = named(place, turn)
        # Trials that cost nothing must not use up the number that is allowed.
        room = most * (place + 1) // len(epochs) - first
        count = known.get(name, min(max(fit, last and not turn), room))
        if name not in known and count < (FEWEST if turn else 1):
            if last:
                return
            place, turn = place + 1, 0
            continue
        moved = yield Stage(name, place, first, count, len(epochs) > 1 and moves < MOST_MOVES)
        first, turn, moves = first + count, turn + 1, moves + moved


def named(place: int, turn: int) -> str:
    """What the stages of a length are called: 2, 2b, 2c."""
    letters = ""
    while turn:
        turn, letter = divmod(turn, 26)
        letters = chr(ord("a") + letter) + letters
    return f"{place + 1}{letters}"
