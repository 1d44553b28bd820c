"""The course of a search: all trials are spent, wide and short first, and moves are answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsitter.searching.course import ENDS, FEELERS, MOST_MOVES, course, named, timed_course


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


class Clock:
    """Time that passes only when trials train: so many seconds an epoch."""

    def __init__(self, pace):
        self.pace, self.seconds, self.epochs = pace, 0.0, 0

    def walked(self, budget, lengths, *, most=1_000, known=None, moved=False):
        stages = []
        going = timed_course(
            budget, lengths, spent=lambda: self.seconds, most=most, known=known or {},
            pace=lambda: self.seconds / self.epochs if self.epochs else None,
        )  # fmt: skip
        stage = next(going, None)
        while stage is not None:
            stages.append(stage)
            self.epochs += stage.trials * lengths[stage.place]
            self.seconds = self.epochs * self.pace
            try:
                stage = going.send(moved and stage.may_move)
            except StopIteration:
                stage = None
        return stages


@given(st.floats(0.01, 5), st.floats(10, 3_000), st.booleans())
def test_a_time_is_used_up_and_hardly_passed(pace, budget, moved):
    clock = Clock(pace)
    stages = clock.walked(budget, [1, 3, 10], most=10**7, moved=moved)
    assert stages[0].trials == FEELERS
    assert stages[-1].place == 2, "at least one trains in full"
    feeling = FEELERS * pace
    assert clock.seconds <= max(budget, feeling + 10 * pace) + 1e-6
    if budget > 20 * feeling:
        assert clock.seconds > 0.8 * budget
        first = sum(stage.trials for stage in stages if stage.place == 0) * pace
        assert first <= ENDS[2][0] * budget + 1e-6
    assert [n for s in stages for n in range(s.first, s.first + s.trials)] == list(range(sum(s.trials for s in stages)))


def test_stages_that_an_earlier_search_had_begun_have_as_many_trials_again():
    whole = Clock(1.0).walked(400, [1, 3, 10])
    slower = Clock(1.3).walked(400, [1, 3, 10], known={stage.name: stage.trials for stage in whole[:3]})
    assert slower[:3] == whole[:3]


def test_there_are_never_more_trials_than_asked_for():
    stages = Clock(0.001).walked(400, [1, 3, 10], most=50)
    assert sum(stage.trials for stage in stages) == 50
    assert stages[-1].place == 2


def test_stages_of_a_length_have_letters():
    assert [named(0, 0), named(1, 1), named(1, 25), named(2, 26)] == ["1", "2b", "2z", "3ba"]
