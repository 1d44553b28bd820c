"""`fit`: a network raised on data: prepared, checked, trained, watched, saved. And `resume`, which goes on with one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from netsitter.data.rows import DatasetRows
from netsitter.diagnose.doctor import Doctor
from netsitter.doors.beginning import begun, refuse_broken
from netsitter.doors.folder import RunFolder, new_folder, run_folder
from netsitter.doors.inputs import Asked, Build, asked_for
from netsitter.doors.reporting import report_kept
from netsitter.doors.run import Run
from netsitter.errors import NOTHING_WRITTEN, DataError, NetsitterError, RunError
from netsitter.plan.plan import Plan
from netsitter.record.events import Ended, EpochEnded, Event, Outcome, Resumed
from netsitter.record.journal import Journal
from netsitter.record.sink import Sink, pump
from netsitter.record.trace import Trace
from netsitter.report.console import Console
from netsitter.train.beginning import beginning
from netsitter.train.checkpoint import Checkpoints
from netsitter.train.cohort import cohort_of
from netsitter.train.device import exactness, machine_facts, own_conditions
from netsitter.train.hindsight import looked_back
from netsitter.train.loop import Training
from netsitter.train.losses import Loss
from netsitter.train.model_file import Model, save_model
from netsitter.train.own_optimiser import MakeOptimizer
from netsitter.train.prepare import Ready
from netsitter.train.stopping import Stop, heed_signals

LOOK_BACK_S, LATER = 20.0, 4
"""Seconds of training until mistakes and first weights are told before its end; times as long until again."""


def fit(
    data: Any = None,
    *,
    net: str | Build | nn.Module | None = None,
    loss: str | Loss | None = None,
    optimizer: str | MakeOptimizer | None = None,
    plan: Plan | str | Path | None = None,
    runs: str | Path | None = "runs",
    name: str | None = None,
    show: bool | Sink = True,
    data_dir: str | Path | None = None,
    download: bool = False,
    options: Mapping[str, Any] | None = None,
    **short: Any,
) -> Run:
    """Raises a network on data, and returns the finished run.

    data: a folder, an archive or a file; a known name such as "digits" or "cifar10"; arrays or tensors as (x, y),
        or {"train": (x, y), "test": (x, y)}; or a map-style torch Dataset. x: (N, D) rows, or (N, Y, X), (N, C, Y, X)
        or (N, Y, X, C) images; y: (N,) classes or real numbers, or (N, O) real numbers.
        None reads `data.source` of the plan.
    net: "mlp:100,100", "conv", "lenet", "FILE.py:build", a function that returns an `nn.Module`, or a module, of which
        a copy is trained. Arrays, tensors and Datasets go into a network of your own as they are.
    loss: a name of the plan, a torch loss, or any f(outputs, targets) that returns the mean over the batch.
    optimizer: a name of the plan, or a torch optimizer class (or a `functools.partial` of one), called with
        (parameters, lr=...).
    plan: a `Plan`, or a file of one; options are set on top of it.
    runs: the folder in which the run's own folder is made; None keeps nothing on disk.
    show: whether to print what happens; or a sink of your own that takes every event.
    options: values by dotted name; short: by short name, as lr=1e-3, epochs=5, seed=1.
    Raises PlanError, DataError, NetError, DeviceError or RunError, before any work, and then nothing is written.

    >>> run = fit("digits", net="mlp:50", epochs=2, runs=None, show=False)
    >>> run.scores["test"]["score"] > 0.5
    True
    """
    asked = asked_for(
        data,
        net=net,
        loss=loss,
        optimizer=optimizer,
        plan=plan,
        options={**(options or {}), **short},
        data_dir=data_dir,
        download=download,
    )
    prepared, network = begun(asked)
    refuse_broken(prepared, network)
    folder = None if runs is None else new_folder(Path(runs), name or asked.source.name, prepared.plan)
    return conducted(prepared, network, folder, show, build=asked.build)


def resume(
    path: str | Path,
    *,
    data: Any = None,
    net: str | Build | nn.Module | None = None,
    loss: Loss | None = None,
    optimizer: MakeOptimizer | None = None,
    show: bool | Sink = True,
    data_dir: str | Path | None = None,
) -> Run:
    """Goes on with a run that was stopped or killed, and ends it with the same bits as if it had not been.

    data, net, loss, optimizer: as given to `fit`, for a run that was made from Python values.
    Raises RunError when the run is over or has no whole checkpoint, DataError when the data has changed.
    """
    folder = run_folder(path)
    trace = folder.trace()
    if trace.ended is not None and trace.ended.outcome is not Outcome.INTERRUPTED:
        raise RunError(
            f"the run {path} is over: {trace.ended.outcome}", code="S30", fix="start another with netsitter fit"
        )
    plan = folder.plan()
    if plan.net.kind == "own" and net is None:
        raise RunError(
            f"this run's network is built by {plan.net.own}, and code is never run from a run's folder",
            code="S41",
            fix=f"--net {plan.net.own}, or net=FUNCTION from Python, if you trust it",
            state="the run is as it was.",
        )
    asked = asked_for(data, net=net, loss=loss, optimizer=optimizer, plan=plan, options={}, data_dir=data_dir)
    _same_data(trace, asked, folder)
    return conducted(*begun(asked), folder, show, resume=True, build=asked.build)


def conducted(
    prepared: Ready,
    network: nn.Module,
    folder: RunFolder | None,
    show: bool | Sink,
    *,
    build: Build | None,
    resume: bool = False,
    attempts: bool = True,
) -> Run:
    """Lets the events of a run flow to its sinks until it ends. attempts: whether short trainings come before it."""
    trace = Trace(folder.trace().events if folder and resume else ())
    sinks: list[Sink] = [trace]
    with ExitStack() as closing:
        if folder is not None:
            sinks.append(Journal(folder.journal))
        if show:
            sinks.append(Console(folder.path if folder else None) if show is True else show)
        for sink in sinks:
            closing.callback(sink.close)
        outside = torch.get_num_threads()
        closing.enter_context(own_conditions(prepared.plan.loop, prepared.device))
        stop = closing.enter_context(heed_signals())
        conductor = _Conductor(prepared, network, folder, stop, outside, Doctor(prepared.plan, trace))
        try:
            for _ in pump(conductor.doctor.attend(conductor.events(resume=resume, attempts=attempts)), sinks):
                pass
        except NetsitterError as error:
            if folder is not None and error.state in ("", NOTHING_WRITTEN):
                error.state = f"the run is kept as far as it came: netsitter resume {folder.path}"
            raise
        report_kept(folder, trace)
        return Run(conductor.model(), trace, folder, prepared, stop.signal, build)


class _Conductor:
    """One run from its first event to its last."""

    def __init__(
        self,
        prepared: Ready,
        network: nn.Module,
        folder: RunFolder | None,
        stop: Stop,
        outside: int,
        doctor: Doctor,
    ) -> None:
        self.prepared, self.folder, self.stop, self.doctor = prepared, folder, stop, doctor
        drawn = any(isinstance(part.x, DatasetRows) for part in prepared.source.parts.values())
        self.machine = machine_facts(prepared.device) | {"threads outside": outside, "data by chance": drawn}
        self.checkpoints = Checkpoints(folder.checkpoints) if folder else None
        self.network = network
        self.cohort = None

    def events(self, *, resume: bool, attempts: bool) -> Iterator[Event]:
        start, damaged = None, []
        if resume and self.checkpoints is not None:
            start, damaged = self.checkpoints.latest()
            if damaged and start is None:
                raise RunError(
                    f"every checkpoint is damaged: {', '.join(damaged)}", code="S33", fix="netsitter fit starts anew"
                )
        if start is None:
            name = self.folder.path.name if self.folder else self.prepared.source.name
            for event in beginning(self.prepared, self.network, name=name, attempts=attempts):
                yield event
                if self.stop:
                    break  # the loop saves what there is, and ends
        self.cohort = cohort_of(
            [self.network],
            [self.prepared.plan],
            self.prepared.loss,
            device=self.prepared.device,
            optimizer=self.prepared.optimizer,
        )
        training = Training(
            self.cohort,
            self.prepared.parts,
            checkpoints=self.checkpoints,
            start=start,
            stop=lambda: bool(self.stop),
            useless=lambda: self.doctor.useless,
            machine=self.machine,
        )
        if start is not None:
            inexact = exactness(start.machine, self.machine)
            yield Resumed(start.progress.epoch, start.progress.step, time.time(), inexact, tuple(damaged))
        began, due = time.monotonic(), LOOK_BACK_S
        for event in training.events():
            if isinstance(event, Ended):
                training.take_best()
                if event.outcome not in (Outcome.DIVERGED, Outcome.INTERRUPTED):
                    yield from looked_back(self.cohort.network(0), self.prepared)
                event = self._with_scores(event, training)
            yield event
            if isinstance(event, EpochEnded) and time.monotonic() - began >= due:
                due *= LATER
                yield from looked_back(self.cohort.network(0), self.prepared)

    def model(self) -> Model:
        """The weights that were kept, with all that they need to answer."""
        assert self.cohort is not None
        ready, source = self.prepared, self.prepared.source
        example = source.parts["train"].x.example
        if ready.plan.data.given and ready.parts.measure.form != "classes":
            return Model(
                self.cohort.network(0).cpu(), ready.plan, source.image, "regress", (), (),
                example, ready.outputs, ready.preparation, ready.target,
            )  # fmt: skip
        return Model(
            self.cohort.network(0).cpu(), ready.plan, source.image, source.task, source.classes, source.features,
            example, ready.outputs, ready.preparation, ready.target,
        )  # fmt: skip

    def _with_scores(self, event: Ended, training: Training) -> Ended:
        """The last event, with the scores of the kept weights; the test part is looked at here and only here."""
        if event.outcome is Outcome.DIVERGED and training.best is None:
            return event
        parts = ["val"] + ["test"] * (event.outcome is not Outcome.INTERRUPTED and "test" in self.prepared.parts.feeds)
        scores = {part: training.scores(part) for part in parts}
        if self.folder is not None:
            save_model(self.model(), self.folder.model)
        return replace(event, scores=scores)


def _same_data(trace: Trace, asked: Asked, folder: RunFolder) -> None:
    started = trace.started
    if started is None:
        raise RunError(
            f"the journal of {folder.path} does not say how it began",
            code="S32",
            fix="start another with netsitter fit",
        )
    if started.data["fingerprint"] != asked.source.fingerprint:
        raise DataError(
            "the data is not what this run began with",
            code="S136",
            where=f"{asked.source.where}: its fingerprint is {asked.source.fingerprint[:12]}, "
            f"was {started.data['fingerprint'][:12]}",
            fix="put the data back as it was, or start another run",
            state="the run is as it was.",
        )
