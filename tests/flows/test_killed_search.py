"""A search killed with -9 at thirty moments and resumed: no finished trial is lost or told twice; all are the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_killed_search_that_is_resumed_is_the_unbroken_one(tmp_path):
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.flows.killed_search_driver", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 30
    assert all(one["killed"] and one["same"] for one in told if one["by_trials"]), done.stderr
    # By the clock a kill may come before the search has begun; what has begun ends the same.
    assert all(one["same"] in (True, None) for one in told), (told, done.stderr)
    assert sum(bool(one["same"]) for one in told) >= 20
