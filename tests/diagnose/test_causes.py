"""The declared causes: they name faults that there are rules for, and lead in no circle."""

from __future__ import annotations

import pytest

from netsitter.diagnose.causes import EXPLAINS, NOT_LEARNING, explains
from netsitter.diagnose.doctor import ALWAYS, FATAL, concluded
from netsitter.diagnose.evidence import BY_EFFECT, CHANGE, OF_DATA, TUNED
from netsitter.diagnose.registry import rules
from netsitter.record.findings import Finding

SLUGS = {rule.slug for rule in rules()}
PLANNED = {"kept-gradient"}
"""Faults that are to be seen where a loop is watched, and may have no rule yet."""


def test_every_name_is_that_of_a_rule():
    named = set(EXPLAINS) | {effect for effects in EXPLAINS.values() for effect in effects}
    for names in (named, ALWAYS, FATAL, CHANGE, BY_EFFECT, OF_DATA, TUNED, NOT_LEARNING):
        assert set(names) - SLUGS - PLANNED == set()


def test_no_fault_brings_itself_about():
    for cause, effects in EXPLAINS.items():
        assert cause not in effects
        assert not explains(cause, cause)


def test_what_is_only_seen_when_nothing_is_learned_explains_no_cause():
    symptoms = set(NOT_LEARNING)
    for symptom in symptoms:
        for effect in SLUGS - symptoms:
            assert not explains(symptom, effect), (symptom, effect)


@pytest.mark.parametrize("root", ["leaked-split", "shuffled-labels", "non-finite-value", "symmetric-units"])
def test_nothing_that_training_does_explains_a_fault_of_the_rows_or_of_the_first_weights(root):
    assert [slug for slug in SLUGS if explains(slug, root)] == []


def test_a_cause_explains_what_its_effects_explain():
    for cause in EXPLAINS:
        reached, ahead = set(), [cause]
        while ahead:
            for effect in EXPLAINS.get(ahead.pop(), ()):
                if effect not in reached:
                    reached.add(effect)
                    ahead.append(effect)
        assert {slug for slug in SLUGS | PLANNED if explains(cause, slug)} == reached - {cause}


def test_there_are_no_circles():
    assert [(a, b) for a in EXPLAINS for b in EXPLAINS if explains(a, b) and explains(b, a)] == []


def test_of_a_cause_and_its_effect_the_cause_is_the_root_however_light():
    effect = Finding("XXX001", "dead-relu", "warning", "here", "seen", weight=0.9)
    cause = Finding("XXX002", "learning-rate-too-high", "warning", "there", "seen", weight=0.1)
    for findings in ([effect, cause], [cause, effect]):
        (root,) = concluded(findings, None)
        assert (root.slug, [echo.slug for echo in root.echoes]) == (cause.slug, [effect.slug])
