"""Coarse to fine, and the range that moves, on landscapes whose best place is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from netsitter.plan.space import log, pick
from netsitter.searching.refine import SHRINK, Result, longer, never, refined
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


def anywhere(name, axis):
    return True


def by_name(space, results, may_move=anywhere, **options):
    return {one.name: one for one in refined(space, results, may_move=may_move, **options)}


def test_a_best_beyond_the_upper_end_moves_the_range_there():
    found = by_name(RATES, stage(RATES, hill(3e-2)))["optim.lr"]
    assert 0 < found.moved <= 1
    assert found.axis.high > 1e-3
    assert found.axis.high / found.axis.low == pytest.approx(1e3), "as wide as before"
    assert "crowd the upper side" in found.says


def test_ranges_move_where_they_must_and_hardly_where_they_need_not():
    beyond = [by_name(RATES, stage(RATES, hill(3e-2), trials=40, seed=seed)) for seed in range(50)]
    within = [by_name(RATES, stage(RATES, hill(2e-5), trials=40, seed=seed)) for seed in range(50)]
    assert sum(found["optim.lr"].moved > 0 for found in beyond) >= 43
    assert sum(found["optim.lr"].moved != 0 for found in within) <= 2
    assert sum(found["optim.l2"].moved != 0 for found in beyond + within) <= 4, "it is flat below 1"


def test_a_best_beyond_the_lower_end_moves_it_down():
    found = by_name(RATES, stage(RATES, hill(1e-8)))["optim.lr"]
    assert found.moved < 0
    assert found.axis.low < 1e-6


def test_a_range_does_not_move_into_what_diverged():
    found = by_name(RATES, stage(RATES, hill(3e-2, diverges_above=4e-4)))["optim.lr"]
    assert found.moved == 0
    assert found.axis.high <= 1e-3 * (1 + 1e-9)


def test_a_range_stays_where_it_is_told_to():
    assert all(one.moved == 0 for one in refined(RATES, stage(RATES, hill(3e-2))))


def test_a_range_moves_less_far_where_further_is_not_allowed():
    def at_most(name, axis):
        return axis.high < 0.02

    far = by_name(RATES, stage(RATES, hill(3e-2)))["optim.lr"]
    near = by_name(RATES, stage(RATES, hill(3e-2)), may_move=at_most)["optim.lr"]
    assert far.axis.high > 0.02 > near.axis.high > 1e-3
    assert 0 < near.moved < far.moved


def test_a_range_that_moves_takes_its_best_trials_along():
    for seed in range(20):
        results = stage(RATES, hill(1.5e-4), seed=seed)
        axis = by_name(RATES, results)["optim.lr"].axis
        best = max(results, key=lambda result: result.score)
        assert axis.low < best.values["optim.lr"] < axis.high


@pytest.mark.parametrize("seed", range(5))
def test_a_best_within_narrows_the_range_around_it(seed):
    found = by_name(RATES, stage(RATES, hill(2e-5), seed=seed))
    lr, l2 = found["optim.lr"].axis, found["optim.l2"].axis
    assert lr.low < 2e-5 < lr.high
    assert math.log(lr.high / lr.low) == pytest.approx(SHRINK * math.log(1e3))
    assert l2.high < 1e3, "strong penalties are left behind"


def test_ranges_that_narrow_again_and_again_close_in_on_the_best():
    space, results = dict(RATES), []
    for number in range(5):
        results += stage(space, hill(2e-5), trials=20, seed=number)
        space = {one.name: one.axis for one in refined(space, results, within=RATES)}
    assert space["optim.lr"].low < 2e-5 < space["optim.lr"].high
    assert space["optim.lr"].high / space["optim.lr"].low < 2


def test_a_narrowed_range_slides_back_towards_a_better_place_within_where_it_began():
    narrow = {**RATES, "optim.lr": log(3e-4, 1e-3)}
    results = stage(narrow, hill(2e-5), trials=20) + stage(RATES, hill(2e-5), trials=40)
    axis = by_name(narrow, results, may_move=never, within=RATES)["optim.lr"].axis
    assert 1e-6 <= axis.low < 3e-4
    assert math.log(axis.high / axis.low) == pytest.approx(SHRINK * math.log(1e-3 / 3e-4))


def test_what_does_not_matter_is_seldom_moved():
    moved = 0
    for seed in range(200):
        chance = np.random.default_rng(seed)
        values = drawn(RATES, SAMPLERS["random"](RATES, range(60), seed, "1"))
        results = [Result(one, float(chance.normal())) for one in values]
        moved += sum(one.moved != 0 for one in by_name(RATES, results).values())
    assert moved / 400 < 0.05, "a crowd on one side and a rise to its end are seldom both by chance"


def test_a_range_that_shows_nothing_yet_seldom_narrows():
    space = {"optim.lr": log(1e-6, 1e-3), "optim.l2": log(1e-7, 1e-1)}
    narrowed = {"optim.lr": 0, "optim.l2": 0}
    for seed in range(200):
        chance = np.random.default_rng(seed)
        values = drawn(space, SAMPLERS["random"](space, range(40), seed, "1"))
        results = [Result(one, hill(2e-5)(one) + 0.1 * float(chance.normal())) for one in values]
        for one in refined(space, results):
            narrowed[one.name] += one.axis != space[one.name]
    assert narrowed["optim.lr"] == 200
    assert narrowed["optim.l2"] < 0.45 * 200, "by chance an axis explains more than chance in 37 of 100"


def test_longer_trainings_get_room_for_lower_rates_and_stronger_penalties_but_never_beyond_the_limits():
    began = {"optim.lr": log(1e-4, 1e-1), "optim.l2": log(1e-6, 1e-3), "net.act": pick("relu", "elu")}
    narrow = {**began, "optim.lr": log(1e-2, 3e-2), "optim.l2": log(1e-4, 5e-4)}
    rate, penalty, act = longer(narrow, 3, within=began)
    assert (rate.axis.low, rate.axis.high) == pytest.approx((1e-2 / 3, 3e-2))
    assert (penalty.axis.low, penalty.axis.high) == pytest.approx((1e-4, 1e-3))
    assert "0.01 .. 0.03 (log) -> 0.00333 .. 0.03 (log), as lower rates" in rate.says
    assert (act.axis, act.says) == (began["net.act"], "")
    for whole in (longer(began, 3, within=began), longer(narrow, 1, within=began)):
        assert all(one.says == "" and one.moved == 0 for one in whole)
    assert [one.axis for one in longer(began, 3, within=began)] == list(began.values())


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
