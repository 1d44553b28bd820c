"""What `watch` measures is what a calculation by hand gives, and is a record as any other."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import netsitter as ns
from netsitter.diagnose.registry import rules
from netsitter.record.events import EpochEnded, from_json, to_json
from netsitter.record.loop_facts import NEXT, OWN, loop_of
from netsitter.record.trace import Trace
from netsitter.train.watching import activations, watched_of
from tests.adapters.loops import SGD, grave, loop, mlp, moons, run


def test_gradients_updates_and_slopes_are_those_of_a_calculation_by_hand():
    torch.manual_seed(0)
    x, y = moons(32)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2))
    optimizer = SGD(model.parameters(), lr=0.5)
    norms, ratios, moves, grads = [], [], [], []
    with ns.watch(model, optimizer, show=False, every=1) as sitter:
        for _ in range(6):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            old = [p.detach().clone() for p in model.parameters()]
            grads.append([p.grad.clone() for p in model.parameters()])
            optimizer.step()
            moves.append([p.detach() - before for p, before in zip(model.parameters(), old, strict=True)])
            norms.append([grads[-1][i].norm() for i in (0, 2)])
            ratios.append([moves[-1][i].norm() / old[i].norm() for i in (0, 2)])
    trace = sitter.trace
    np.testing.assert_allclose(trace.curve("grad/norm").values[:, 0], torch.tensor(norms), rtol=1e-5)
    np.testing.assert_allclose(trace.curve("update/ratio").values[:, 0], torch.tensor(ratios), rtol=1e-5)

    def along(grad: list[Tensor], move: list[Tensor]) -> float:
        return float(sum((g * m).sum() for g, m in zip(grad, move, strict=True)))

    own = [along(grads[i], moves[i]) for i in range(5)]
    after = [along(grads[i + 1], moves[i]) for i in range(5)]
    np.testing.assert_allclose(trace.curve(OWN).values[:, 0], own, rtol=1e-4)
    np.testing.assert_allclose(trace.curve(NEXT).values[:, 0], after, rtol=1e-4)
    assert all(value < 0 for value in own)


def test_activations_over_batches_are_those_of_all_rows_at_once():
    torch.manual_seed(0)
    x, _ = moons(256)
    model = mlp()
    frozen = SGD(model.parameters(), lr=0.0)
    with ns.watch(model, frozen, show=False) as sitter:
        for rows in torch.arange(256).split(32):
            frozen.zero_grad()
            model(x[rows]).mean().backward()
            frozen.step()
            sitter.note(epoch=0)
    whole = activations(model, model, x, watched_of(model).layers)
    for name in ("act/dead", "act/mean", "act/saturated"):
        np.testing.assert_allclose(sitter.trace.curve(name).values[0, 0], whole[name].detach(), rtol=1e-4, atol=1e-5)


def test_epochs_end_when_another_one_is_noted_however_they_are_counted():
    model = mlp()
    optimizer = SGD(model.parameters(), lr=0.1)
    with ns.watch(model, optimizer, show=False) as sitter:
        for epoch in (7, 8, 9):
            loop(model, optimizer, None, epochs=1, batch=64)
            sitter.note(epoch=epoch, loss=1.0, val=0.1 * epoch)
    ended = sitter.trace.of(EpochEnded)
    assert [(event.epoch, event.step, event.best) for event in ended] == [
        (1, 4, (True,)),
        (2, 8, (True,)),
        (3, 12, (True,)),
    ]
    np.testing.assert_allclose(sitter.trace.curve("epoch/val").values[:, 0], [0.7, 0.8, 0.9])


def test_several_batches_of_one_step_are_noted_as_their_mean():
    model = mlp()
    with ns.watch(model, SGD(model.parameters(), lr=0.1), show=False) as sitter:
        for value in (1.0, 2.0, 6.0):
            sitter.note(loss=value)
    assert sitter.trace.curve("loss").values.tolist() == [[3.0]]


def test_findings_can_be_asked_for_while_the_loop_goes_on_and_asking_changes_nothing():
    torch.manual_seed(0)
    model = mlp()
    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
    with ns.watch(model, optimizer, show=False) as sitter:
        assert sitter.findings == []
        loop(model, optimizer, sitter, epochs=3, zero=None)
        first, again = sitter.findings, sitter.findings
    assert grave(first)[0] == "kept-gradient"
    assert first == again
    assert grave(sitter.findings)[0] == "kept-gradient"


def test_every_event_goes_to_json_and_back():
    sitter = run(zero=None, epochs=3)
    for event in sitter.trace.events:
        assert to_json(from_json(to_json(event))) == to_json(event)
    again = Trace(from_json(to_json(event)) for event in sitter.trace.events)
    assert again.findings == sitter.findings
    assert loop_of(again) == loop_of(sitter.trace)


def test_every_rule_of_a_run_can_read_what_a_watched_loop_leaves():
    for trace in (run(epochs=8).trace, run(epochs=1).trace, Trace()):
        for length in range(len(trace.events) + 1):
            part = Trace(trace.events[:length])
            for rule in (rule for rule in rules("run") if length % 7 == 0 or length > len(trace.events) - 4):
                rule.check(part, ns.Plan())
