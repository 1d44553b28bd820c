"""`watch` is silent on well loops, changes no bit of any, and leaves nothing behind."""

from __future__ import annotations

import copy
import io
import random
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

import netsitter as ns
from netsitter.adapters.watch import Sitter
from netsitter.errors import PlanError
from netsitter.record.events import Outcome
from netsitter.record.loop_facts import loop_of
from tests.adapters.loops import SGD, WELL, grave, loop, mlp


def unwatched(*_: Any) -> nullcontext[None]:
    return nullcontext()


@pytest.mark.parametrize("program", WELL)
def test_a_well_loop_is_not_blamed_and_ends_with_the_same_bits_and_the_same_random_streams(program):
    ends, sitters = [], []

    def watched(*given: Any) -> Sitter:
        sitters.append(ns.watch(*given, show=False))
        return sitters[-1]

    for watch in (unwatched, watched):
        torch.manual_seed(1)
        np.random.seed(1)
        random.seed(1)
        models = program(watch)
        weights = [tensor for model in models for tensor in model.state_dict().values()]
        ends.append((weights, torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()))
        assert not any(hooks_of(model) for model in models)
    (bare, *streams), (seen, *streams_seen) = ends
    assert all(torch.equal(a, b) for a, b in zip(bare, seen, strict=True))
    assert torch.equal(streams[0], streams_seen[0])
    assert streams[1:] == streams_seen[1:]
    for sitter in sitters:
        assert grave(sitter.findings) == []
        assert sitter.not_checked == []
        assert loop_of(sitter.trace).kept == 0


def hooks_of(model: nn.Module) -> list[Any]:
    """Every hook that hangs on a network, its parameters, or optimisers in general."""
    names = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    found = [hook for part in model.modules() for name in names for hook in getattr(part, name).values()]
    for p in model.parameters():
        found += [*(p._backward_hooks or {}).values(), *(p._post_accumulate_grad_hooks or {}).values()]
    return [*found, *_global_optimizer_post_hooks.values(), *_global_optimizer_pre_hooks.values()]


def test_when_the_loop_raises_the_error_passes_and_no_hook_is_left():
    model = mlp()
    optimizer = SGD(model.parameters(), lr=0.1)
    sitter = ns.watch(model, optimizer, show=False)

    def broken() -> None:
        with sitter:
            loop(model, optimizer, sitter, epochs=1)
            assert hooks_of(model)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert hooks_of(model) == []
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks
    assert sitter.trace.ended.outcome is Outcome.INTERRUPTED


def test_a_copy_of_the_network_made_meanwhile_has_no_ears():
    torch.manual_seed(0)
    model = mlp()
    optimizer = SGD(model.parameters(), lr=0.1)
    with ns.watch(model, optimizer, show=False) as sitter:
        other = copy.deepcopy(model)
        saved = io.BytesIO()
        torch.save(model, saved)
        with torch.no_grad():
            other(torch.zeros(4, 2))
        assert sitter._layers.scoring == (0, 0)
    assert saved.tell() < 50_000
    assert all(torch.equal(a, b) for a, b in zip(other.parameters(), model.parameters(), strict=True))


def test_a_fault_of_ours_ends_nothing_and_is_told(monkeypatch):
    monkeypatch.setattr("netsitter.adapters.layers.signal", lambda part, out: 1 / 0)
    monkeypatch.setattr("netsitter.adapters.steps.looked", lambda *_: 1 / 0)
    torch.manual_seed(0)
    model = mlp()
    optimizer = SGD(model.parameters(), lr=0.1)
    with ns.watch(model, optimizer, show=False) as sitter:
        loop(model, optimizer, sitter, epochs=2)
    assert {what for what, _ in sitter.not_checked} == {"activations", "steps"}
    assert all("ZeroDivisionError" in why for _, why in sitter.not_checked)


def test_a_compiled_network_is_left_as_it_is():
    torch.manual_seed(0)
    model = torch.compile(mlp(), backend="eager")
    optimizer = SGD(model.parameters(), lr=0.05)
    with ns.watch(model, optimizer, show=False) as sitter:
        loop(model, optimizer, sitter, epochs=2)
    assert grave(sitter.findings) == []


def test_findings_and_the_verdict_are_printed_unless_they_are_not_to_be(capsys):
    for show in (False, True):
        torch.manual_seed(0)
        model = mlp()
        optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
        with ns.watch(model, optimizer, show=show) as sitter:
            loop(model, optimizer, sitter, epochs=3, zero=None)
        lines = capsys.readouterr().out.splitlines()
        assert bool(lines) is show
    assert lines[0].startswith("error GRD003 kept-gradient (the gradients): in ")
    assert "What is wrong, the gravest first:" in lines
    assert "    do: Call optimizer.zero_grad() before the first backward pass of each step." in lines


@pytest.mark.parametrize(
    ("given", "code"),
    [((lambda x: x, None), "P70"), ((nn.Linear(1, 1), "adam"), "P71"), ((nn.Linear(1, 1), None, -1), "P72")],
)
def test_what_cannot_be_watched_is_refused(given, code):
    model, optimizer, *every = given
    optimizer = SGD(nn.Linear(1, 1).parameters(), lr=0.1) if optimizer is None else optimizer
    with pytest.raises(PlanError) as refused:
        ns.watch(model, optimizer, every=every[0] if every else 50)
    assert refused.value.code == code


def test_what_is_no_number_is_refused_by_name():
    model = mlp()
    with ns.watch(model, SGD(model.parameters(), lr=0.1), show=False) as sitter:
        for value in ("high", torch.zeros(2), [1.0]):
            with pytest.raises(PlanError, match="val must be one number"):
                sitter.note(val=value)
