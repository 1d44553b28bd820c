"""Spaces: how they are written, what they give, what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsitter.errors import PlanError
from netsitter.plan.plan import Plan
from netsitter.plan.space import Pick, Range, as_plain, from_plain, integer, linear, log, pick, space_of

SHARES = st.floats(0, 1)


@given(SHARES, st.sampled_from([log(1e-6, 1e-3), linear(-2, 5), log(1e-5, 1e5)]))
def test_share_gives_back_where_value_came_from(share, axis):
    value = axis.value(share)
    assert axis.low - 1e-9 * abs(axis.low) <= value <= axis.high + 1e-9 * abs(axis.high)
    assert axis.share(value) == pytest.approx(share, abs=1e-9)


def test_the_middle_of_a_log_range_is_the_geometric_mean():
    assert log(1e-6, 1e-2).value(0.5) == pytest.approx(1e-4)


@given(SHARES)
def test_whole_numbers_stay_within_both_ends(share):
    for axis in (integer(3, 7), integer(8, 512, log=True)):
        value = axis.value(share)
        assert isinstance(value, int)
        assert axis.low <= value <= axis.high


def test_each_whole_number_is_as_likely_as_the_next():
    counts = np.bincount([integer(0, 4).value(share) for share in np.linspace(0, 1, 100_001)])
    assert np.ptp(counts) / counts.mean() < 0.01


def test_a_part_of_a_range_may_lie_beyond_it():
    moved = log(1e-6, 1e-3).part(2 / 3, 5 / 3)
    assert (moved.low, moved.high) == (pytest.approx(1e-4), pytest.approx(1e-1))


def test_texts_are_read():
    space = space_of(
        ["optim.lr=log:1e-6:1e-3", "net.act=relu,elu", "loop.batch=logint:16:256", "net.dropout=lin:0:0.5",
         "optim.momentum=lin:0.5:0.99?optim.kind=momentum,nesterov"],
        Plan(),
    )  # fmt: skip
    assert space["optim.lr"] == log(1e-6, 1e-3)
    assert space["net.act"] == pick("relu", "elu")
    assert space["loop.batch"] == integer(16, 256, log=True)
    assert space["optim.momentum"] == Range(0.5, 0.99, when=("optim.kind", ("momentum", "nesterov")))


def test_python_values_are_taken_as_they_are_or_as_text():
    space = space_of({"optim.lr": log(1e-4, 1e-1), "net.act": ["relu", "tanh"], "optim.l2": "log:1e-6:1"}, Plan())
    assert space == {"optim.lr": log(1e-4, 1e-1), "net.act": Pick(("relu", "tanh")), "optim.l2": log(1e-6, 1)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("optim.rate=log:1e-6:1e-3", "no option"),
        ("optim.lr=log:0:1", "begins above 0"),
        ("optim.lr=log:1:0.1", "first end must be below"),
        ("optim.lr=log:1e-3", "two ends"),
        ("optim.lr", "NAME=RANGE"),
        ("optim.lr=lin:-1:1", "cannot be used"),
        ("optim.kind=adam,adem", "cannot be used"),
    ],
)
def test_what_is_no_range_or_no_value_of_the_plan_is_refused(text, said):
    with pytest.raises(PlanError, match=said):
        space_of([text], Plan())


def test_an_empty_space_is_refused():
    with pytest.raises(PlanError, match="nothing to search"):
        space_of([], Plan())


def test_a_pick_gives_each_of_its_values():
    assert {pick("a", "b", "c").value(share) for share in (0.0, 0.34, 0.99, 1.0)} == {"a", "b", "c"}


def test_a_space_comes_back_from_a_journal():
    space = space_of(
        {"optim.lr": log(1e-6, 1e-3), "net.sizes": [(100,), (50, 50)], "loop.batch": integer(8, 64),
         "optim.momentum": "lin:0.5:0.9?optim.kind=momentum"},
        Plan(),
    )  # fmt: skip
    assert from_plain(json.loads(json.dumps(as_plain(space)))) == space
