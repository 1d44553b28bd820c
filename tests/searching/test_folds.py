"""Trials over folds: means of what each fold gives, the worse half ended, and the same after a break."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest

import netsitter as ns
from netsitter.diagnose.in_search import error_of
from netsitter.errors import PlanError
from netsitter.record.events import Searched
from netsitter.searching.engines.here import Here
from netsitter.searching.folds import over_folds
from netsitter.searching.study import Study
from netsitter.searching.trials import stage_results, trial_of
from tests.searching.test_study import LABELS, RATES, ROWS, ready

pytestmark = pytest.mark.slow

GOOD = [1e-3, 3e-3, 1e-2, 3e-2]


def folded(folds=3):
    prepared = ready(**{"data.folds": folds})
    return prepared, [trial_of(prepared.plan, i, {"optim.lr": rate}, epochs=2) for i, rate in enumerate(GOOD)]


def by_number(results):
    return {one.number: one for one in results}


def test_a_trial_is_told_by_the_mean_of_its_folds_each_trained_as_if_alone():
    prepared, trials = folded()
    found = by_number(over_folds(trials, Here(prepared), "1", {}, folds=3))
    finished = [one for one in found.values() if one.how == "finished"]
    assert finished
    for one in finished:
        alone = []
        for fold in range(3):
            trial = trial_of(prepared.plan, 0, {**one.values, "data.fold": fold}, epochs=2)
            alone += [next(iter(stage_results([trial], Here(prepared), "1", {}))).score]
        assert one.folds == pytest.approx(alone, abs=0.02)
        assert one.score == pytest.approx(fmean(one.folds))


def test_behind_each_fold_the_better_half_goes_on():
    prepared, trials = folded()
    found = by_number(over_folds(trials, Here(prepared), "1", {}, folds=3))
    assert sorted(len(one.folds) for one in found.values()) == [1, 1, 2, 3]
    assert {one.how for one in found.values() if len(one.folds) < 3} == {"behind"}
    first = {number: one.folds[0] for number, one in found.items()}
    went_on = {number for number, one in found.items() if len(one.folds) > 1}
    assert min(first[n] for n in went_on) >= max(first[n] for n in first.keys() - went_on)


def test_what_dies_on_a_fold_is_trained_on_no_other():
    prepared, _ = folded()
    trials = [trial_of(prepared.plan, i, {"optim.lr": rate}, epochs=2) for i, rate in enumerate([1e9, 1e-2])]
    found = by_number(over_folds(trials, Here(prepared), "1", {}, folds=3))
    assert found[0].how in ("diverged", "hopeless")
    assert found[0].folds == ()
    assert found[1].how == "finished"


@pytest.mark.parametrize("told_before", [1, 2, 3])
def test_a_stage_that_was_broken_off_goes_on_to_the_same_end(told_before):
    prepared, trials = folded()
    whole = list(over_folds(trials, Here(prepared), "1", {}, folds=3))
    known = by_number(whole[:told_before])
    rest = by_number(over_folds(trials, Here(prepared), "1", known, folds=3))
    assert known.keys().isdisjoint(rest)
    for one in whole[told_before:]:
        assert rest[one.number].folds == one.folds
        assert rest[one.number].curve == one.curve


def test_a_search_over_folds_trains_its_winner_with_the_plans_own_hold_out():
    found = ns.search(
        (ROWS, LABELS), net="mlp:8", space=RATES, trials=8, folds=3, epochs=4, batch=20, runs=None, show=False
    )
    assert found.plan.data.folds is None
    assert found.run is not None
    assert found.run.plan.data.folds is None
    assert len(found.best.folds) == 3
    assert found.best.score == pytest.approx(np.mean(found.best.folds))
    assert 0 < found.study.saved < 1
    assert found.facts.scored_rows == 3 * found.study.ready.parts.feeds["val"].rows
    assert error_of(found.best.score, found.facts) == pytest.approx(found.study.error(found.best.score))


def test_ranked_by_loss_the_lowest_loss_wins():
    study = Study(ready(epochs=3), None, RATES, trials=8, metric="loss")
    told = [event for event in study.events() if isinstance(event, Searched)]
    full = [one for one in told if one.how == "finished" and len(one.curve) == 3]
    assert study.best.loss == min(one.loss for one in full)
    assert all(one.loss == min(one.losses) for one in told if one.score is not None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"folds": 1}, "folds must be from 2"),
        ({"metric": "f1"}, "no metric"),
        ({"budget": "soon"}, "must be a time"),
        ({"trials": 1}, "trials must be from 2"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(options, said, tmp_path):
    with pytest.raises(PlanError, match=said):
        ns.search((ROWS, LABELS), net="mlp:8", runs=tmp_path / "runs", **options)
    assert not (tmp_path / "runs").exists()


def test_a_search_by_the_clock_ends_near_it_and_tells_when_its_stages_began():
    found = ns.search(
        (ROWS, LABELS), net="mlp:8", space=RATES, budget="3s", epochs=4, batch=60, runs=None, show=False, train=False
    )
    assert len(found.trials) >= 17
    times = [stage.at_s for stage in found.stages]
    assert times == sorted(times)
    assert times[-1] < 3
