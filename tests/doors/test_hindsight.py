"""What a run tells at its end: mistakes on the validation part, its worst rows and its first layer as pictures."""

from __future__ import annotations

import numpy as np
import pytest

from netsitter.doors import fit
from netsitter.record.events import EpochEnded, Known, Outcome
from netsitter.record.picture import unpacked
from netsitter.train.hindsight import MOST_UNITS, WORST

from .small import CLASSES, LABELS, PICTURES, REALS, TABLE, quick

LOUD = PICTURES ^ np.random.default_rng(1).integers(0, 256, PICTURES.shape).astype(np.uint8)
"""Pictures that nothing can be learned from, so that there are mistakes."""


@pytest.fixture(scope="module")
def run():
    return quick((LOUD, LABELS), options={"loop.preflight": False, "data.validation": 0.3})


def test_the_confusion_adds_up_to_the_validation_part_and_its_diagonal_to_the_score(run):
    facts = run.trace.known["confusion"]
    rows = run.trace.started.data["rows"]["val"]
    assert facts["rows"] == sum(count for _, _, count in facts["pairs"]) == rows
    right = sum(count for truth, said, count in facts["pairs"] if truth == said)
    assert right / rows == pytest.approx(run.scores["val"]["score"])
    counts = run.trace.started.data["facts"]["val"]["class_counts"]
    for number, wanted in enumerate(counts):
        assert sum(count for truth, _, count in facts["pairs"] if truth == number) == wanted


def test_the_worst_rows_are_wrong_answers_of_the_network_shown_as_they_were_given(run):
    facts = run.trace.known["worst"]
    assert 0 < len(facts["rows"]) <= WORST
    assert facts["wrong"] == round((1 - run.scores["val"]["score"]) * run.trace.started.data["rows"]["val"])
    for row in facts["rows"]:
        number = int(row["where"].removeprefix("row ").replace(",", ""))
        assert np.array_equal(unpacked(row["picture"])[..., 0], LOUD[number])
        assert row["truth"] == LABELS[number] != row["said"]
        assert int(run.predict(LOUD[number : number + 1])[0]) == row["said"]
        assert row["sure"] == pytest.approx(run.predict_proba(LOUD[number : number + 1]).max(), abs=1e-5)


def test_the_first_layer_is_told_unit_by_unit(run):
    facts = run.trace.known["first weights"]
    weight = run.network.get_parameter(facts["weight"]).detach()
    assert facts["units"] == len(facts["pictures"]) == len(weight) == 16
    greatest = int(weight[0].abs().argmax())
    pixels = unpacked(facts["pictures"][0]).ravel()
    assert pixels[greatest] == (255 if weight[0][greatest] > 0 else 0)


def test_filters_of_a_convolution_are_told_too():
    run = quick((PICTURES, LABELS), net="conv", epochs=1)
    facts = run.trace.known["first weights"]
    weight = run.network.get_parameter(facts["weight"])
    assert facts["units"] == len(weight)
    assert len(facts["pictures"]) == min(len(weight), MOST_UNITS)
    assert unpacked(facts["pictures"][0]).shape == (*weight.shape[2:], 1)


def test_rows_of_a_table_have_a_confusion_and_no_pictures():
    known = quick((TABLE, LABELS)).trace.known
    assert len(known["confusion"]["classes"]) == CLASSES
    assert not {"worst", "first weights"} & known.keys()


def test_real_targets_have_neither():
    assert not {"confusion", "worst"} & quick((TABLE, REALS)).trace.known.keys()


def test_a_run_that_diverged_tells_nothing_of_its_weights():
    run = quick((PICTURES, LABELS), optimizer="sgd", lr=1e3, l2=1e3, epochs=9)
    assert run.outcome is Outcome.DIVERGED
    assert not {"confusion", "worst", "first weights"} & run.trace.known.keys()


def test_the_same_run_tells_the_same(run):
    again = quick((LOUD, LABELS), options={"loop.preflight": False, "data.validation": 0.3})
    assert {about: again.trace.known[about] for about in ("confusion", "worst", "first weights")} == {
        about: run.trace.known[about] for about in ("confusion", "worst", "first weights")
    }


def test_a_long_run_tells_its_mistakes_on_the_way_and_ends_with_the_same_weights(run, monkeypatch):
    monkeypatch.setattr(fit, "LOOK_BACK_S", 0.0)
    live = quick((LOUD, LABELS), options={"loop.preflight": False, "data.validation": 0.3})
    epochs = len(live.trace.of(EpochEnded))
    told = [event for event in live.trace.of(Known) if event.about == "confusion"]
    assert len(told) == epochs + 1
    assert all(event.facts["rows"] == told[-1].facts["rows"] for event in told)
    for one, other in zip(run.network.parameters(), live.network.parameters(), strict=True):
        assert one.equal(other)
