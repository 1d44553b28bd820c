"""Schedules: PyTorch's own as twins, and what must hold of each."""

from math import cos, pi
from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from netsitter.errors import PlanError
from netsitter.optim.schedules import SCHEDULES, lr_factor
from netsitter.plan.sections import OptimPlan

EPOCHS, STEPS_PER_EPOCH = 12, 7
STEPS = EPOCHS * STEPS_PER_EPOCH


def factors(optim, steps=STEPS, steps_per_epoch=STEPS_PER_EPOCH):
    return [lr_factor(optim, step=step, steps=steps, steps_per_epoch=steps_per_epoch) for step in range(steps)]


def twin(make, steps=STEPS):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(()))], lr=1.0)
    schedule, rates = make(optimiser), []
    for _ in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return rates


def test_constant_is_one():
    assert set(factors(OptimPlan(schedule="constant"))) == {1.0}


def test_step_agrees_with_pytorch():
    ours = factors(OptimPlan(schedule="step", schedule_every=3, schedule_factor=0.1))
    assert ours == pytest.approx(twin(lambda o: lr_scheduler.StepLR(o, 3 * STEPS_PER_EPOCH, 0.1)), rel=1e-9)


def test_step_down_falls_on_the_epoch_though_a_tenth_has_no_exact_number():
    ours = factors(OptimPlan(schedule="step", schedule_every=0.1, schedule_factor=0.5), steps=40, steps_per_epoch=10)
    assert ours == [0.5**step for step in range(40)]


def test_exponential_agrees_with_pytorch():
    ours = factors(OptimPlan(schedule="exponential", schedule_every=1, schedule_factor=0.9))
    assert ours == pytest.approx(twin(lambda o: lr_scheduler.ExponentialLR(o, 0.9 ** (1 / STEPS_PER_EPOCH))), rel=1e-9)


def test_cosine_agrees_with_pytorch():
    ours = factors(OptimPlan(schedule="cosine"))
    assert ours == pytest.approx(twin(lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS)), rel=1e-9)


def test_one_cycle_agrees_with_pytorch():
    ours = factors(OptimPlan(schedule="one-cycle"))
    theirs = twin(lambda o: lr_scheduler.OneCycleLR(o, 1.0, total_steps=STEPS, cycle_momentum=False), STEPS - 1)
    assert ours[:-1] == pytest.approx(theirs, rel=1e-9)


def test_warm_up_rises_in_equal_steps_and_hands_over_at_the_top():
    ours = factors(OptimPlan(schedule="cosine", warmup=2))
    warm = 2 * STEPS_PER_EPOCH
    assert ours[:warm] == pytest.approx([(step + 1) / warm for step in range(warm)])
    left = STEPS - warm
    assert ours[warm:] == pytest.approx([(1 + cos(pi * step / left)) / 2 for step in range(left)])


def test_warm_up_longer_than_the_run_never_reaches_the_top():
    assert factors(OptimPlan(schedule="cosine", warmup=100), steps=4) == [0.25, 0.5, 0.75, 1.0]


@settings(deadline=None)
@given(
    schedule=st.sampled_from(sorted(SCHEDULES)),
    steps=st.integers(1, 300),
    steps_per_epoch=st.integers(1, 50),
    warmup=st.floats(0, 20),
    every=st.floats(0.5, 10),
)
def test_a_rate_is_above_0_and_at_most_1_and_reaches_the_top(schedule, steps, steps_per_epoch, warmup, every):
    optim = OptimPlan(schedule=schedule, warmup=warmup, schedule_every=every)
    found = factors(optim, steps, steps_per_epoch)
    assert all(0 < factor <= 1 for factor in found)
    if schedule != "one-cycle" and warmup * steps_per_epoch <= steps - 1:
        assert max(found) == pytest.approx(1.0)


@pytest.mark.parametrize("schedule", ["cosine", "one-cycle"])
def test_the_last_steps_are_small_but_not_nothing(schedule):
    last = factors(OptimPlan(schedule=schedule))[-1]
    assert 0 < last < 1e-2


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_run_of_one_step_has_the_full_rate(schedule):
    assert factors(OptimPlan(schedule=schedule), steps=1) == [1.0]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_steps_beyond_the_end_keep_the_last_rate(schedule):
    optim = OptimPlan(schedule=schedule)
    beyond = lr_factor(optim, step=10 * STEPS, steps=STEPS, steps_per_epoch=STEPS_PER_EPOCH)
    assert beyond == factors(optim)[-1]


def test_the_plan_and_the_table_know_the_same_names():
    named = get_args(get_args(OptimPlan.model_fields["schedule"].annotation)[0])
    assert set(named) == set(SCHEDULES)


def test_a_schedule_that_is_not_chosen_yet_is_refused():
    with pytest.raises(PlanError, match="no schedule None"):
        factors(OptimPlan())
