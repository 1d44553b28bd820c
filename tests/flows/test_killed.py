"""A run killed with -9, at twenty steps and six moments, ends with the bits of the unbroken run when resumed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_killed_run_that_is_resumed_ends_as_if_it_had_not_been(tmp_path):
    driver = Path(__file__).with_name("killed_driver.py")
    done = subprocess.run([sys.executable, driver, tmp_path], capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 26
    at_steps = [one for one in told if one["kind"] == "step"]
    assert len(at_steps) == 20
    assert all(one["killed"] and one["begun"] and one["same"] for one in at_steps), done.stderr
    # By the clock a kill may come before the run has begun or after it is over; what has begun ends the same.
    assert all(one["same"] in (True, None) for one in told), (told, done.stderr)
