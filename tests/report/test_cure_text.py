"""A cure as lines: the table, the story, what was changed."""

from __future__ import annotations

from netsitter.record.cures import CureFacts, Effect, Round, Tried
from netsitter.record.events import Outcome
from netsitter.record.findings import Finding, Remedy
from netsitter.report.cure_text import began_line, changed_lines, round_lines, story, trained_lines

NAME = ("NET002", "output-loss-mismatch")
DROPPED = ("`net.3`: `nn.Softmax` -> nothing",)
SOFT = Finding(
    "NET002", "output-loss-mismatch", "error", "the output: Softmax (3)", "it gets 1.46", (Remedy("Drop it."),)
)
HELPS = Tried(
    NAME, Remedy("Drop it.", safety="changes-model"), DROPPED,
    "helps", Effect((0.4, 0.5), (0.9, 0.8), 0.4, 0.1, 0.05, 0.01, 2.3, 0.41), 0.08,
)  # fmt: skip
NOTHING = Tried(
    ("UPD001", "learning-rate-too-low"), Remedy("Raise it."), ("SGD lr 1 -> 2",), "no effect",
    Effect((None, None), (0.5, 0.5), 0.001, 0.1, 0.05, 0.01), 0.5,
)  # fmt: skip
REFUSED = Tried(("X", "x"), Remedy("Bend it."), (), "cannot be tried", why="there is no layer 9")


def facts(*rounds: Round, left: tuple[Finding, ...] = (), code: str = "") -> CureFacts:
    changed = tuple(line for found in rounds if found.kept is not None for line in found.tried[found.kept].changed)
    return CureFacts("share right", rounds, left, changed, code, {}, 0.52, 1.5, 2)


def test_the_cost_is_told_before():
    assert "at most what 1.5 trainings cost" in began_line(1.5, 3)
    assert "3 seeds" in began_line(1.5, 3)


def test_a_round_shows_each_remedy_with_both_scores_the_difference_and_the_loss():
    lines = round_lines(Round((SOFT,), (HELPS, NOTHING, REFUSED), 0), 1, "share right")
    text = "\n".join(lines)
    assert "error NET002 output-loss-mismatch (the output: Softmax (3)): it gets 1.46" in text
    kept = next(line for line in lines if "Drop it." in line)
    assert kept.split()[:2] == ["*", "helps"]
    assert all(part in kept for part in ("0.450 -> 0.850", "+0.400 ± 0.100", "2.3 -> 0.41"))
    assert "(changes the model)" in text
    assert "fails -> 0.500" in text
    assert "could not be trained: there is no layer 9" in text
    assert all(line == line.rstrip() for line in lines)


def test_what_has_no_remedy_is_said_to_be_for_the_user():
    assert "for you to mend" in round_lines(Round((SOFT,), (), None), 1, "R²")[-1]


def test_a_story_says_what_was_done_against_what_and_what_is_left():
    told = story(facts(Round((SOFT,), (HELPS,), 0), left=(SOFT,)))
    assert told[0].startswith("Against output-loss-mismatch: Drop it. The share right after 8% of a training went from")
    assert told[1] == "It cost 0.52 trainings of the network as it was."
    assert (
        told[2]
        == "Left for you: error NET002 output-loss-mismatch (the output: Softmax (3)): it gets 1.46. Do: Drop it."
    )


def test_a_story_of_nothing_says_so():
    assert story(facts())[0] == "Nothing is wrong, so nothing was changed."
    assert "None of 2 remedies helped" in story(facts(Round((SOFT,), (NOTHING, REFUSED), None)))[0]
    assert "for you to mend" in story(facts(Round((SOFT,), (), None)))[0]


def test_what_is_kept_without_an_effect_says_why():
    kept = facts(Round((SOFT,), (NOTHING,), 0))
    assert "the fault is wrong in itself" in story(kept)[0]
    assert "kept all the same" in "\n".join(round_lines(kept.rounds[0], 1, "R²"))


def test_changes_come_with_the_code_to_paste():
    lines = changed_lines(facts(Round((SOFT,), (HELPS,), 0), code="net = build()\nnet[3] = nn.Identity()"))
    assert lines == [
        "Changed in all:",
        "  `net.3`: `nn.Softmax` -> nothing",
        "To paste where the network has been built:",
        "    net = build()",
        "    net[3] = nn.Identity()",
    ]
    assert changed_lines(facts()) == []


def test_the_trained_network_is_told_beside_the_run_before():
    assert trained_lines(
        {"test": {"score": 0.1}}, {"test": {"score": 0.9}, "val": {"score": 0.8}}, Outcome.FINISHED
    ) == ["Cured and trained in full: 0.9000 on the untouched test part; it was 0.1000."]
    assert trained_lines({}, {"val": {"score": 0.8}}, Outcome.INTERRUPTED) == [
        "Cured and trained in part (interrupted): 0.8000 on the validation part."
    ]
    assert trained_lines({}, {}, Outcome.FINISHED) == []
