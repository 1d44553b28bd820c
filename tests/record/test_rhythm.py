"""A run is looked at often at first, then the less often, and always where something is decided."""

from __future__ import annotations

from itertools import pairwise
from math import ceil, log

import pytest

from netsitter.record.rhythm import FIRST_LOOKS, OFTEN, is_look


@pytest.mark.parametrize("epochs", [1, 3, 10, 37, 200, 1_000])
def test_the_first_epochs_a_fifth_and_the_last_are_looked_at(epochs):
    for epoch in {*range(1, min(FIRST_LOOKS, epochs) + 1), ceil(epochs / 5), epochs}:
        assert is_look(epoch, epochs)


def test_looks_grow_with_the_logarithm_of_the_epochs():
    looks = [epoch for epoch in range(1, 100_001) if is_look(epoch, 100_000)]
    assert len(looks) <= FIRST_LOOKS + log(100_000 / FIRST_LOOKS, OFTEN) + 2


def test_no_gap_is_longer_than_a_quarter_of_what_lies_behind():
    looks = [epoch for epoch in range(1, 2_001) if is_look(epoch, 2_000)]
    for before, after in pairwise(looks):
        assert after <= ceil(OFTEN * max(before, FIRST_LOOKS))
