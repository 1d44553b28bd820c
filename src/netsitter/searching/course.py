"""The course of a search: how many trials each stage has, and how long they train. Wide and short first."""

from __future__ import annotations

from collections.abc import Generator
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
        moved = yield Stage(f"{place + 1}" + "_bcdefgh"[turn] * bool(turn), place, first, count, may_move)
        first, turn, moves = first + count, turn + 1, moves + moved
        again = moved and not last and trials - first >= RESERVED * trials
        rounds += not again
        if not again and not last and rounds == (ROUNDS if place else 1):
            place, turn, rounds = place + 1, 0, 0
