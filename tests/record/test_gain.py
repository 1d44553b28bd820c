"""What a score gained of what there is to gain."""

from __future__ import annotations

import numpy as np
import pytest

from netsitter.record.gain import gained


@pytest.mark.parametrize(("score", "share"), [(0.5, 0.0), (0.75, 0.5), (1.0, 1.0), (0.25, -0.5)])
def test_guessing_is_0_and_all_right_is_1(score, share):
    assert gained(score, 0.5) == share
    assert gained(np.array([score, 0.5]), 0.5).tolist() == [share, 0.0]


def test_where_guessing_is_always_right_there_is_nothing_to_gain():
    assert gained(1.0, 1.0) == 0
