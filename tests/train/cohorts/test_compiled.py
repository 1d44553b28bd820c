"""Compiled steps: the numbers of lifted ones, by the real compiler; and lifted ones where there is none."""

from __future__ import annotations

import shutil

import pytest
import torch
from torch import nn

from netsitter.train.cohort import cohort_of
from netsitter.train.cohorts.cohort import Way
from netsitter.train.loop import Training
from tests.train.blobs import CPU, LOSS, net_of, parts, plan

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script_method.*:DeprecationWarning")  # Inductor's own

PLANS = [
    plan(optim__lr=0.002 * (i + 1), loop__seed=i, net__norm="batch", net__dropout=0.1, loop__batch=48) for i in range(3)
]


def trained(form, make=net_of):
    cohort = cohort_of([make(p) for p in PLANS], PLANS, LOSS, device=CPU, way=Way(form, 3))
    list(Training(cohort, parts()).events())
    return cohort


def close(one, other):
    assert one.state().keys() == other.state().keys()
    for name, tensor in one.state().items():
        torch.testing.assert_close(tensor, other.state()[name], rtol=1e-4, atol=1e-6, msg=lambda m, n=name: f"{n}: {m}")


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
def test_compiled_steps_with_noise_and_batch_norm_are_lifted_ones():
    compiled = trained("compiled")
    assert compiled.compiles
    assert compiled.way == Way("compiled", 3)
    close(compiled, trained("lifted"))


class Breaking(nn.Module):
    """Cannot be compiled as one graph."""

    def __init__(self, p) -> None:
        super().__init__()
        torch.manual_seed(p.loop.seed)
        self.layer = nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch._dynamo.graph_break()
        return self.layer(x)


def test_what_cannot_be_compiled_is_lifted():
    compiled = trained("compiled", Breaking)
    assert not compiled.compiles
    close(compiled, trained("lifted", Breaking))


def test_without_a_compiler_steps_are_lifted_ones_to_the_bit(monkeypatch):
    def broken(work, **options):
        def fails(*batch):
            raise RuntimeError("no compiler")

        return fails

    monkeypatch.setattr(torch, "compile", broken)
    compiled, lifted = trained("compiled"), trained("lifted")
    assert not compiled.compiles
    assert all(torch.equal(tensor, lifted.state()[name]) for name, tensor in compiled.state().items())
