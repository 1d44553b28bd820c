"""Short trainings with one thing changed speak for a finding, or against it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.evidence import BY_EFFECT, CHANGE, best_of, gain_of, mends, on_its_way, reached, weighed
from netsitter.record.findings import Finding
from netsitter.record.start_facts import Attempt
from netsitter.train.start.attempts import AS_IT_IS, FAR, RATES


def finding(slug: str, severity: str = "warning") -> Finding:
    return Finding("XXX001", slug, severity, "here", "seen", weight=0.5)


def test_the_gain_is_the_share_of_the_way_from_the_program_to_the_best_of_all():
    facts = start(attempts=attempts(as_it_is=0.1, best=0.9, fresh=0.5))
    assert gain_of("shrinking-start", facts) == pytest.approx(0.5)
    assert gain_of("symmetric-units", start(attempts=attempts(as_it_is=0.1, best=0.9, fresh=0.9))) == pytest.approx(1.0)
    assert gain_of("shrinking-start", start(attempts=attempts(as_it_is=0.5, best=0.9, fresh=-0.2))) < -0.5


def test_of_a_fault_that_was_not_mended_anywhere_nothing_is_known():
    facts = start(attempts=attempts(as_it_is=0.1, best=0.9))
    assert gain_of("shrinking-start", facts) is None
    assert gain_of("overfit", facts) is None
    assert gain_of("shrinking-start", None) is None
    assert weighed(finding("overfit"), facts) == finding("overfit")


def test_where_nothing_is_left_to_gain_no_mending_gains():
    assert gain_of("shrinking-start", start(attempts=attempts(as_it_is=0.93, best=0.95, fresh=0.95))) == 0.0


@pytest.mark.parametrize("slug", ["shrinking-start", "symmetric-units"])
def test_a_finding_whose_mending_helps_is_heavier_and_one_whose_mending_does_not_is_lighter(slug):
    helped = weighed(finding(slug), start(attempts=attempts(as_it_is=0.0, best=0.9, fresh=0.9)))
    not_helped = weighed(finding(slug), start(attempts=attempts(as_it_is=0.3, best=0.9, fresh=0.3)))
    assert helped.weight > 0.5 > not_helped.weight
    assert helped.severity == "warning"
    assert not_helped.severity == ("note" if slug in BY_EFFECT else "warning")


def test_a_bad_start_is_no_note_where_fresh_weights_alone_could_show_nothing():
    neither = weighed(finding("shrinking-start"), start(attempts=attempts(as_it_is=0.0, best=0.9, fresh=0.0)))
    assert neither.severity == "warning"
    assert neither.weight < 0.5


def test_data_whose_mending_brings_nearly_all_is_an_error():
    facts = start(attempts=attempts(as_it_is=0.0, best=0.9, standardised_input=0.9))
    assert weighed(finding("uncentred-input"), facts).severity == "error"
    assert mends("uncentred-input", facts)


def test_a_better_rate_never_proves_that_nothing_else_is_wrong():
    facts = start(attempts=attempts(as_it_is=0.0, best=0.9, lr_x10=0.9))
    assert gain_of("learning-rate-too-low", facts) == pytest.approx(1.0)
    assert not mends("learning-rate-too-low", facts)


def test_a_program_that_has_half_of_the_way_behind_it_after_a_quarter_of_its_steps_is_on_its_way():
    half = start(attempts=attempts(as_it_is=0.6))
    steps = half.attempts[AS_IT_IS].steps
    for in_all, known in ((4 * steps, True), (2 * steps, False)):
        facts = replace(half, program={**half.program, "steps": in_all})
        assert on_its_way(facts) is known
    assert not on_its_way(None)


def test_what_diverged_came_nowhere_and_no_fit_is_outside_of_minus_one_to_one():
    attempt = Attempt("a", 10, 1.0, 0.1, 0.0, 0.8)
    assert reached(attempt) == 0.8
    assert reached(replace(attempt, diverged=True)) == -1.0
    assert reached(replace(attempt, fit_end=-70.0)) == -1.0


def test_the_best_is_picked_among_those_with_such_a_name():
    facts = start(attempts=attempts(as_it_is=0.2, best=0.9, fresh=0.5))
    assert best_of(facts).name == "everything usual"
    assert best_of(facts, lambda name: name != "everything usual").name == "fresh"
    assert best_of(facts, lambda name: False) is None


def test_every_rate_that_is_tried_counts_for_the_fault_that_it_mends():
    for factor in (*RATES, *FAR):
        name = f"lr x{factor:g}"
        slug = "learning-rate-too-low" if factor > 1 else "learning-rate-too-high"
        other = "learning-rate-too-high" if factor > 1 else "learning-rate-too-low"
        assert name.startswith(CHANGE[slug])
        assert not name.startswith(CHANGE[other])
