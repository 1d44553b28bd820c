"""Samplers: a trial's values hang on its number alone, and are spread as they are meant to be."""

from __future__ import annotations

import numpy as np
import pytest

from netsitter.errors import PlanError
from netsitter.plan.space import integer, linear, log, pick
from netsitter.searching.refine import Result
from netsitter.searching.samplers import LEARNING, SAMPLERS, drawn, grid_levels, sampler_of

SPACE = {"optim.lr": log(1e-6, 1e-3), "optim.l2": log(1e-5, 1e5), "net.act": pick("relu", "elu", "tanh")}


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_trial_gets_the_same_values_alone_and_in_company(name):
    together = SAMPLERS[name](SPACE, range(27), 5, "1")
    if name == "grid":
        alone = np.stack([SAMPLERS[name](SPACE, range(27), 5, "1")[number] for number in range(27)])
    else:
        alone = np.concatenate([SAMPLERS[name](SPACE, range(number, number + 1), 5, "1") for number in range(27)])
    assert np.array_equal(together, alone)
    assert ((together >= 0) & (together < 1)).all()


@pytest.mark.parametrize("name", ["random", "sobol"])
def test_seeds_and_stages_give_other_values(name):
    first, other, later = (
        SAMPLERS[name](SPACE, range(8), seed, stage) for seed, stage in ((0, "1"), (1, "1"), (0, "2"))
    )
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, later)


def test_random_values_are_even_in_log_space():
    rates = np.array([trial["optim.lr"] for trial in drawn(SPACE, SAMPLERS["random"](SPACE, range(3_000), 0, "1"))])
    share = (np.log10(rates) + 6) / 3
    assert np.abs(np.sort(share) - np.linspace(0, 1, len(share))).max() < 1.63 / np.sqrt(len(share))  # Kolmogorov, 1 %


def test_sobol_fills_the_space_more_evenly_than_chance():
    def emptiest(shares):
        return np.bincount((shares[:, 0] * 16).astype(int), minlength=16).min()

    assert emptiest(SAMPLERS["sobol"](SPACE, range(64), 0, "1")) == 4
    assert emptiest(SAMPLERS["random"](SPACE, range(64), 0, "1")) < 4


def test_a_grid_has_as_many_levels_as_the_trials_allow():
    assert grid_levels(SPACE, 100) == [6, 5, 3]
    assert grid_levels({"net.act": pick("relu", "elu")}, 100) == [2]
    points = SAMPLERS["grid"](SPACE, range(90), 0, "1")
    assert len(np.unique(points, axis=0)) == 90


def test_a_field_is_drawn_only_where_its_condition_holds():
    from dataclasses import replace

    space = {
        "optim.kind": pick("adam", "momentum"),
        "optim.momentum": replace(linear(0.5, 0.99), when=("optim.kind", ("momentum",))),
        "loop.batch": integer(16, 64),
    }
    trials = drawn(space, SAMPLERS["random"](space, range(200), 0, "1"))
    assert all(("optim.momentum" in trial) == (trial["optim.kind"] == "momentum") for trial in trials)
    assert {trial["optim.kind"] for trial in trials} == {"adam", "momentum"}


def test_an_unknown_sampler_is_refused_with_the_nearest():
    with pytest.raises(PlanError, match="random"):
        sampler_of("randon")


@pytest.mark.parametrize("name", LEARNING)
def test_samplers_that_learn_find_a_better_place_than_chance(name):
    def score(values):
        return -((np.log10(values["optim.lr"]) + 4.5) ** 2) - abs(np.log10(values["optim.l2"]) + 2)

    def best(sampler, seed):
        results = []
        for stage in range(4):
            values = drawn(SPACE, SAMPLERS[sampler](SPACE, range(15), seed, str(stage), results))
            results += [Result(one, score(one)) for one in values]
        return max(result.score for result in results)

    assert np.mean([best(name, seed) for seed in range(3)]) > np.mean([best("random", seed) for seed in range(3)])


@pytest.mark.parametrize("name", LEARNING)
def test_samplers_that_learn_leave_what_diverged_and_what_lies_outside(name):
    far = [Result({"optim.lr": 1e2, "optim.l2": 1.0, "net.act": "relu"}, 5.0)] * 20
    died = [Result(one, None) for one in drawn(SPACE, SAMPLERS["random"](SPACE, range(20), 0, "1"))]
    shares = SAMPLERS[name](SPACE, range(5), 0, "2", far + died)
    assert shares.shape == (5, 3)
    assert ((shares >= 0) & (shares < 1)).all()
