"""What a report says first: the four answers, how good it is, what was wrong, what to do next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netsitter.record.events import (
    Concluded,
    Crowned,
    Ended,
    EpochEnded,
    Known,
    Measured,
    Outcome,
    SearchBegan,
    Searched,
)
from netsitter.record.findings import Finding, Remedy
from netsitter.record.trace import Trace
from netsitter.report.story import story_of
from netsitter.testing.stories import story
from tests.report.told import ended, epoch, started, whole_run


def told(*events):
    """The four answers of a run with these events behind its start."""
    return {one.question: one for one in story_of(Trace([started(), *events])).glances}


def scored(train: float, val: float) -> EpochEnded:
    event = epoch(1)
    return replace(event, values={**event.values, "epoch/train": (train,), "epoch/val": (val,)})


def over(score: float, outcome: Outcome = Outcome.FINISHED) -> Ended:
    return ended(outcome, score)


@pytest.mark.parametrize(
    ("score", "answer"),
    [(1.0, "Yes"), (0.7, "No"), (0.85, "No")],  # of 10 rows, 7 are of the largest class: 0.7 ± 0.14
)
def test_it_learns_when_it_beats_guessing_by_more_than_chance(score, answer):
    assert told(scored(score, score), over(score))["Is it learning?"].answer == answer


def test_a_run_that_diverged_does_not_learn():
    answers = told(Measured(1, (1,), {"loss": ((float("nan"),),)}), over(0.0, Outcome.DIVERGED))
    assert answers["Is it learning?"].answer == "No, it diverged"
    assert answers["Is it overfitting?"].answer == "Not known yet"


def test_a_grave_finding_holds_learning_back():
    finding = Finding("UPD001", "learning-rate-too-low", "error", "the rate", "3 of 4", (Remedy("Raise it."),))
    answers = told(scored(1.0, 1.0), Concluded((finding,)), over(1.0))
    assert answers["Is it learning?"].answer == "Yes, but held back"
    assert answers["What to do?"].answer == "Raise it"


def test_overfitting_is_what_the_doctor_says_and_a_wide_gap_is_told_anyway():
    finding = Finding("FIT001", "overfit", "warning", "the network", "0.99 against 0.7")
    assert told(scored(0.99, 0.7), Concluded((finding,)))["Is it overfitting?"].answer == "Yes"
    assert told(scored(0.99, 0.7))["Is it overfitting?"].answer == "A little"
    assert told(scored(0.75, 0.7))["Is it overfitting?"].answer == "No"


@pytest.mark.parametrize(
    ("where", "answer"), [("block.dense1", "block.dense1"), ("layer dense1", "layer dense1"), ("the rate", "None")]
)
def test_the_sick_layer_is_the_one_that_a_finding_names(where, answer):
    watched = Known("watched", {"layers": ("dense1", "block.dense1"), "weights": ()})
    echo = Finding("ACT001", "dead-relu", "warning", where, "60 % of 50 units")
    root = Finding("UPD002", "learning-rate-too-high", "error", "the learning rate", "9 times", echoes=(echo,))
    assert told(watched, Concluded((root,)))["Which layer is sick?"].answer == answer


def test_scores_stand_with_their_error_beside_guessing():
    scores = story_of(Trace(whole_run())).scores
    assert [(one.label, one.guess) for one in scores] == [
        ("the untouched test part (25 rows)", 0.6),
        ("the validation part (10 rows)", 0.7),
    ]
    assert scores[0].says == "80.0% ± 8.0%"


def test_a_real_target_is_scored_by_r2_without_an_error():
    events = [started(classes=()), over(0.6)]
    assert [one.says for one in story_of(Trace(events)).scores] == ["R² 0.600"] * 2


def test_a_cured_network_stands_beside_what_it_was():
    cured = Known("cured run", {"run": "runs/cured", "scores": {"test": {"score": 0.96}}})
    labels = [one.label for one in story_of(Trace([*whole_run(), cured])).scores]
    assert labels == ["the untouched test part (25 rows), as it was", "the untouched test part, cured (25 rows)"]


def test_what_is_to_be_done_next_can_be_typed():
    run = story_of(Trace(whole_run()), "runs/a b")
    assert [one.command for one in run.next] == [
        "netsitter search --plan 'runs/a b'/plan.toml --trials 100",
        "netsitter predict 'runs/a b' DATA",
    ]
    stopped = story_of(Trace([*whole_run()[:-1], over(0.8, Outcome.INTERRUPTED)]), "runs/x")
    assert stopped.next[0].command == "netsitter resume runs/x"


def test_a_run_that_still_goes_on_says_so():
    going = story_of(Trace(whole_run()[:-1]))
    assert going.state == "still training, or ended without a word"
    assert "So far 2 of 2 epochs are done." in going.trained[-1]


def search(*scores: float | None, **terms: object) -> Trace:
    """A search of three trials of 100 validation rows; as many are over as there are scores."""
    about = {"data": "pets", "net": "mlp", "rows": {"train": 900, "val": 100}, "plan": {}}
    trials = [
        Searched(i, "1", {"optim.lr": 0.1}, s, 1 - i, 2.3, (s or 0.0,), "diverged" if s is None else "finished", 1.0)
        for i, s in enumerate(scores)
    ]
    began = SearchBegan(3, 1, "random", {}, **{"rows": 100, "guess": 0.5, **terms})
    return Trace([began, Known("search", about), *trials])


def test_a_search_says_what_was_best_and_whether_that_is_settled():
    glances = {one.question: one.answer for one in story_of(search(0.9, 0.87, None)).glances}
    assert glances["What was the best?"] == "90.0% ± 3.0%"
    assert glances["Is it settled?"] == "1 other as good"
    assert glances["Did trials fail?"] == "1 diverged"
    apart = {one.question: one.answer for one in story_of(search(0.9, 0.6)).glances}
    assert apart["Is it settled?"] == "Yes"


def test_a_search_goes_by_what_it_was_told_to():
    by_loss = {one.question: one.answer for one in story_of(search(0.9, 0.5, metric="loss", rows=400)).glances}
    assert by_loss["What was the best?"] == "50.0% ± 2.5%"


def test_the_winner_s_test_score_stands_first():
    crowned = Crowned(0, {"test": {"score": 0.8}}, {"test": 400})
    scores = story_of(Trace([*search(0.9, 0.5).events, crowned])).scores
    assert [one.says for one in scores] == ["80.0% ± 2.0%", "90.0% ± 3.0%"]


def test_what_is_wrong_with_a_search_is_told_with_what_to_do():
    finding = Finding("SEA001", "best-at-an-edge", "warning", "optim.lr", "3 of 3", (Remedy("Move it."),))
    judged = story_of(Trace([*search(0.9, 0.5, 0.4).events, Concluded((finding,))]), "runs/s")
    assert judged.state == "finished"
    assert judged.findings == (finding,)
    assert judged.next[0].says == "Against best-at-an-edge: Move it."


def test_a_search_that_goes_on_says_how_far_it_is():
    going = story_of(search(0.9), "runs/s")
    assert going.state == "1 of 3 trials"
    assert going.next[0].command == "netsitter search --resume runs/s"
    assert story_of(search()).state == "0 of 3 trials"


def test_a_cured_run_tells_fault_proof_and_cure():
    whole = story_of(Trace(story(steps=5, readings=2, trials=0)))
    assert whole.cure is not None
    assert whole.cure.kept[0].verdict == "helps"


def test_ranges_whose_best_lie_at_their_end_do_not_fit():
    trace = search(0.9, 0.87, 0.5)
    assert {one.question: one.answer for one in story_of(trace).glances}["Did the ranges fit?"] == "Yes"
    trace.take(Concluded((Finding("SEA001", "best-at-edge", "warning", "optim.lr", "scores rise to its upper end"),)))
    [fits] = [one for one in story_of(trace).glances if one.question == "Did the ranges fit?"]
    assert fits.answer == "No"
    assert "upper end" in str(fits)
