"""Coarse to fine, and the range that moves, on landscapes whose best place is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from netsitter.plan.space import log, pick
from netsitter.searching.refine import Result, refined
from netsitter.searching.samplers import SAMPLERS, drawn

RATES = {"optim.lr": log(1e-6, 1e-3), "optim.l2": log(1e-5, 1e5)}


def stage(space, score, trials=60, seed=0):
    values = drawn(space, SAMPLERS["random"](space, range(trials), seed, "1"))
    return [Result(one, score(one)) for one in values]


def hill(best_lr, *, noise=0.0, diverges_above=math.inf):
    """A landscape with its top at this rate, flat in l2 below 1; None where it diverges."""
    chance = np.random.default_rng(0)

    def score(values):
        if values["optim.lr"] > diverges_above:
            return None
        far = math.log10(values["optim.lr"] / best_lr)
        heavy = max(0.0, math.log10(values["optim.l2"]))
        return -(far**2) - heavy + noise * chance.normal()

    return score


def by_name(space, results, **options):
    return {one.name: one for one in refined(space, results, **options)}


@pytest.mark.parametrize("seed", range(5))
def test_a_best_beyond_the_upper_end_moves_the_range_there(seed):
    found = by_name(RATES, stage(RATES, hill(3e-2), seed=seed))["optim.lr"]
    assert 0 < found.moved <= 1
    assert found.axis.high > 1e-3
    assert found.axis.high / found.axis.low == pytest.approx(1e3), "as wide as before"
    assert "crowd the upper side" in found.says


def test_a_best_beyond_the_lower_end_moves_it_down():
    found = by_name(RATES, stage(RATES, hill(1e-8)))["optim.lr"]
    assert found.moved < 0
    assert found.axis.low < 1e-6


def test_a_range_does_not_move_into_what_diverged():
    found = by_name(RATES, stage(RATES, hill(3e-2, diverges_above=4e-4)))["optim.lr"]
    assert found.moved == 0
    assert found.axis.high <= 1e-3


def test_a_range_stays_where_it_is_told_to():
    assert all(one.moved == 0 for one in refined(RATES, stage(RATES, hill(3e-2)), may_move=False))


def test_a_best_near_an_end_and_still_within_seldom_moves_the_range():
    moved = [by_name(RATES, stage(RATES, hill(1.5e-4), seed=seed))["optim.lr"].moved != 0 for seed in range(20)]
    assert sum(moved) <= 3


@pytest.mark.parametrize("seed", range(5))
def test_a_best_within_narrows_the_range_around_it(seed):
    found = by_name(RATES, stage(RATES, hill(2e-5), seed=seed))
    lr, l2 = found["optim.lr"].axis, found["optim.l2"].axis
    assert lr.low < 2e-5 < lr.high
    assert lr.high / lr.low < 1e2
    assert l2.high < 1e3, "strong penalties are left behind"
    assert l2.low < 1e-2, "below 1 all are as good"


def test_what_does_not_matter_is_seldom_moved():
    moved = 0
    for seed in range(200):
        chance = np.random.default_rng(seed)
        values = drawn(RATES, SAMPLERS["random"](RATES, range(60), seed, "1"))
        results = [Result(one, float(chance.normal())) for one in values]
        moved += sum(one.moved != 0 for one in refined(RATES, results))
    assert moved / 400 < 0.05, "a crowd on one side and a rise to its end are seldom both by chance"


def test_values_that_none_of_the_best_has_are_left_out():
    space = {**RATES, "net.act": pick("relu", "elu", "sigmoid")}

    def score(values):
        return hill(2e-5)(values) - 10 * (values["net.act"] == "sigmoid")

    found = by_name(space, stage(space, score))["net.act"]
    assert found.axis.values == ("relu", "elu")
    assert "sigmoid left out" in found.says


def test_too_few_trials_change_nothing():
    few = stage(RATES, hill(3e-2), trials=5)
    assert all(one.says == "" and one.axis == RATES[one.name] for one in refined(RATES, few))
    dead = [Result(one.values, None) for one in stage(RATES, hill(3e-2))]
    assert all(one.says == "" for one in refined(RATES, dead))
