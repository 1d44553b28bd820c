"""The loop: what it tells, what it keeps, and that a resume changes nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from netsitter.record.events import Ended, EpochEnded, Outcome, Resumed, Saved, TrialEnded
from netsitter.record.trace import Trace
from netsitter.train.checkpoint import Checkpoints
from netsitter.train.cohort import cohort_of
from netsitter.train.loop import Training
from tests.train.blobs import CPU, LOSS, net_of, parts, plan


def training_of(plans, **options):
    cohort = cohort_of([net_of(p) for p in plans], plans, LOSS, device=CPU)
    return Training(cohort, parts(), **options)


def final(training):
    return {name: tensor.clone() for name, tensor in training.cohort.state().items()}


@pytest.mark.parametrize("trials", [1, 3])
def test_a_run_broken_at_any_step_and_resumed_ends_with_the_same_bits(tmp_path, trials, monkeypatch):
    plans = [plan(optim__lr=0.01 * (i + 1), loop__seed=i, net__dropout=0.2) for i in range(trials)]
    whole = training_of(plans)
    events = list(whole.events())
    steps = events[-1].step
    assert steps == 15
    monkeypatch.setattr("netsitter.train.loop.STRETCH_S", 0.0)  # a cohort stops after each stretch of steps
    for broken_at in range(1, steps):
        checkpoints = Checkpoints(tmp_path / str(broken_at))
        counter = itertools.count(1)
        first = training_of(plans, checkpoints=checkpoints, stop=lambda c=counter, b=broken_at: next(c) >= b)
        stopped = list(first.events())[-1]
        assert stopped.outcome is Outcome.INTERRUPTED
        start, damaged = checkpoints.latest()
        assert not damaged
        second = training_of(plans, start=start)
        ended = list(second.events())[-1]
        assert ended.outcome is Outcome.FINISHED
        ours = final(second)
        assert all(torch.equal(tensor, ours[name]) for name, tensor in final(whole).items()), broken_at


def test_saving_changes_nothing_and_two_checkpoints_are_kept(tmp_path):
    quiet, saving = (
        training_of([plan()]),
        training_of([plan(loop__save_every_steps=2)], checkpoints=Checkpoints(tmp_path / "c")),
    )
    list(quiet.events())
    saved = [event for event in saving.events() if isinstance(event, Saved)]
    assert len(saved) >= 7
    assert len(list((tmp_path / "c").glob("*.safetensors"))) == 2
    ours = final(saving)
    assert all(torch.equal(tensor, ours[name]) for name, tensor in final(quiet).items())


def test_the_weights_that_are_kept_are_those_of_the_best_epoch():
    training = training_of([plan(loop__epochs=12, optim__lr=0.3, optim__schedule="constant")])
    trace = Trace(training.events())
    val = trace.curve("epoch/val").values[:, 0]
    assert training.scores("val")["score"][0] == val.max()
    best = [event.epoch for event in trace.of(EpochEnded) if event.best[0]]
    assert best[-1] == int(np.argmax(val)) + 1


def test_each_trial_of_a_cohort_keeps_its_own_best():
    plans = [plan(loop__epochs=8, optim__lr=lr, optim__schedule="constant") for lr in (0.3, 0.03, 0.003)]
    training = training_of(plans)
    trace = Trace(training.events())
    np.testing.assert_allclose(training.scores("val")["score"], trace.curve("epoch/val").values.max(axis=0))


def test_patience_ends_a_run_early_and_says_so():
    training = training_of([plan(loop__epochs=200, loop__patience=3, optim__lr=0.1, optim__schedule="constant")])
    events = list(training.events())
    assert events[-1].outcome is Outcome.STOPPED_EARLY
    assert events[-1].epoch < 200
    assert "3 epochs" in next(event for event in events if isinstance(event, TrialEnded)).says


def test_a_loss_that_is_no_number_ends_the_run_at_once():
    events = list(training_of([plan(optim__kind="sgd", optim__lr=1e12, net__norm="none", loop__epochs=50)]).events())
    assert events[-1].outcome is Outcome.DIVERGED
    assert events[-1].step <= 10
    assert not any(isinstance(event, EpochEnded) for event in events)


def test_events_come_in_order_and_every_step_is_told_once():
    events = list(training_of([plan()]).events())
    trace = Trace(events)
    assert trace.curve("loss").steps.tolist() == list(range(1, 16))
    assert [event.epoch for event in trace.of(EpochEnded)] == [1, 2, 3]
    assert isinstance(events[-1], Ended)


def test_a_trace_forgets_what_a_resume_undid():
    events = list(training_of([plan()]).events())
    cut = next(i for i, event in enumerate(events) if isinstance(event, EpochEnded) and event.epoch == 2)
    again = [*events[: cut + 1], Resumed(1, 7, 0.0), *(e for e in events if _after(e, epoch=1, step=7))]
    for name in ("loss", "epoch/val"):
        np.testing.assert_array_equal(Trace(again).curve(name).steps, Trace(events).curve(name).steps)
        np.testing.assert_array_equal(Trace(again).curve(name).values, Trace(events).curve(name).values)


def _after(event, *, epoch, step):
    """Whether a resumed run would tell this event again; of readings, steps 7 and 8 come as one event of two."""
    if isinstance(event, EpochEnded):
        return event.epoch > epoch
    steps = getattr(event, "steps", None)
    return steps is None or steps[0] > step


def test_a_cost_counts_the_penalty_and_the_losses_do_not():
    heavy = Trace(training_of([plan(optim__l2=1.0, loop__epochs=1)]).events())
    cost, loss = (heavy.curve(f"epoch/{name}").values[0, 0] for name in ("cost", "train_loss"))
    assert cost > loss
    plain = Trace(training_of([plan(loop__epochs=1)]).events())
    assert plain.curve("epoch/cost").values[0, 0] == pytest.approx(plain.curve("epoch/train_loss").values[0, 0])


def test_without_a_score_the_loss_says_which_epoch_was_best():
    training = training_of([plan(loop__epochs=6, loop__patience=2)])
    for scorer in training.parts.scorers:
        object.__setattr__(training.parts.scorers[scorer], "score", lambda sums: float("nan"))
    events = list(training.events())
    losses = Trace(events).curve("epoch/val_loss").values[:, 0]
    assert events[-1].outcome is Outcome.FINISHED
    assert [event.best[0] for event in events if isinstance(event, EpochEnded)] == [
        bool(loss < min(losses[:i], default=np.inf)) for i, loss in enumerate(losses)
    ]


def test_a_resume_between_an_epoch_and_the_end_of_a_trial_tells_that_end_once():
    events = list(
        training_of([plan(loop__epochs=9, loop__patience=1, optim__lr=0.3, optim__schedule="constant")]).events()
    )
    over = next(event for event in events if isinstance(event, TrialEnded))
    again = [*events, Resumed(over.epoch - 1, over.step, 0.0), *events[-3:]]
    assert len(Trace(again).of(TrialEnded)) == 1


def test_saving_the_same_step_again_never_endangers_the_checkpoint_that_is_there(tmp_path):
    training = training_of([plan(loop__save_every_steps=5)], checkpoints=Checkpoints(tmp_path))
    names = [event.file for event in training.events() if isinstance(event, Saved)]
    steps = [name.split("-epoch-")[0] for name in names]
    assert len(set(steps)) < len(steps)
    assert len(set(names[1:-1])) == len(names[1:-1])
