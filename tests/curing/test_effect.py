"""Chance told from effect."""

from __future__ import annotations

import numpy as np
import pytest

from netsitter.curing.effect import LEAST, consistent, effect_of, verdict_of


def effect(before, after, **options):
    return effect_of(before, after, **{"worst": 0.0, "grain": 0.001, **options})


def test_the_difference_is_paired_over_seeds():
    found = effect([0.1, 0.5, 0.9], [0.2, 0.6, 1.0])
    assert found.mean == pytest.approx(0.1)
    assert verdict_of(found) == "helps", "every seed says a tenth, however far apart they begin"


def test_a_mixed_difference_is_none():
    assert verdict_of(effect([0.5, 0.5, 0.5], [0.6, 0.4, 0.55])) == "no effect"


def test_a_loss_of_score_harms():
    assert verdict_of(effect([0.9, 0.91, 0.9], [0.5, 0.52, 0.49])) == "harms"


def test_what_nobody_would_notice_is_no_effect_however_sure_it_is():
    assert verdict_of(effect([0.5] * 4, [0.5 + LEAST / 2] * 4)) == "no effect"


def test_scores_that_lie_wholly_above_help_even_where_the_sick_ones_lie_far_apart():
    found = effect([0.86, 0.14, 0.14], [0.98, 0.99, 0.98])
    assert found.spread > found.mean, "Student's t alone would not see it"
    assert verdict_of(found) == "helps"


def test_three_pairs_of_one_sign_are_too_few_and_six_are_enough():
    before, after = [0.30, 0.34, 0.36], [0.33, 0.355, 0.45]
    assert consistent(effect(before, after))
    assert verdict_of(effect(before, after)) == "no effect"
    assert verdict_of(effect(before * 2, [*after, 0.32, 0.36, 0.37])) == "helps"


def test_a_program_that_fails_is_worth_the_worst():
    found = effect([None, None, None], [0.9, 0.8, 0.9], worst=-1.0)
    assert found.mean == pytest.approx(np.mean([1.9, 1.8, 1.9]))
    assert verdict_of(found) == "helps"
    assert effect([-1e9, 0.0], [0.5, 0.5], worst=-1.0).mean == pytest.approx(1.0)


def test_a_spread_holds_another_experiment_19_times_out_of_20():
    chance = np.random.default_rng(0)
    held = 0
    for _ in range(2_000):
        before, after, again, later = chance.normal(0, 0.1, (4, 3))
        found = effect(before.tolist(), (after + 0.3).tolist(), worst=-9.0)
        fresh = effect(again.tolist(), (later + 0.3).tolist(), worst=-9.0)
        held += abs(fresh.mean - found.mean) <= found.spread
    assert held / 2_000 >= 0.95
