"""A search as people read it."""

from __future__ import annotations

import io
from dataclasses import replace

from netsitter.record.events import Searched, StageBegan
from netsitter.report.search_console import SearchConsole, best_lines, trial_line
from netsitter.report.search_story import ways_line


def trial(number: int, score: float | None, how: str = "finished") -> Searched:
    values = {"optim.lr": 1.405206e-4, "optim.l2": 4.793564e-1, "net.act": "elu"}
    return Searched(number, "1", values, score, 1.7, 2.3, (0.3, score or 0.0), how, 2.0)


def test_a_trial_is_told_as_the_classic_course_does():
    line = trial_line(trial(0, 0.412), 100)
    assert line == "val_acc: 0.412000, lr: 1.405206e-04, reg: 4.793564e-01, net.act: elu, (1 / 100), 2 epochs"
    assert trial_line(trial(4, None, "diverged"), 100).startswith("val_acc: diverged, ")
    assert trial_line(trial(4, 0.2, "behind"), 100).endswith("2 epochs  behind")


def test_stages_say_their_ranges_and_why():
    stream = io.StringIO()
    console = SearchConsole(10, stream=stream)
    moved = "optim.lr: 5 of the best 5 crowd the upper side of 1e-06 .. 0.001 (log): moved to 8e-05 .. 0.08 (log)"
    console.take(StageBegan("1a", 2, 4, 6, {"optim.lr": "8e-05 .. 0.08 (log)"}, (moved,)))
    console.take(trial(4, 0.5))
    console.concluded(trial(4, 0.5), [trial(5, 0.49)], lambda score: 0.007, "runs/x/best.toml")
    told = stream.getvalue().splitlines()
    assert told[1] == "Stage 1a: 6 trials of 2 epochs at most"
    assert told[2] == f"  {moved}"
    assert "Best on validation: 0.5000 ± 0.0070, trial 5" in told
    assert "Not told from it by chance: trial 6" in told
    assert told[-1] == "The winner's plan: runs/x/best.toml"


def test_how_most_trials_ran_is_told_once_and_only_where_it_is_known():
    ways = ["stacked layers, 8 trials at once: as a rule"] * 3 + ["one trial", ""]
    told = [replace(trial(number, 0.5), way=way) for number, way in enumerate(ways)]
    assert ways_line(told) == ["3 of 5 trials ran like this: stacked layers, 8 trials at once: as a rule."]
    assert ways_line([trial(0, 0.5)]) == []


def test_a_search_in_which_all_diverged_says_what_to_do():
    assert best_lines(None, [], lambda score: 0.0) == ["Every trial diverged: lower the range of the learning rate."]
