"""The checks before training: first loss, regularisation turned up, a tiny subset, signals through depth.

Each is a few batches of work, leaves the network as it was, and is told as one `Checked` event.
Source: Karpathy, Johnson & Li, CS231n (2017), lecture 6, "Babysitting the learning process".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from netsitter.errors import NetError
from netsitter.nn.dropout import KeyedDropout
from netsitter.nn.gradient_check import gradient_check
from netsitter.nn.modes import evaluating, into_training
from netsitter.nn.norm_checks import BatchFault, check_batch
from netsitter.optim.penalty import decayed_names, penalty
from netsitter.plan.plan import changed
from netsitter.record.events import DEPTH, Checked, Verdict
from netsitter.train.cohorts.single import Single
from netsitter.train.losses import OWN, guessing_loss
from netsitter.train.prepare import Ready
from netsitter.train.probes import as_it_was, layer_signals
from netsitter.train.scores import Scorer, row_sums, scorer_of

TINY = "tiny subset"
"""The check whose numbers say what came of learning a few rows by heart."""

FIRST_ROWS = 1_000
"""Training rows that the first loss is measured on."""

FIRST_LOSS_OFF = 0.25
"""A first loss further than this share above what guessing costs is told. The recipe's own nets are within 0.01;
built-in convolutional nets with He initialisation and batch normalisation start within 0.1."""

STRONG_L2 = 1e3
"""The regularisation that the recipe turns up to."""

TINY_ROWS, TINY_EPOCHS = 20, 200
"""The recipe's tiny subset, and how long it may take. Plain SGD, no regularisation, the whole subset in one batch."""

TINY_COST = 0.01
"""A tiny subset is learned by heart when all of it is right and it costs less than this; for real targets, this
share of what answering the mean costs."""

TINY_RATES = (0.1, 0.03, 0.3, 0.01, 1.0, 0.003, 0.001)
"""Learning rates that are tried in turn until one does it; where one only was slow, the higher ones come next."""

ADAM_RATES = (1e-2, 1e-3)
"""Rates of Adam, which is tried where plain SGD does not do it."""

HOPELESS_AFTER = 40
"""Epochs after which a rate is given up when the loss is not below what it started from."""

SCORE_EVERY = 5
"""Epochs between two looks at the score, where of the loss nothing is known that would do."""

GRADIENT_ROWS, GRADIENT_PLACES = 4, 10
"""Rows that the gradient of a user's own network is checked on, and places in each of its tensors."""


def preflight(
    net: nn.Module, ready: Ready, *, gradients: bool = False, guess: float | None = None
) -> Iterator[Checked]:
    """Checks a network that has not been trained, on the training part.

    guess: what guessing costs by a loss of the user's, where that was found.
    gradients: also compares the network's gradient with finite differences, which takes a few hundred passes.
    """
    x_B, y_B = _first_rows(ready, min(FIRST_ROWS, ready.parts.score_batch))
    with as_it_was(net):
        into_training(net)
        first = _loss(net, ready, x_B, y_B)
    yield check_first_loss(first, ready, y_B, guess)
    yield check_regularisation(net, first)
    yield check_depth(net, x_B)
    yield from check_batch_rows(net, ready)
    if gradients:
        yield check_gradient(net, ready, x_B[:GRADIENT_ROWS], y_B[:GRADIENT_ROWS])
    yield check_tiny_subset(net, ready)


def check_first_loss(first: float, ready: Ready, y_B: Tensor, guess: float | None = None) -> Checked:
    """Whether the loss before training is that of guessing."""
    expected = guess
    if not ready.plan.data.given and ready.plan.loop.loss != OWN:
        expected = guessing_loss(ready.plan.loop.loss or "", y_B, outputs=ready.outputs)
    numbers = {"first_loss": first, "expected": expected}
    if not math.isfinite(first):
        return Checked(
            "first loss", Verdict.FAILED, f"the loss before training is {first}: look for it in the data first", numbers
        )
    if expected is None:
        return Checked("first loss", Verdict.SKIPPED, f"{first:.4f}; of a loss of your own nothing is known", numbers)
    words = "the best constant answer"
    if not ready.plan.data.given:
        words = f"log {ready.outputs}" if ready.source.task == "classify" else "the loss of always answering the mean"
    if first > expected * (1 + FIRST_LOSS_OFF):
        says = f"{first:.4f} is {first / expected:.1f} times {expected:.4f} ({words}): the last layer starts too large"
        return Checked("first loss", Verdict.WARNED, says, numbers)
    return Checked("first loss", Verdict.PASSED, f"{first:.4f}; guessing costs {expected:.4f} ({words})", numbers)


def check_regularisation(net: nn.Module, first: float) -> Checked:
    """Whether the loss rises when regularisation is turned up."""
    with torch.no_grad():
        extra = float(penalty(dict(net.named_parameters()), STRONG_L2, decayed_names(net)))
    numbers = {"without": first, "with": first + extra, "l2": STRONG_L2}
    if extra > 0:
        says = f"with optim.l2 = {STRONG_L2:g} the first loss rises from {first:.4f} to {first + extra:.4f}"
        return Checked("regularisation", Verdict.PASSED, says, numbers)
    says = f"with optim.l2 = {STRONG_L2:g} the first loss stays at {first:.4f}: no weight is penalised, or all are 0"
    return Checked("regularisation", Verdict.WARNED, says, numbers)


def check_depth(net: nn.Module, x_B: Tensor) -> Checked:
    """What happens to signals on their way through the layers at the start."""
    layers = layer_signals(net, x_B)
    numbers = {"layers": [layer.as_json() for layer in layers]}
    spreads = [layer.std for layer in layers]
    if not spreads:
        return Checked(DEPTH, Verdict.SKIPPED, "no layer of this network gives a tensor", numbers)
    worst = max(layers, key=lambda layer: layer.dead)
    says = f"spread {spreads[0]:.3g} behind the first layer, {spreads[-1]:.3g} behind the last"
    if worst.dead > 0.5:
        says += f"; {worst.dead:.0%} of the units of {worst.name} are 0 on every row"
        return Checked(DEPTH, Verdict.WARNED, says, numbers)
    return Checked(DEPTH, Verdict.PASSED, says, numbers)


def check_batch_rows(net: nn.Module, ready: Ready) -> Iterator[Checked]:
    """Whether a batch has enough rows for the layers that count over it; silent when it has.

    Raises NetError, before any work, for a batch that such a layer cannot be trained on at all.
    """
    faults = batch_faults(net, ready)
    if faults:
        says = f"{faults[0].says}; batches of 8 rows or more, or group norm, mend it"
        numbers = {"layers": [fault.layer for fault in faults], "says": [fault.says for fault in faults]}
        yield Checked("rows of a batch", Verdict.WARNED, says, numbers)


def batch_faults(net: nn.Module, ready: Ready) -> tuple[BatchFault, ...]:
    """Batch norms for which a batch is too small. A last batch of one is none: it joins the batch before it.

    Raises NetError where PyTorch would stop in the first step.
    """
    rows, batch = ready.parts.feeds["train"].rows, ready.plan.loop.batch or 1
    if ready.tokens:
        return ()
    faults = check_batch(net, ready.example, batch=batch, rows=rows - (batch > 1 and rows % batch == 1))
    fatal = [fault for fault in faults if fault.fatal]
    if fatal:
        raise NetError(
            "batch normalisation needs more than one number a channel",
            code="N81",
            where=f"layer {fatal[0].layer}: {fatal[0].says}",
            allowed="batches of 2 rows or more",
            fix="--batch 32, or --norm none",
        )
    return faults


def check_gradient(net: nn.Module, ready: Ready, x_B: Tensor, y_B: Tensor) -> Checked:
    """Whether the network's gradient agrees with finite differences; dropout and batch statistics are off for it."""
    target = y_B.cpu().double() if y_B.is_floating_point() else y_B.cpu()
    try:
        with evaluating(net):
            report = gradient_check(net, x_B.cpu(), loss=lambda out: ready.loss(out, target), samples=GRADIENT_PLACES)
    except NetError as error:
        return Checked("gradient", Verdict.SKIPPED, f"cannot be measured: {error.what}")
    verdict = {"right": Verdict.PASSED, "doubtful": Verdict.WARNED, "wrong": Verdict.FAILED}.get(
        report.verdict, Verdict.SKIPPED
    )
    return Checked("gradient", verdict, report.sentence, {"error": report.error})


def check_tiny_subset(net: nn.Module, ready: Ready) -> Checked:
    """Whether the network can learn a few rows by heart with plain SGD and no regularisation."""
    rows = ready.parts.score_rows[:TINY_ROWS]
    feed = ready.parts.feeds["train"]
    x_B, y_B = next(iter(feed.batches(rows, [(0, len(rows))])))
    scorer = scorer_of(y_B, ready.parts.measure)
    limit = TINY_COST if not ready.parts.measure.real else TINY_COST * max(_loss_of_mean(ready, y_B), 1e-12)
    if ready.plan.data.given:
        limit = float("inf")  # what a loss of one's own can come down to is not known; the score says it
    tries = []
    rates = list(TINY_RATES)
    while rates and not (tries and tries[-1]["learned"]):
        lr = rates.pop(0)
        tries.append(_learn_by_heart(deepcopy(net), ready, x_B, y_B, scorer, lr=lr, limit=limit))
        if tries[-1]["epochs"] == TINY_EPOCHS:
            rates.sort(key=lambda rate: rate < lr)  # stable: higher ones first, each group in its order
    if not tries[-1]["learned"]:
        for lr in ADAM_RATES:
            tries.append(_learn_by_heart(deepcopy(net), ready, x_B, y_B, scorer, lr=lr, limit=limit, kind="adam"))
            if tries[-1]["learned"]:
                break
    best = min(tries, key=lambda t: (not t["learned"], not math.isfinite(t["end_loss"]), t["end_loss"]))
    what = "R²" if ready.parts.measure.real else "train accuracy"
    how = "plain SGD" if best["kind"] == "sgd" else "Adam, since plain SGD does not do it"
    told = f"{len(rows)} examples, {how}, lr {best['lr']:g}, no regularisation: {what} {best['score']:.2f}, "
    told += f"cost {best['start_loss']:.4f} -> {best['end_loss']:.4f} after {best['epochs']} epochs"
    if best["learned"]:
        return Checked(TINY, Verdict.PASSED, told, {**best, "rows": len(rows)})
    reason = (
        "neither Adam nor SGD at any rate of "
        + ", ".join(f"{t['lr']:g}" for t in tries if t["kind"] == "sgd")
        + " learns them by heart: look at wiring, labels and loss"
    )
    return Checked(TINY, Verdict.WARNED, f"{told}; {reason}", {**best, "rows": len(rows)})


def _learn_by_heart(
    net: nn.Module,
    ready: Ready,
    x_B: Tensor,
    y_B: Tensor,
    scorer: Scorer,
    *,
    lr: float,
    limit: float,
    kind: str = "sgd",
) -> dict[str, Any]:
    """Trains a copy on the subset until it is learned or the epochs are over; what it came to."""
    plain = {"optim.kind": kind, "optim.l2": 0.0, "optim.decay": 0.0, "optim.clip": None, "net.dropout": 0.0}
    single = Single(net, changed(ready.plan, plain), ready.loss)
    for part in single.net.modules():
        if isinstance(part, KeyedDropout):
            part.rate.zero_()
        elif isinstance(part, nn.modules.dropout._DropoutNd):
            part.p = 0.0
    start, epochs = math.nan, 0
    for epochs in range(1, TINY_EPOCHS + 1):
        # A step tells the loss that it started from; the score is asked for only where it may be the last one wanted.
        loss = float(single.step(x_B, y_B, step=epochs, epoch=0, lrs=(lr,)))
        start = loss if epochs == 1 else start
        if not math.isfinite(loss) or loss > 3 * start or (epochs > HOPELESS_AFTER and loss >= start):
            break
        if loss < limit and (math.isfinite(limit) or epochs % SCORE_EVERY == 0):
            end, score = _loss_and_score(single.net, ready, x_B, y_B, scorer)
            if end < limit and score > 1 - TINY_COST:
                break
    end, score = _loss_and_score(single.net, ready, x_B, y_B, scorer)
    learned = end < limit and score > 1 - TINY_COST
    return {
        "kind": kind,
        "lr": lr,
        "start_loss": start,
        "end_loss": end,
        "score": score,
        "epochs": epochs,
        "learned": learned,
    }


def _loss_and_score(net: nn.Module, ready: Ready, x_B: Tensor, y_B: Tensor, scorer: Scorer) -> tuple[float, float]:
    """Loss and score with the batch's own statistics, as the step itself sees them."""
    with torch.no_grad():
        outputs = net(x_B)
        return float(ready.loss(outputs, y_B)), scorer.score(row_sums(outputs, y_B, ready.parts.measure))


def _loss(net: nn.Module, ready: Ready, x_B: Tensor, y_B: Tensor) -> float:
    with torch.no_grad():
        return float(ready.loss(net(x_B), y_B))


def _loss_of_mean(ready: Ready, y_B: Tensor) -> float:
    return float(ready.loss(y_B.mean(dim=0, keepdim=True).expand_as(y_B), y_B))


def _first_rows(ready: Ready, rows: int) -> tuple[Tensor, Tensor]:
    feed, rows_B = ready.parts.feeds["train"], ready.parts.score_rows[:rows]
    return next(iter(feed.batches(rows_B, [(0, len(rows_B))])))
