"""Searches on small data: stages, ends, resumes, and the same trials in any company."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import netsitter as ns
from netsitter.doors.beginning import begun
from netsitter.doors.inputs import asked_for
from netsitter.plan.space import log, pick
from netsitter.record.events import Searched, StageBegan
from netsitter.searching.engines.here import Here
from netsitter.searching.samplers import SAMPLERS, drawn
from netsitter.searching.study import Study, usual_space, wide_space
from netsitter.searching.trials import CHUNK, heats, rungs_of, stage_results, survivors, trial_of

pytestmark = pytest.mark.slow

CHANCE = np.random.default_rng(0)
LABELS = np.arange(600) % 5
ROWS = (CHANCE.normal(0, 2, (5, 8))[LABELS] + CHANCE.normal(0, 1.2, (600, 8))).astype("float32")
RATES = {"optim.lr": log(1e-6, 1e-3), "optim.l2": log(1e-5, 1e1)}


def ready(**options):
    settings = {"batch": 20, "epochs": 9, "optim": "sgd", "schedule": "constant", **options}
    asked = asked_for((ROWS, LABELS), net="mlp:16", loss=None, plan=None, options=settings)
    return begun(asked)[0]


def trials(prepared, rates, epochs=3):
    return [trial_of(prepared.plan, i, {"optim.lr": rate}, epochs=epochs) for i, rate in enumerate(rates)]


def told(events):
    return {event.number: event for event in events if isinstance(event, Searched)}


def test_a_trial_gives_the_same_numbers_alone_and_in_company():
    prepared = ready()
    rates = [1e-3, 3e-3, 1e-2, 3e-2]
    together = told(stage_results(trials(prepared, rates, epochs=2), Here(prepared), "1", {}))
    for trial in trials(prepared, rates, epochs=2):
        alone = told(stage_results([trial], Here(prepared), "1", {}))[trial.number]
        assert (alone.way, together[trial.number].way.partition(",")[0]) == ("one trial", "stacked layers")
        assert alone.curve == pytest.approx(together[trial.number].curve, abs=0.02)
        assert alone.loss == pytest.approx(together[trial.number].loss, rel=1e-3)


def test_trials_that_differ_in_shape_or_batch_are_cohorts_of_their_own_and_none_is_too_large():
    prepared = ready()
    wide = [trial_of(prepared.plan, i, {"net.act": ("relu", "elu")[i % 2]}, epochs=1) for i in range(40)]
    groups = heats(wide, chunk=16)
    assert [len(group) for group in groups] == [10] * 4
    assert all(len({trial.values["net.act"] for trial in group}) == 1 for group in groups)
    assert max(map(len, heats([trial for trial in wide if trial.values["net.act"] == "elu"] * 7))) <= CHUNK


@pytest.mark.parametrize(("count", "chunk", "parts"), [(40, 16, 3), (8, 1, 8), (3, 8, 1), (100, 12, 9)])
def test_cohorts_are_even_and_as_few_as_can_be(count, chunk, parts):
    lengths = [len(part) for part in heats(trials(ready(), [1e-3] * count), chunk=chunk)]
    assert len(lengths) == parts
    assert sum(lengths) == count
    assert max(lengths) - min(lengths) <= 1


def test_a_hopeless_and_a_diverged_trial_end_early_and_the_others_go_on_as_if_alone():
    prepared = ready()
    mixed = trials(prepared, [1e-2, 1e9, 3e-2], epochs=2)
    results = told(stage_results(mixed, Here(prepared), "1", {}))
    assert results[1].how in ("diverged", "hopeless")
    assert len(results[1].curve) <= 1
    alone = told(stage_results(trials(prepared, [1e-2], epochs=2), Here(prepared), "1", {}))[0]
    assert results[0].how == "finished"
    assert results[0].curve == pytest.approx(alone.curve, abs=0.02)


def test_a_third_goes_on_behind_each_comparison():
    assert rungs_of(10) == (1, 3)
    assert rungs_of(2) == ()
    assert survivors({1: 0.1, 2: 0.9, 3: 0.5, 4: 0.7}) == {2, 4}
    results = told(stage_results(trials(ready(), [1e-2] * 9, epochs=9), Here(ready()), "1", {}))
    lengths = sorted(len(result.curve) for result in results.values())
    assert lengths == [1] * 6 + [3] * 2 + [9]
    assert sum(lengths) < 9 * 9 / 3, "the work that is saved"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_search_in_a_range_that_is_too_low_moves_it_and_says_so(seed):
    low = {"optim.lr": log(1e-6, 2e-3), "optim.l2": log(1e-5, 1e1)}
    study = Study(ready(epochs=30, batch=10), None, low, trials=60, seed=seed)
    stages = [event for event in study.events() if isinstance(event, StageBegan)]
    said = " ".join(line for stage in stages for line in stage.says)
    assert "optim.lr" in said
    assert "crowd the upper side" in said
    assert "1b" in {stage.stage for stage in stages}, "the first stage goes on where the range moved to"
    assert study.best.values["optim.lr"] > 2e-3
    assert study.best.score > 0.85
    assert sorted(study.results) == list(range(60))


def test_trials_are_compared_no_sooner_than_those_were_that_narrowed_their_ranges():
    study = Study(ready(epochs=9), None, RATES, trials=24)
    list(study.events())
    ended = [(told.stage[0], len(told.curve)) for told in study.results.values() if told.how == "behind"]
    assert set(ended) == {("2", 1), ("3", 3)}, "stages of 1, 3 and 9 epochs; 9 alone would be compared after 1 as well"


def test_a_search_broken_off_anywhere_and_resumed_is_the_unbroken_one():
    whole = Study(ready(), None, RATES, trials=24)
    events = list(whole.events())
    finished = [event for event in events if isinstance(event, Searched)]
    for cut in (1, 9, 17, 23):
        again = Study(ready(), None, RATES, trials=24, known=finished[:cut])
        rest = [event for event in again.events() if isinstance(event, Searched)]
        assert {e.number for e in rest} == {e.number for e in finished[cut:]}
        assert again.best.number == whole.best.number
        for number, result in again.results.items():
            assert result.values == whole.results[number].values
            assert result.curve == whole.results[number].curve


def test_what_is_as_good_by_chance_is_told():
    study = Study(ready(), None, {"optim.lr": log(1e-3, 1e-1)}, trials=12, stages=1)
    list(study.events())
    best = study.best
    assert all(best.score - tied.score <= 2 * study.error(best.score) for tied in study.tied())
    assert best.number not in {tied.number for tied in study.tied()}


def test_the_usual_space_follows_the_optimiser_and_has_dropout_only_where_the_plan_has_it():
    assert set(usual_space(ready().plan)) == {"optim.lr", "optim.l2"}
    assert usual_space(ready(dropout=0.2).plan)["net.dropout"].high < 1
    assert usual_space(ready(optim="adam").plan)["optim.lr"].high < usual_space(ready().plan)["optim.lr"].high


def test_the_wide_space_has_all_that_the_plan_has_and_each_value_is_allowed():
    plan = ready().plan
    space = wide_space(plan)
    assert {"net.sizes", "loop.batch", "optim.schedule", "net.init_scale", "net.dropout"} < set(space)
    assert space["net.sizes"].values == ((8,), (16,), (32,))
    for trial in drawn(space, SAMPLERS["random"](space, range(50), 0, "1")):
        trial_of(plan, 0, trial, epochs=1)
    found = ns.search((ROWS, LABELS), net="mlp:8", space="wide", trials=8, epochs=2, runs=None, show=False, train=False)
    assert len({trial.values["net.sizes"] for trial in found.trials}) > 1


def test_a_function_of_one_s_own_gets_the_numbers_that_are_no_fields_of_the_plan():
    seen = []

    def build(inputs, outputs, hyper):
        seen.append(hyper["width"])
        return nn.Sequential(nn.Linear(inputs, hyper["width"]), nn.ReLU(), nn.Linear(hyper["width"], outputs))

    def usual(inputs, outputs, hyper=None):
        return build(inputs, outputs, hyper or {"width": 4})

    found = ns.search(
        (ROWS, LABELS), net=usual, space={"width": pick(4, 32), "optim.lr": log(1e-3, 1e-1)}, trials=8, epochs=3,
        loss=nn.CrossEntropyLoss(), optimizer=torch.optim.SGD, batch=20, runs=None, show=False,
    )  # fmt: skip
    assert {4, 32} <= set(seen)
    assert found.best.values["width"] in (4, 32)
    layer = next(part for part in found.run.network.modules() if isinstance(part, nn.Linear))
    assert layer.out_features == found.best.values["width"]
