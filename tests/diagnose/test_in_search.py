"""What rules of searches read off a search, against known values and slow second implementations."""

from __future__ import annotations

from dataclasses import replace
from math import log10, sqrt

import numpy as np
import pytest

from netsitter.diagnose.cases_search import RATES, hill, searched
from netsitter.diagnose.doctor import examine_search
from netsitter.diagnose.in_search import (
    border_of,
    dead,
    error_of,
    longest,
    ranked,
)
from netsitter.diagnose.registry import rule_of
from netsitter.diagnose.slopes import steepness
from netsitter.plan.plan import Plan
from netsitter.plan.space import as_plain, from_plain, linear, log, pick
from netsitter.record.events import Searched, StageBegan


def slugs(facts):
    return [finding.slug for finding in examine_search(facts, Plan())]


def test_a_border_is_where_a_diverging_landscape_has_it():
    facts = searched(hill(diverges=1e-3), trials=200)
    border = border_of(facts.trials, lambda trial: trial.how == "diverged", facts.stages[0])
    assert (border.name, border.above, border.apart) == ("optim.lr", True, 1.0)
    assert abs(log10(border.at) + 3) < 0.1
    assert border.rest.startswith("--space optim.lr=log:1e-05:0.001")
    assert border_of(facts.trials, lambda trial: False, facts.stages[0]) is None


def test_dead_trials_are_told_from_others_that_had_as_few_epochs():
    facts = searched(hill(), rows=10_000)
    early = Searched(60, "1", facts.trials[0].values, 0.2, 1.0, 1.0, (0.2,), "behind", 0.0)
    late = Searched(61, "1", facts.trials[0].values, 0.11, 1.0, 1.0, (0.1, 0.1, 0.11), "finished", 0.0)
    found = dead(replace(facts, trials=(*facts.trials, early, late)), 0.1)
    assert 60 not in found
    assert 61 in found
    assert dead(replace(facts, began=replace(facts.began, guess=None)), 0.1) == set()


def test_errors_are_those_of_a_share_and_of_all_folds_and_unknown_without_rows():
    facts = searched(hill(), rows=100)
    assert error_of(0.8, facts) == pytest.approx(0.04)
    assert error_of(0.8, facts, 400) == pytest.approx(0.02)
    assert error_of(0.8, replace(facts, began=replace(facts.began, folds=4))) == pytest.approx(0.02)
    assert error_of(0.8, replace(facts, began=replace(facts.began, rows=0))) == 0.0


def test_the_stated_error_of_r2_is_not_below_that_of_errors_with_heavy_tails():
    stream, rows, got = np.random.default_rng(0), 500, []
    for _ in range(400):
        target = stream.normal(size=rows)
        off = stream.laplace(scale=sqrt(0.2 / 2), size=rows)
        got.append(1 - np.square(off).mean() / target.var())
    assert error_of(0.8, searched(hill(), rows=rows, real=True)) > np.std(got)


def test_lost_trials_rank_last_and_those_that_were_kept_longest_first():
    facts = searched(hill(diverges=1e-2))
    order = ranked(facts, facts.trials)
    lost = [trial.how == "diverged" for trial in order]
    assert lost == sorted(lost)
    scores = [trial.score for trial in order if trial.score is not None]
    assert scores == sorted(scores, reverse=True)


def staged(first, second, epochs=(3, 3)):
    """Two searches as stages of one."""
    later = tuple(replace(t, number=t.number + len(first.trials), stage="2") for t in second.trials)
    stages = (replace(first.stages[0], epochs=epochs[0]), replace(second.stages[0], stage="2", epochs=epochs[1]))
    return replace(first, stages=stages, trials=(*first.trials, *later))


def test_the_longest_stages_are_one_with_a_space_that_holds_them():
    wide, narrow = searched(hill(), trials=20), searched(hill(), space={**RATES, "optim.lr": log(1e-4, 1e0)}, trials=20)
    space, trials = longest(staged(wide, narrow))
    assert (space["optim.lr"], len(trials)) == (log(1e-5, 1e0), 40)
    space, trials = longest(staged(wide, narrow, epochs=(1, 3)))
    assert (space["optim.lr"], len(trials)) == (log(1e-4, 1e0), 20)


def test_an_end_beyond_which_shorter_trials_did_worse_is_a_note_and_one_where_they_diverged_is_none():
    low = {**RATES, "optim.lr": log(1e-6, 1e-3)}
    crowded, rule = searched(hill(lr=1e-1, fall=0.02), space=low), rule_of("best-at-edge")
    alone = rule.check(crowded, Plan())
    assert [finding.severity for finding in alone] == ["warning"]
    before = staged(searched(hill(fall=0.02), trials=30), crowded, epochs=(1, 3))
    assert [finding.severity for finding in rule.check(before, Plan())] == ["note"]
    lost = staged(searched(hill(diverges=1e-3), trials=30), crowded, epochs=(1, 3))
    assert rule.check(lost, Plan()) == []


def test_no_range_is_said_to_go_on_where_the_plan_takes_nothing_beyond():
    space = {**RATES, "net.dropout": linear(0.0, 0.5)}

    def score(values):
        return hill(fall=0.01)(values) - values["net.dropout"]

    facts = searched(score, space=space)
    ranks = [trial.values for trial in ranked(facts, facts.trials)]
    assert steepness(ranks, "net.dropout", space, 0.0) > 4
    assert "best-at-edge" not in slugs(facts)


def test_a_pick_that_was_fixed_in_a_later_stage_is_still_judged():
    space = {**RATES, "net.act": pick("relu", "elu")}
    facts = staged(searched(hill(), space=space), searched(hill(), space={**RATES, "net.act": pick("elu")}))
    assert "wasted-parameter" in slugs(facts)


def test_a_journal_of_before_has_no_axes_and_no_findings():
    facts = searched(hill(lr=1e-1), space={**RATES, "optim.lr": log(1e-6, 1e-3)})
    stage = facts.stages[0]
    plain = StageBegan(stage.stage, stage.epochs, stage.first, stage.trials, stage.space)
    assert from_plain(as_plain(RATES)) == RATES
    assert "best-at-edge" not in slugs(replace(facts, stages=(plain,)))
