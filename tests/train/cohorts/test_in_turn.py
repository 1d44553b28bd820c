"""Cohorts in parts: chunks, threads, and what they must not change."""

from __future__ import annotations

import platform

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from netsitter.record.trace import Trace
from netsitter.train.cohort import cohort_of
from netsitter.train.cohorts.cohort import Turn, Way
from netsitter.train.cohorts.in_turn import InTurn
from netsitter.train.cohorts.made import spans
from netsitter.train.cohorts.workers import side_by_side
from netsitter.train.loop import Training
from tests.train.blobs import CPU, LOSS, blobs, net_of, parts, plan

PLANS = [plan(optim__lr=0.002 * (i + 1), loop__seed=i, net__dropout=0.1 * i) for i in range(1, 6)]


def cohort(way: Way, plans=PLANS):
    return cohort_of([net_of(p) for p in plans], plans, LOSS, device=CPU, way=way)


@given(count=st.integers(1, 300), chunk=st.integers(1, 300), workers=st.integers(1, 9))
def test_chunks_hold_every_trial_once_none_too_many_and_are_even(count, chunk, workers):
    found = spans(count, Way("dense", chunk, workers))
    assert [i for span in found for i in range(span.start, span.stop)] == list(range(count))
    sizes = [span.stop - span.start for span in found]
    assert max(sizes) <= chunk
    assert max(sizes) - min(sizes) <= 1
    assert len(found) % workers == 0 or len(found) == count


@pytest.mark.parametrize("form", ["dense", "lifted", "in turn"])
def test_the_number_of_workers_changes_no_bit(form):
    one, three = (cohort(Way(form, 2, workers, 1)) for workers in (1, 3))
    told, other = Trace(Training(one, parts()).events()), Trace(Training(three, parts()).events())
    if form != "in turn":
        assert [part.trials for part in one.parts] == [2, 2, 1]
        assert [part.trials for part in three.parts] == [2, 2, 1]
    assert told.curve("loss").values.tolist() == other.curve("loss").values.tolist()
    assert all(torch.equal(tensor, three.state()[name]) for name, tensor in one.state().items())


@pytest.mark.parametrize("form", ["dense", "lifted", "in turn"])
def test_chunks_give_what_all_give_together(form):
    whole, some = cohort(Way("lifted", 5)), cohort(Way(form, 2, 2, 1))
    assert isinstance(some, InTurn)
    told, other = Trace(Training(whole, parts()).events()), Trace(Training(some, parts()).events())
    for name in ("loss", "epoch/val", "epoch/cost", "grad/norm", "act/mean"):
        torch.testing.assert_close(
            torch.tensor(told.curve(name).values),
            torch.tensor(other.curve(name).values),
            rtol=1e-4,
            atol=1e-5,
            msg=name,
        )
    assert whole.takes(some.state())
    for trial in range(5):
        mine, theirs = some.network(trial), whole.network(trial)
        torch.testing.assert_close(mine.state_dict(), theirs.state_dict(), rtol=1e-3, atol=1e-4)


def test_a_stretch_is_its_steps():
    at_once, one_by_one = (cohort(Way("dense", 2, 1, 1)) for _ in range(2))
    x, y = blobs(32, seed=0).x_N, blobs(32, seed=0).y_N
    turns = [Turn(x + step, y, step, 0, [0.01 * step] * 5) for step in (1, 2, 3)]
    losses = at_once.stretch(turns, look=True)
    for turn, loss_T in zip(turns, losses, strict=True):
        assert torch.equal(loss_T, one_by_one.step(*turn[:2], step=turn.step, epoch=0, lrs=turn.lrs, look=True))
    assert all(torch.equal(series, one_by_one.looked[name]) for name, series in at_once.looked.items())
    assert all(torch.equal(tensor, one_by_one.state()[name]) for name, tensor in at_once.state().items())


def test_a_single_trial_that_is_stuck_in_company_leaves_the_others_alone():
    plans = [plan(optim__kind="sgd", net__norm="none", optim__lr=lr) for lr in (0.05, 1e12)]
    mixed = cohort(Way("in turn", 1, 2, 1), plans)
    company = Trace(Training(mixed, parts()).events())
    alone = Trace(Training(cohort(Way("in turn"), plans[:1]), parts()).events())
    assert company.curve("loss").values[:, 0].tolist() == alone.curve("loss").values[:, 0].tolist()
    assert {e.trial: str(e.outcome) for e in company.events if e.kind == "trial-ended"} == {
        0: "finished",
        1: "diverged",
    }


def test_threads_are_as_before_when_workers_are_done_and_errors_come_through():
    before = torch.get_num_threads()
    assert side_by_side(lambda _: torch.get_num_threads(), range(4), Way("in turn", 1, 2, 1)) == [1] * 4
    assert torch.get_num_threads() == before
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda part: 1 / part, [1, 0], Way("in turn", 1, 2, 1))
    assert torch.get_num_threads() == before


class Counts(nn.Module):
    """A layer that tells how its input lies in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3)
        self.seen: list[bool] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append(x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous())
        return self.conv(x).mean(dim=(2, 3))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries keep memory as they see fit")
def test_memory_that_a_worker_frees_is_there_for_its_next_step():
    import resource

    def step(_):
        blocks = [torch.ones(400_000) for _ in range(30)]  # 46 MiB, as outputs of a small convnet
        return sum(float(block[0]) for block in blocks)

    def faults():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        assert side_by_side(step, range(20), Way("in turn", 1, 2, 1)) == [30.0] * 20
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    faults()
    assert min(faults() for _ in range(3)) < 1_000, "8,000 to 18,000 where it is given back"


@pytest.mark.parametrize("last", [True, False])
def test_rows_lie_as_the_filters_do(last):
    nets = [Counts(), Counts()]
    if last:
        nets = [net.to(memory_format=torch.channels_last) for net in nets]
    plans = [plan(optim__lr=lr) for lr in (0.1, 0.2)]
    made = cohort_of(nets, plans, LOSS, device=CPU, way=Way("in turn"))
    made.step(torch.randn(4, 3, 5, 5), torch.tensor([0, 1, 0, 1]), step=1, epoch=0, lrs=[0.1, 0.1])
    assert [net.seen for net in nets] == [[last], [last]]


def test_channels_laid_last_change_no_more_than_last_bits_and_come_back_as_they_were():
    def made(last: bool):
        torch.manual_seed(0)
        nets = [nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(36, 2)) for _ in range(2)]
        plans = [plan(optim__lr=lr) for lr in (0.1, 0.2)]
        return cohort_of(nets, plans, LOSS, device=CPU, way=Way("in turn", last=last))

    first, last = made(False), made(True)
    x, y = torch.randn(8, 3, 5, 5), torch.tensor([0, 1] * 4)
    for step in (1, 2, 3):
        losses = [cohort.step(x, y, step=step, epoch=0, lrs=[0.1, 0.2]) for cohort in (first, last)]
        torch.testing.assert_close(*losses)
    assert not last.parts[0].net[0].weight.is_contiguous()
    for trial in range(2):
        mine, theirs = last.network(trial), first.network(trial)
        torch.testing.assert_close(mine.state_dict(), theirs.state_dict())
        assert all(p.is_contiguous() for p in mine.parameters())
    last.load(first.state())
    assert all(torch.equal(tensor, first.state()[name]) for name, tensor in last.state().items())
