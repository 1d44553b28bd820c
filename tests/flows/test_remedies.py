"""What the doctor finds in real short runs goes when its first remedy is taken, and the run learns more."""

from __future__ import annotations

import pytest

import netsitter as ns

QUICK = {"loop.epochs": 8, "loop.threads": 1, "net.norm": "none"}

SICK = {
    "learning-rate-too-low": ("digits", {"optim.kind": "sgd", "optim.lr": 1e-6}),
    "learning-rate-too-high": ("digits", {"optim.kind": "sgd", "optim.lr": 50.0}),
    "over-regularised": ("digits", {"optim.l2": 30.0}),
    "saturated-start": ("digits", {"net.sizes": (60,) * 3, "net.act": "tanh", "net.init": "normal:3"}),
    "shrinking-start": ("digits", {"net.sizes": (60,) * 6, "net.act": "tanh", "net.init": "normal:0.01"}),
    "symmetric-units": ("digits", {"net.init": "zeros"}),
    "uneven-scales": ("wine", {"data.prepare": "none", "optim.kind": "sgd", "optim.lr": 0.05, "loop.epochs": 40}),
    "unscaled-target": ("diabetes", {"data.target": "none", "loop.epochs": 40}),
}


@pytest.mark.slow
@pytest.mark.parametrize("slug", SICK)
def test_the_first_remedy_makes_the_finding_vanish(slug):
    data, options = SICK[slug]
    sick = ns.fit(data, options={**QUICK, **options}, show=False, runs=None)
    assert named(sick)[:1] == [slug]
    remedy = next(remedy for remedy in sick.findings[0].remedies if remedy.changes)
    cured = ns.fit(data, options={**QUICK, **options, **remedy.changes}, show=False, runs=None)
    assert slug not in named(cured)
    assert cured.history[-1]["train"] > sick.history[-1]["train"] + 0.1


def named(run):
    """The faults above a note, the gravest first."""
    return [finding.slug for finding in run.findings if finding.severity != "note"]
