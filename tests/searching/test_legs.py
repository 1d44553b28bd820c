"""Legs: pure functions of what they are given, which join to one training."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from netsitter.doors.beginning import begun
from netsitter.doors.inputs import asked_for
from netsitter.searching.legs import Leg, Track
from netsitter.searching.trials import trial_of
from netsitter.train.checkpoint import from_bytes

from .test_study import LABELS, ROWS, ready, trials

RATES = [1e-2, 3e-2, 5e-2]


def whole(track, runners, epochs):
    return track.run(Leg("whole", tuple(runners), epochs))


def in_legs(track, runners, *untils):
    """Legs one after the other: the curves joined."""
    curves = {trial.number: () for trial in runners}
    losses, state, firsts = dict(curves), None, {}
    for until in untils:
        reached = track.run(Leg("part", tuple(runners), until, state, firsts))
        for number in curves:
            curves[number] += reached.curves[number]
            losses[number] += reached.losses[number]
        state, firsts = reached.state, reached.firsts
    return curves, losses, firsts


def test_a_leg_gives_the_same_bits_whenever_it_is_run_again():
    prepared = ready()
    leg = Leg("", tuple(trials(prepared, RATES, epochs=3)), 2)
    first, again = Track(prepared).run(leg), Track(prepared).run(leg)
    one, other = from_bytes(first.state), from_bytes(again.state)
    assert one.progress == other.progress
    assert all(torch.equal(tensor, other.tensors[name]) for name, tensor in one.tensors.items())
    assert (first.curves, first.losses, first.firsts) == (again.curves, again.losses, again.firsts)


@pytest.mark.parametrize("options", [{}, {"optim": "adam", "dropout": 0.3, "norm": "batch"}, {"schedule": "cosine"}])
def test_legs_in_a_row_are_one_training_bit_for_bit(options):
    prepared = ready(**options)
    runners = trials(prepared, RATES, epochs=5)
    together = whole(Track(prepared), runners, 5)
    curves, losses, firsts = in_legs(Track(prepared), runners, 1, 3, 5)
    assert curves == together.curves
    assert losses == together.losses
    assert firsts == together.firsts


def test_an_optimizer_and_noise_of_one_s_own_go_on_from_leg_to_leg():
    def net(inputs, outputs):
        return nn.Sequential(nn.Linear(inputs, 8), nn.Dropout(0.3), nn.ReLU(), nn.Linear(8, outputs))

    own = {"net": net, "loss": nn.CrossEntropyLoss(), "optimizer": torch.optim.Adam}
    asked = asked_for((ROWS, LABELS), plan=None, options={"batch": 20, "epochs": 4}, **own)
    prepared = begun(asked)[0]
    runners, track = trials(prepared, [1e-3, 1e-2], epochs=4), Track(prepared, asked.build)
    curves, losses, _ = in_legs(track, runners, 1, 4)
    together = whole(track, runners, 4)
    assert (curves, losses) == (together.curves, together.losses)


def test_a_cohort_that_loses_trials_between_legs_goes_on_with_the_same_numbers():
    prepared = ready()
    runners, track = trials(prepared, RATES, epochs=3), Track(prepared)
    together = whole(track, runners, 3)
    first = track.run(Leg("", tuple(runners), 1))
    rest = track.run(Leg("", (runners[2], runners[0]), 3, first.state, first.firsts))
    for number in (0, 2):
        assert rest.curves[number] == pytest.approx(together.curves[number][1:], abs=0.02)
        assert rest.losses[number] == pytest.approx(together.losses[number][1:], rel=1e-3)
    assert set(rest.curves) == {0, 2}


def test_what_diverged_within_a_leg_is_over_and_alone_as_in_company():
    prepared = ready()
    runners, track = trials(prepared, [1e-2, 1e12, 3e-2], epochs=3), Track(prepared)
    together, alone = whole(track, runners, 3), whole(track, runners[1:2], 3)
    assert together.over == alone.over
    assert together.over[1] in ("diverged", "hopeless")
    assert together.curves[1] == alone.curves[1]
    assert len(together.curves[0]) == 3
    assert alone.state is None


def test_trials_of_other_preparations_get_rows_of_their_own():
    prepared, track = ready(), None
    track = Track(prepared)
    ways = {way: trial_of(prepared.plan, 0, {"data.prepare": way}, epochs=1) for way in ("none", "standardise")}
    told = {way: whole(track, [trial], 1).losses[0] for way, trial in ways.items()}
    assert told["none"] != told["standardise"]
    assert whole(track, [ways["none"]], 1).losses[0] == told["none"]
    assert np.isfinite(list(told.values())).all()
