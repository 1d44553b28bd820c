"""The course of a search: all trials are spent, wide and short first, and moves are answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsitter.searching.course import MOST_MOVES, course


def walked(trials, lengths, moves):
    """The stages of a course, of which `moves` says one after another whether ranges moved behind them."""
    stages, going = [], course(trials, lengths)
    stage = next(going)
    while True:
        stages.append(stage)
        moved = stage.may_move and next(moves, False)
        try:
            stage = going.send(moved)
        except StopIteration:
            return stages


@given(st.integers(2, 3_000), st.integers(1, 3), st.lists(st.booleans(), max_size=12))
def test_every_trial_is_in_one_stage_and_lengths_only_rise(trials, lengths, moves):
    stages = walked(trials, lengths, iter(moves))
    assert [number for s in stages for number in range(s.first, s.first + s.trials)] == list(range(trials))
    places = [stage.place for stage in stages]
    assert places == sorted(places)
    assert len({stage.name for stage in stages}) == len(stages)
    assert places[-1] == lengths - 1, "some are trained in full"


def test_a_hundred_trials_are_spent_on_five_stages():
    names = [(s.name, s.place, s.trials) for s in walked(100, 3, iter(()))]
    assert names == [("1", 0, 40), ("2", 1, 15), ("2b", 1, 15), ("3", 2, 15), ("3b", 2, 15)]


def test_a_move_is_followed_by_a_stage_of_the_same_length():
    stages = walked(100, 3, iter([True, True]))
    assert [(s.name, s.trials) for s in stages[:3]] == [("1", 40), ("1b", 20), ("2", 10)], "half is for longer stages"
    assert sum(stage.may_move for stage in walked(1_000, 3, iter([True] * 20))) == MOST_MOVES


@pytest.mark.parametrize("trials", [2, 7, 100])
def test_with_one_length_it_is_a_plain_search(trials):
    assert [(s.trials, s.may_move) for s in walked(trials, 1, iter(()))] == [(trials, False)]
