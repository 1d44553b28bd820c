"""What saturates, dies or goes in zigzag within a network is named, in real short runs, as a root or as its echo."""

from __future__ import annotations

import pytest

import netsitter as ns

QUICK = {"loop.epochs": 5, "loop.threads": 1, "net.norm": "none"}


def all_told(options):
    """The faults of all findings and their echoes."""
    run = ns.fit("digits", options={**QUICK, **options}, show=False, runs=None)
    return {found.slug for finding in run.findings for found in (finding, *finding.echoes)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slug", "options"),
    [
        ("dead-relu", {"optim.lr": 100.0, "net.norm": "batch"}),
        ("vanishing-gradient", {"net.act": "tanh", "net.sizes": (30,) * 6, "net.init": "normal:0.01"}),
        ("saturated-units", {"net.act": "tanh", "net.sizes": (30,) * 2, "net.init": "normal:5", "optim.lr": 1e-3}),
        ("one-signed-gradient", {"data.prepare": "none", "net.act": "sigmoid", "optim.kind": "sgd", "optim.lr": 0.01}),
    ],
)
def test_it_is_named_where_it_is_and_not_in_the_well_network(slug, options):
    assert slug in all_told(options)
    assert slug not in all_told({})
