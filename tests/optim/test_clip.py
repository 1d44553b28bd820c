"""Clipping by the common length."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from netsitter.optim.clip import clip


def grads_of(seed):
    draws = torch.Generator().manual_seed(seed)
    return {
        "a": torch.randn(3, 2, generator=draws),
        "b": torch.randn(4, generator=draws),
        "c": torch.randn((), generator=draws),
    }


def length(grads):
    return float(torch.cat([g.flatten() for g in grads.values()]).norm())


@settings(deadline=None)
@given(st.integers(0, 1000), st.floats(1e-3, 1e3))
def test_what_comes_out_is_no_longer_than_allowed_and_points_the_same_way(seed, longest):
    before = grads_of(seed)
    after = dict(before)
    told = clip(after, longest)
    assert float(told) == pytest.approx(length(before), rel=1e-5)
    assert length(after) <= longest * (1 + 1e-5)
    for name, grad in before.items():
        assert_close(after[name] * max(length(before) / longest, 1.0), grad)


def test_it_agrees_with_pytorch():
    after = grads_of(1)
    clip(after, 0.5)
    twins = [torch.nn.Parameter(torch.zeros_like(g)) for g in after.values()]
    for twin, grad in zip(twins, grads_of(1).values(), strict=True):
        twin.grad = grad
    torch.nn.utils.clip_grad_norm_(twins, 0.5)
    assert_close(list(after.values()), [twin.grad for twin in twins], rtol=1e-5, atol=1e-6)


def test_short_gradients_and_endless_limits_change_nothing():
    for longest in (1e6, float("inf"), torch.tensor(float("inf"))):
        after = grads_of(2)
        clip(after, longest)
        assert_close(after, grads_of(2), rtol=0, atol=0)


def test_a_gradient_of_zero_stays_zero():
    grads = {"a": torch.zeros(3)}
    assert float(clip(grads, 1.0)) == 0
    assert torch.equal(grads["a"], torch.zeros(3))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_length_that_is_no_number_leaves_the_gradient_as_it_is(bad):
    grads = {"a": torch.tensor([1.0, bad]), "b": torch.tensor([5.0])}
    assert not torch.isfinite(clip(grads, 1.0))
    assert_close(grads["a"], torch.tensor([1.0, bad]), equal_nan=True)
    assert grads["b"].item() == 5.0


def test_no_gradient_tensor_is_written_into():
    shared = torch.tensor([3.0, 4.0])
    grads = {"a": shared, "b": shared}
    clip(grads, 1.0)
    assert torch.equal(shared, torch.tensor([3.0, 4.0]))
    assert_close(grads["a"], shared / (5 * 2**0.5))
    assert torch.equal(grads["a"], grads["b"])


def test_half_precision_does_not_overflow():
    grads = {"a": torch.full((4,), 60_000.0, dtype=torch.float16)}
    assert float(clip(grads, 1.0)) == pytest.approx(120_000, rel=1e-2)
    assert grads["a"].dtype == torch.float16
    assert grads["a"].tolist() == pytest.approx([0.5] * 4, rel=1e-2)


def test_no_gradients_have_no_length():
    assert float(clip({}, 1.0)) == 0


def test_trials_may_differ_in_the_limit_and_one_bad_trial_stays_alone():
    stacked = {"a": torch.tensor([[3.0, 4.0], [3.0, 4.0], [float("nan"), 1.0]])}
    told = clip(stacked, torch.tensor([[1.0], [float("inf")], [1.0]], dtype=torch.float64))
    assert told[:2].tolist() == [[5.0], [5.0]]
    assert_close(stacked["a"][:2], torch.tensor([[0.6, 0.8], [3.0, 4.0]]))
    assert stacked["a"][2, 1] == 1.0
