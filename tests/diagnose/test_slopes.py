"""Fits of ranks, and crowds of the best, against known values and slow second implementations."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from netsitter.diagnose.cases_search import RATES, hill, searched
from netsitter.diagnose.in_search import ranked
from netsitter.diagnose.slopes import best_few, chance, fitted, steepness
from netsitter.plan.space import linear, log, pick


def values_of(facts, most=None):
    return [trial.values for trial in ranked(facts, facts.trials[:most])]


@pytest.mark.parametrize(("crowd", "count"), [(0, 4), (3, 5), (5, 5)])
def test_the_chance_of_a_crowd_is_that_of_all_ways_to_lie(crowd, count):
    side = 0.3
    ways = [
        np.prod([side if there else 1 - side for there in lies])
        for lies in product((True, False), repeat=count)
        if sum(lies) >= crowd
    ]
    assert chance(crowd, count, side) == pytest.approx(sum(ways))


def test_a_fit_is_that_of_numpy_with_the_textbook_s_errors():
    stream = np.random.default_rng(0)
    columns, ranks = [stream.random(40), stream.random(40)], stream.random(40)
    fit = fitted(columns, ranks)
    design = np.stack([np.ones(40), *columns], axis=1)
    slopes, left, *_ = np.linalg.lstsq(design, ranks)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * left[0] / 37)
    assert fit.slopes == pytest.approx(slopes, abs=1e-4)
    assert fit.errors == pytest.approx(errors, rel=1e-4)
    assert (fit.left, fit.spare) == (pytest.approx(left[0], rel=1e-6), 37)
    assert fitted(columns, ranks[:40])
    assert fitted([stream.random(5)] * 3, stream.random(5)) is None


def test_scores_that_rise_to_an_end_are_steep_there_and_a_hill_s_are_not():
    low = {**RATES, "optim.lr": log(1e-6, 1e-3)}
    beyond, within = searched(hill(lr=1e-1, fall=0.02), space=low), searched(hill())
    assert steepness(values_of(beyond), "optim.lr", low, 1.0) > 4
    assert steepness(values_of(beyond), "optim.lr", low, 0.0) < -2
    assert steepness(values_of(within), "optim.lr", RATES, 1.0) < -2
    assert steepness(values_of(within), "optim.lr", RATES, 0.0) < -2
    assert steepness(values_of(within, 6), "optim.lr", RATES, 0.0) == 0.0


def landscape(score, space, trials=40):
    """Values drawn at random from a space, the best by this score first."""
    stream = np.random.default_rng(0)
    drawn = [
        {
            name: stream.choice(axis.values) if name == "act" else axis.value(stream.random())
            for name, axis in space.items()
        }
        for _ in range(trials)
    ]
    return sorted(drawn, key=score, reverse=True)


def test_a_rise_among_the_best_is_seen_where_most_others_fall():
    space = {"rate": linear(0, 1), "penalty": linear(0, 1)}

    def score(values):
        return values["rate"] * (1 - 3 * values["penalty"])

    best_first = landscape(score, space, trials=200)
    own = np.array([v["rate"] for v in best_first if v["rate"] >= 0.5])
    plain = fitted(
        [own, np.array([v["penalty"] for v in best_first if v["rate"] >= 0.5])], np.arange(len(own), 0, -1.0)
    )
    assert plain.slopes[1] < 0
    assert steepness(best_first, "rate", space, 1.0) > 3


def test_what_does_not_matter_is_not_steep_and_a_pick_is_held_fixed():
    space = {"rate": linear(0, 1), "idle": log(1e-5, 1e5), "act": pick("relu", "elu")}
    best_first = landscape(lambda values: values["rate"] + 3 * (values["act"] == "elu"), space, trials=80)
    assert steepness(best_first, "rate", space, 1.0) > 5
    assert abs(steepness(best_first, "idle", space, 1.0)) < 2
    assert abs(steepness(best_first, "idle", space, 0.0)) < 2
    assert steepness(best_first, "act", space, 1.0) == 0.0


def test_the_best_are_a_tenth_and_five_at_least():
    assert [best_few(trials) for trials in (3, 5, 40, 101)] == [3, 5, 5, 11]
