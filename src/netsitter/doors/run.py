"""`Run`: what `fit` returns and `open_run` reads back: the network, what was measured, and how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from netsitter.data.batches import chunks, score_batch
from netsitter.data.faults import counted, listed
from netsitter.data.preparation.fitted import Fitted
from netsitter.data.preparation.scaling import Tokens
from netsitter.data.rows import ArrayRows, Rows
from netsitter.data.source import Part
from netsitter.data.sources.arrays import inputs_of, source_of
from netsitter.data.sources.given import given_rows, given_source
from netsitter.data.sources.open import open_source
from netsitter.doors.folder import RunFolder, run_folder
from netsitter.doors.inputs import Build, builder_of
from netsitter.doors.reporting import Told
from netsitter.errors import DataError, RunError
from netsitter.nn.modes import evaluating
from netsitter.nn.own import built_by, load_builder
from netsitter.nn.surgery import operate
from netsitter.plan.plan import Plan
from netsitter.record.events import EpochEnded, Outcome
from netsitter.record.trace import Trace
from netsitter.train.beginning import SURGERY_ROWS, deeds_of
from netsitter.train.losses import LOSSES
from netsitter.train.model_file import Model, load_model
from netsitter.train.prepare import Ready
from netsitter.train.scores import CLASSES, REAL, Measure, row_sums, scorer_of


class Run(Told):
    """A run, whole: what it was to do, what happened, and the network that came of it.

    plan: nothing left open. trace: all events. path: its folder, None when nothing was kept on disk.
    network: a plain `nn.Module` in evaluation mode, with the weights that were kept (the best on validation).
    preparation: what raw rows go through before the network.
    folder, ready, build: its folder, its data in place and the user's function that built the network, where they are
    at hand.
    """

    def __init__(
        self,
        model: Model,
        trace: Trace,
        folder: RunFolder | None = None,
        ready: Ready | None = None,
        stopped_by: int | None = None,
        build: Build | None = None,
    ) -> None:
        self._model, self.trace, self.folder, self.ready = model, trace, folder, ready
        self.stopped_by, self.build = stopped_by, build

    @property
    def plan(self) -> Plan:
        return self._model.plan

    @property
    def network(self) -> nn.Module:
        return self._model.net

    @property
    def preparation(self) -> Fitted:
        return self._model.preparation

    @property
    def example(self) -> tuple[int, ...]:
        """Shape of one raw row: (C, Y, X) of an image, (D,) of a table."""
        return self._model.example

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the network's outputs; empty for real targets."""
        return self._model.classes

    @property
    def outcome(self) -> Outcome | None:
        """How the run ended; None when it was killed before it could say."""
        return self.trace.ended.outcome if self.trace.ended else None

    @property
    def history(self) -> list[dict[str, float]]:
        """One row an epoch: epoch, step, cost, train, val, train_loss, val_loss, lr. `pandas.DataFrame` takes it."""
        return [
            {"epoch": event.epoch, "step": event.step}
            | {name.removeprefix("epoch/"): values[0] for name, values in event.values.items()}
            for event in self.trace.of(EpochEnded)
        ]

    @property
    def scores(self) -> dict[str, dict[str, float]]:
        """Loss and score of the kept weights on each part that was measured at the end."""
        ended = self.trace.ended
        told = ended.scores if ended else {}
        return {part: {name: values[0] for name, values in measures.items()} for part, measures in told.items()}

    def evaluate(self, data: Any = "test") -> dict[str, float]:
        """Loss, score and rows on "train", "val" or "test" of the run itself, or on labelled data as given to `fit`.

        score: the share right, or R² for real targets; `error` is its standard error, or the root of the mean squared
        error in the target's own unit. For a source with parts, its test part is taken, else all of it.
        """
        part = (
            self._own_part(data) if isinstance(data, str) and data in ("train", "val", "test") else self._labelled(data)
        )
        y = torch.from_numpy(part.y if part.given is None else part.given)
        target = self._model.target
        scaled = y if target is None else target.apply(y)
        outputs = self._outputs(part.x)
        loss = self.ready.loss if self.ready else LOSSES.get(self.plan.loop.loss or "")
        score = scorer_of(y, self._measure)
        real = outputs if target is None else target.undo(outputs)
        found = {"rows": len(y), "score": score.score(row_sums(real, y, self._measure))}
        if loss is not None:
            found["loss"] = float(loss(outputs, scaled))
        if not self._measure.real:
            found["error"] = float(np.sqrt(found["score"] * (1 - found["score"]) / len(y)))
        else:
            found["error"] = float((real - y).square().mean().sqrt())
        return found

    def predict(self, x: Any) -> np.ndarray:
        """The classes (N,), or the real values (N, O), for raw rows shaped as those that it was trained on.

        A network of your own on rows as they were given answers with its own outputs.

        Classes that are all whole numbers come back as numbers, False and True as bools, others as text.
        Raises DataError for rows with values that are not finite: their answer would mean nothing.
        """
        outputs = self._outputs(self._rows(x))
        if self._model.task == "regress":
            return self._real(outputs)
        return named(self.classes)[outputs.argmax(dim=1).numpy()]

    def predict_proba(self, x: Any) -> np.ndarray:
        """The probability of each class, (N, K), in the order of `classes`. Raises DataError for real targets."""
        if self._model.task == "regress":
            raise DataError("a network for real targets has no probabilities", code="D70", fix="use predict", state="")
        return torch.softmax(self._outputs(self._rows(x)), dim=1).numpy()

    def __repr__(self) -> str:
        score = self.scores.get("test", self.scores.get("val", {})).get("score")
        told = f", score {score:.4f}" if score is not None else ""
        return f"<Run {self.path or 'in memory'}: {self.outcome}{told}>"

    @property
    def _measure(self) -> Measure:
        """How outputs are compared with targets."""
        if self.ready is not None:
            return self.ready.parts.measure
        return CLASSES if self._model.task == "classify" else REAL

    def _rows(self, x: Any) -> Rows:
        if hasattr(x, "take") and hasattr(x, "example"):
            return x
        if self.plan.data.given:
            return given_rows(x, self._model.example)
        return ArrayRows(inputs_of(x, example=self._model.example, image=self._model.image))

    @torch.no_grad()
    def _outputs(self, rows: Rows) -> Tensor:
        """(N, K) or (N, O): what the network answers. Raises DataError or RunError where that is no number."""
        model = self._model
        answers = []
        for part in chunks(rows, len(rows)):
            raw = rows.take(np.arange(part.start, part.stop))
            _refuse_not_finite(raw, part.start)
            prepared = model.preparation.apply(torch.from_numpy(raw))
            prepared = prepared if isinstance(model.preparation, Tokens) else prepared.float()
            with evaluating(model.net):
                answers += [model.net(x_B) for x_B in prepared.split(score_batch(1, tuple(prepared.shape[1:])))]
        outputs = torch.cat(answers) if answers else torch.empty(0, model.outputs)
        # Weights that were a step away from no number, and never scored, are no answer either.
        lost = self.outcome is Outcome.DIVERGED and not self.trace.of(EpochEnded)
        if lost or not bool(torch.isfinite(outputs).all()):
            raise RunError(
                "the network answers with NaN or infinity",
                code="S44",
                where=f"{self.path or 'this run'}: {self.outcome}",
                fix="a lower learning rate, if it diverged; else look for values far outside the training data",
                state="",
            )
        return outputs

    def _real(self, outputs: Tensor) -> np.ndarray:
        target = self._model.target
        return (outputs if target is None else target.undo(outputs)).numpy()

    def _labelled(self, data: Any) -> Part:
        if isinstance(data, str | Path):
            source = open_source(data, resize=self.plan.data.resize, task=self._model.task)
        elif self.plan.data.given:
            return given_source(data).parts["train"]
        else:
            source = source_of(data, task=self._model.task)
        part = source.parts.get("test", source.parts["train"])
        if self._model.task == "regress":
            return part
        unknown = sorted(set(source.classes) - set(self.classes))
        if unknown:
            raise DataError(
                f"{len(unknown)} classes of {source.where} are unknown to this network",
                code="D48",
                where=", ".join(unknown[:10]),
                allowed=", ".join(self.classes[:20]),
                state="",
            )
        to_ours = np.array([self.classes.index(name) for name in source.classes])
        return Part(part.x, to_ours[part.y])

    def _own_part(self, name: str) -> Part:
        if self.ready is None:
            raise RunError(
                "a run that was read back from disk does not have its data at hand",
                code="S50",
                fix="evaluate(data)",
                state="",
            )
        picked = self.ready.picked.get(name)
        if picked is None:
            raise DataError(f"this run has no {name} part", code="D54", allowed=", ".join(self.ready.picked), state="")
        return picked


def open_run(path: str | Path, *, net: str | Build | nn.Module | None = None) -> Run:
    """The run in a folder, as it was kept.

    net: "FILE.py:build", the function or the module, for a run whose network came from the user. That code is run: hand
        it in only if you trust it.
    Raises RunError when the folder holds no run, or no model yet.
    """
    folder = run_folder(path)
    if not folder.model.exists():
        raise RunError(f"the run {path} has no model yet", code="S32", fix=f"netsitter resume {path}", state="")
    build = load_builder(net) if isinstance(net, str) else None if net is None else builder_of(net)
    own = None
    if build is not None:
        started = folder.trace().started
        if started is None:
            raise RunError(f"the journal of {path} does not say how it began", code="S32")
        shape: Mapping[str, Any] = started.net
        own = built_by(build, example=tuple(shape["example"]), outputs=int(shape["outputs"]))
        if deeds := deeds_of(folder.plan().net.surgery):
            own = operate(own, deeds, torch.zeros(SURGERY_ROWS, *shape["example"]))[0]
    return Run(load_model(folder.model, net=own), folder.trace(), folder)


def named(classes: tuple[str, ...]) -> np.ndarray:
    """The classes as an array to index: whole numbers or bools where all of them are written so, else text."""
    if classes == ("False", "True"):
        return np.array([False, True])
    # "007" is a name: as a number it could not be told from "7".
    whole = all(name.removeprefix("-").isdecimal() and str(int(name)) == name for name in classes)
    return np.array([int(name) for name in classes]) if whole else np.array(classes)


def _refuse_not_finite(x_N: np.ndarray, first: int) -> None:
    """Raises DataError that names the rows with a NaN or an infinite value. first: the number of row 0."""
    bad = np.flatnonzero(~np.isfinite(x_N).reshape(len(x_N), -1).all(axis=1)) if x_N.dtype.kind == "f" else ()
    if len(bad):
        raise DataError(
            f"{counted(len(bad), 'row has', 'rows have')} values that are not finite numbers",
            code="D1",
            where=listed((f"row {first + row:,}" for row in bad), ", "),
            allowed="finite numbers: nothing can be said of a row with a hole in it",
            fix="fill or leave out these rows",
            state="",
        )
