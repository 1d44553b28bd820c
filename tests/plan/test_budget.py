"""Times as people write them."""

from __future__ import annotations

import pytest

from netsitter.errors import PlanError
from netsitter.plan.budget import seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10min", 600), ("10 m", 600), ("1.5h", 5400), ("45", 45), (45.5, 45.5), ("2H", 7200)],
)
def test_a_time_is_read_as_seconds(text, seconds):
    assert seconds_of(text, "--budget") == seconds


@pytest.mark.parametrize("text", ["", "soon", "10 days", "-5s", "0", "1e5", "10min 5s", float("inf"), float("nan")])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(PlanError, match="--budget must be a time"):
        seconds_of(text, "--budget")
