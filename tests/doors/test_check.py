"""What is said before training, and that nothing is written or trained for it."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

import netsitter as ns
from netsitter.record.events import Verdict

from .small import LABELS, PICTURES, TABLE, Heard


def verdicts(report) -> dict[str, Verdict]:
    return {check.check: check.verdict for check in report.checks}


def test_a_healthy_start_passes_every_check(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report = ns.check((PICTURES, LABELS), net="mlp:32", show=False)
    assert report.passed
    assert set(verdicts(report)) >= {"first loss", "regularisation", "signals through depth", "tiny subset"}
    assert list(tmp_path.iterdir()) == []


def test_a_network_of_equal_weights_cannot_learn_a_tiny_subset():
    report = ns.check((PICTURES, LABELS), net="mlp:8", act="sigmoid", norm="none", init="zeros", show=False)
    assert verdicts(report)["regularisation"] is Verdict.WARNED
    assert verdicts(report)["tiny subset"] is Verdict.WARNED
    assert not report.passed
    assert "tiny subset" in repr(report)


def test_large_first_weights_are_told_by_the_first_loss():
    report = ns.check((PICTURES, LABELS), net="mlp:8", norm="none", init="normal:3", show=False)
    assert verdicts(report)["first loss"] is Verdict.WARNED


def test_a_module_is_checked_as_it_is_and_left_so():
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 4))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    report = ns.check((PICTURES, LABELS), net=net, show=False)
    assert verdicts(report)["gradient"] is Verdict.PASSED
    assert all(bool((net.state_dict()[name] == before[name]).all()) for name in before)


def test_findings_in_the_data_are_told_with_the_checks():
    holed = np.concatenate([TABLE, np.full((len(TABLE), 1), 5.0)], axis=1)
    heard = Heard()
    report = ns.check((holed, LABELS), net="mlp:8", show=heard)
    assert "constant-feature" in {finding.slug for finding in report.findings}
    assert heard.events == report.trace.events
    told = report.as_json()
    assert {"findings", "checks", "choices", "not_checked"} == set(told)
    assert [one["code"] for one in told["findings"]] == [finding.code for finding in report.findings]


def test_a_check_inside_no_grad_says_the_same():
    plain = ns.check((TABLE, LABELS), net="mlp:16", show=False)
    with torch.no_grad():
        inside = ns.check((TABLE, LABELS), net="mlp:16", show=False)
    assert [check.says for check in inside.checks] == [check.says for check in plain.checks]
