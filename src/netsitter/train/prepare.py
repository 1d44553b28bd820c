"""From a plan and a source to all that training needs: split, look at, choose, prepare, put on the device."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from netsitter.data.batches import Feed, Resident, Streamed, chunks, feed_of, free_bytes, score_batch
from netsitter.data.facts import facts_of
from netsitter.data.faults import counted
from netsitter.data.picked import picked
from netsitter.data.preparation.fitted import Fitted
from netsitter.data.preparation.scaling import Tokens
from netsitter.data.preparation.table import preparation
from netsitter.data.preparation.target import TargetScale
from netsitter.data.rows import Rows
from netsitter.data.source import Part, Source
from netsitter.data.split import split
from netsitter.errors import DataError
from netsitter.plan.choose import Choice, DataShape, choose
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts
from netsitter.streams import numpy_stream
from netsitter.train.loop import Parts
from netsitter.train.losses import LOSSES, Loss, mended
from netsitter.train.scores import CLASSES, REAL, Measure, form_of, scorer_of, threshold_of

FIT_ROWS = 20_000
"""Rows that the preparation is fitted on where the data is too large for memory: a fixed random sample of them."""


@dataclass(frozen=True)
class Ready:
    """Everything that training needs, with the data in place.

    plan: nothing left open. preparation: fitted on the training part alone. target: None for classes.
    picked: the raw rows of each part. optimizer: a torch optimizer of the user's, called with (parameters, lr=...).
    """

    plan: Plan
    choices: tuple[Choice, ...]
    source: Source
    facts: DataFacts
    preparation: Fitted
    target: Fitted | None
    parts: Parts
    picked: dict[str, Part]
    loss: Loss
    device: torch.device
    outputs: int
    notes: tuple[str, ...]
    optimizer: Callable[..., torch.optim.Optimizer] | None = None

    @property
    def example(self) -> tuple[int, ...]:
        """The shape of one prepared example."""
        return self.preparation.prepared_example

    @property
    def tokens(self) -> bool:
        """Whether rows are whole numbers that an embedding looks up."""
        return isinstance(self.preparation, Tokens)


def ready(
    plan: Plan,
    source: Source,
    *,
    device: torch.device,
    loss: Loss | None = None,
    optimizer: Callable[..., torch.optim.Optimizer] | None = None,
) -> Ready:
    """The data of a source as a plan wants it. Raises DataError or PlanError before any work is done.

    loss, optimizer: a user's own, in place of the plan's.
    """
    raw, facts = _divided(plan, source)
    if not plan.data.given:
        _refuse_holes(facts, source.where)
        _refuse_constant_target(facts, source.where)
    outputs = len(source.classes) if source.task == "classify" else raw["train"].y.shape[1]
    plan, choices = choose(plan, DataShape(source.image, source.example, len(raw["train"]), source.task, outputs))
    loss = _on(device, loss or LOSSES[plan.loop.loss or "cross_entropy"])
    counts = facts.parts["train"].class_counts
    loss = mended(loss, (deed.partition(":")[0] for deed in plan.net.surgery), counts)
    return _placed(plan, choices, source, facts, raw, loss, optimizer, device, outputs)


def folded(prepared: Ready, plan: Plan) -> Ready:
    """The same data divided as another plan has it, and all else as before. plan: nothing left open."""
    raw, facts = _divided(plan, prepared.source)
    return _placed(
        plan, prepared.choices, prepared.source, facts, raw, prepared.loss, prepared.optimizer, prepared.device,
        prepared.outputs,
    )  # fmt: skip


def with_few_scored(prepared: Ready, rows: int) -> Ready:
    """The same data, its training figures measured on so many rows at most."""
    parts = prepared.parts
    score_rows, y_N = parts.score_rows[:rows], parts.feeds["train"].y_N
    scorer = scorer_of(y_N[torch.from_numpy(score_rows).to(y_N.device)], parts.measure)
    return replace(prepared, parts=replace(parts, score_rows=score_rows, scorers={**parts.scorers, "train": scorer}))


def _divided(plan: Plan, source: Source) -> tuple[dict[str, Part], DataFacts]:
    """The raw rows of each part, and what is to be known of them."""
    asked = plan.data
    shares = split(
        source, validation=asked.validation, test=asked.test, seed=asked.seed, folds=asked.folds, fold=asked.fold
    )
    where = {name: getattr(shares, name) for name in ("train", "val", "test")}
    raw = {name: picked(source, index.part, index.rows) for name, index in where.items() if len(index)}
    # Where the same rows are trained on and judged by, nothing has leaked.
    seen = {name: part for name, part in raw.items() if name == "train" or part.x is not raw["train"].x}
    return raw, facts_of(source, seen, numbers={name: where[name].rows for name in seen})


def prepared_as(
    prepared: Ready, plan: Plan, *, loss: Loss, optimizer: Callable[..., torch.optim.Optimizer] | None
) -> Ready:
    """The same rows in the same parts, prepared as another plan has it, for another loss or optimiser.

    plan: nothing left open; its split is that of the plan before.
    """
    return _placed(
        plan, prepared.choices, prepared.source, prepared.facts, prepared.picked, _on(prepared.device, loss),
        optimizer, prepared.device, prepared.outputs,
    )  # fmt: skip


def _placed(
    plan: Plan,
    choices: tuple[Choice, ...],
    source: Source,
    facts: DataFacts,
    raw: dict[str, Part],
    loss: Loss,
    optimizer: Callable[..., torch.optim.Optimizer] | None,
    device: torch.device,
    outputs: int,
) -> Ready:
    """The parts prepared and put in place, with what scores them."""
    notes = list(source.notes)
    fitted = _fitted(plan, raw["train"].x, device, notes)
    scaled = source.task == "regress" and plan.data.target == "standardise"
    target = TargetScale().fit(torch.from_numpy(_targets(raw["train"]))) if scaled else None
    feeds = {name: _feed(plan, part, fitted, target, device) for name, part in raw.items()}
    if any(isinstance(feed, Streamed) for feed in feeds.values()):
        notes.append("the prepared data does not fit in memory: it is read from disk while training goes on")
    score_rows = numpy_stream(plan.data.seed, "score").permutation(len(raw["train"]))[: plan.loop.score_rows]
    targets = {name: feed.y_N for name, feed in feeds.items()}
    targets["train"] = targets["train"][torch.from_numpy(score_rows).to(targets["train"].device)]
    measure = CLASSES if source.task == "classify" else REAL
    if plan.data.given:
        form = form_of(feeds["train"].y_N)
        measure = Measure(form, threshold_of(loss, feeds["train"].y_N, form), pooled=True)
    scorers = {name: scorer_of(y_N, measure) for name, y_N in targets.items()}
    return Ready(
        plan=plan,
        choices=choices,
        source=source,
        facts=facts,
        preparation=fitted,
        target=target,
        parts=Parts(feeds, scorers, score_rows, measure, score_batch(plan.loop.batch or 1, fitted.prepared_example)),
        picked=raw,
        loss=loss,
        device=device,
        outputs=outputs,
        notes=tuple(notes),
        optimizer=optimizer,
    )


def _refuse_holes(facts: DataFacts, where: str) -> None:
    """Raises DataError that lists the values which are not finite: one of them makes every weight NaN."""
    if not facts.non_finite_count:
        return
    places = [f"{part} row {row:,}, {facts.feature(number)}" for part, row, number in facts.non_finite]
    more = facts.non_finite_count - len(places)
    raise DataError(
        f"{counted(facts.non_finite_count, 'value is', 'values are')} NaN or infinite",
        code="D1",
        where=f"{where}: {'; '.join(places)}" + (f" (and {more:,} more)" if more else ""),
        allowed="finite numbers",
        fix="fill the holes with what a missing value means there, or leave the rows out",
    )


def _on(device: torch.device, loss: Loss) -> Loss:
    """The loss itself; of a module with tensors of its own, a copy on the device."""
    return deepcopy(loss).to(device) if isinstance(loss, nn.Module) else loss


def _refuse_constant_target(facts: DataFacts, where: str) -> None:
    """Raises DataError for a real target that never varies."""
    train = facts.parts["train"]
    flat = [i for i, spread in enumerate(train.target_std) if spread == 0]
    if flat:
        raise DataError(
            "the target never varies, so there is nothing to learn",
            code="D36",
            where=f"{where}, train: target {flat[0]} is {train.target_mean[flat[0]]:g} in all {train.rows:,} rows",
            allowed="at least 2 values",
            fix="look whether the right column was taken as the target",
        )


def _fitted(plan: Plan, x: Rows, device: torch.device, notes: list[str]) -> Fitted:
    """The preparation, fitted on the training rows."""
    if np.issubdtype(x.dtype, np.integer) and plan.data.given:
        return Tokens(x.example)
    rows = np.arange(len(x))
    if not x.in_memory and len(x) > FIT_ROWS:
        rows = np.sort(numpy_stream(plan.data.seed, "fit").permutation(len(x))[:FIT_ROWS])
        notes.append(f"the preparation is fitted on {FIT_ROWS:,} of the training rows, drawn at random")
    prepare = preparation(plan.data.prepare or "none", pixels=plan.data.pixels, epsilon=plan.data.epsilon)
    return prepare.fit(torch.from_numpy(x.take(rows[part])).to(device) for part in chunks(x, len(rows)))


def _targets(part: Part) -> np.ndarray:
    """The targets as the loss gets them."""
    return part.y if part.given is None else part.given


def _feed(plan: Plan, part: Part, fitted: Fitted, target: Fitted | None, device: torch.device) -> Feed:
    y_N = torch.from_numpy(_targets(part))
    if isinstance(fitted, Tokens):
        return Resident(torch.from_numpy(part.x.take(np.arange(len(part.x)))).to(device), y_N.to(device))
    return feed_of(
        part.x,
        y_N if target is None else target.apply(y_N),
        fitted.apply,
        prepared_shape=fitted.prepared_example,
        device=device,
        most_bytes=int(plan.loop.memory * free_bytes(device)),
        workers=plan.loop.workers,
    )
