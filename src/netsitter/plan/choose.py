"""What is left open in a plan is chosen from the data here, each choice with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from netsitter.plan.plan import Plan, changed, value_at

SMALL_ROWS = 5_000
"""Below this many training rows a small batch is taken, so that an epoch still has enough steps."""

STEPS_WANTED = 2_000
"""Steps after which the built-in nets have done most of their learning on the sets they were tried on."""

LEARNING_RATES = {
    "sgd": 0.1,
    "momentum": 0.01,
    "nesterov": 0.01,
    "rmsprop": 1e-3,
    "adagrad": 0.01,
    "adam": 1e-3,
    "adamw": 1e-3,
    "own": 1e-3,
}
"""The learning rate that each optimiser starts from when none is given."""


@dataclass(frozen=True)
class DataShape:
    """What choosing needs to know of the data.

    example: (C, Y, X) of an image, (D,) of a row.
    rows: in the training part.
    outputs: classes, or numbers in the target.
    """

    image: bool
    example: tuple[int, ...]
    rows: int
    task: str
    outputs: int


@dataclass(frozen=True)
class Choice:
    """One thing chosen: the dotted name, the value, and why."""

    path: str
    value: Any
    reason: str


def choose(plan: Plan, data: DataShape) -> tuple[Plan, tuple[Choice, ...]]:
    """The plan with nothing left open, and what was chosen."""
    chosen: list[Choice] = []

    def decide(path: str, value: Any, reason: str) -> None:
        nonlocal plan
        if value_at(plan, path) is None:
            plan = changed(plan, {path: value})
            chosen.append(Choice(path, value, reason))

    decide(
        "data.task", data.task, "the labels are classes" if data.task == "classify" else "the target is a real number"
    )
    if plan.data.given:
        decide("data.prepare", "none", "your own network gets your own rows as they are")
        decide("data.target", "none", "and your own loss the targets as they are")
    elif data.image:
        decide(
            "data.prepare",
            "center",
            "images: the mean image is subtracted and nothing else, since pixels share one scale",
        )
    else:
        decide("data.prepare", "standardise", "a table: its columns have scales of their own")
    if plan.data.task == "regress":
        decide(
            "data.target",
            "standardise",
            "a real target is learned at mean 0 and spread 1, and predicted in its own unit",
        )
    if data.image and min(data.example[1:]) >= 16:
        decide("net.kind", "conv", "images of 16 pixels or more: neighbouring pixels belong together")
    else:
        decide(
            "net.kind",
            "mlp",
            "rows of a table need no more than dense layers"
            if not data.image
            else "images under 16 pixels are small enough for dense layers",
        )
    if plan.net.kind == "mlp":
        decide("net.sizes", (100,), "one hidden layer of 100 units learns most sets; --net mlp:50 says otherwise")
    if plan.net.kind == "conv":
        decide("net.sizes", (32, 64, 128), "three stages, twice the channels where the sides halve")
    if plan.net.kind != "own":
        decide("net.norm", "none" if plan.net.kind == "lenet" else "batch", *_norm_reason(plan))
        decide("net.init", _init(plan.net.act), _init_reason(plan.net.act))
    decide(
        "optim.lr",
        LEARNING_RATES[plan.optim.kind],
        f"the usual start for {plan.optim.kind}; a search finds better ones",
    )
    if plan.data.given or plan.optim.kind == "own":
        decide("optim.schedule", "constant", "the rate of your own program stays what it is")
    decide("optim.schedule", "cosine", "the rate falls along half a cosine to nearly 0, so the last epochs settle")
    batch = 32 if data.rows < SMALL_ROWS else 200
    decide("loop.batch", min(batch, data.rows), f"{data.rows:,} training rows")
    steps = ceil(data.rows / (plan.loop.batch or batch))
    epochs = min(100, max(10, round(STEPS_WANTED / steps)))
    decide(
        "loop.epochs",
        epochs,
        f"{steps:,} steps an epoch; about {STEPS_WANTED:,} steps are wanted, and 10 epochs at least",
    )
    if data.task == "classify":
        decide("loop.loss", "cross_entropy", "the usual loss for classes")
    else:
        decide("loop.loss", "mse", "a real target, standardised for training and undone in predictions")
    return plan, tuple(chosen)


def _init(act: str) -> str:
    name = act.partition(":")[0].lower().replace("-", "_")
    if name in ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu", "maxout"):
        return "he"
    return "lecun" if name == "selu" else "xavier"


def _init_reason(act: str) -> str:
    words = {
        "he": "keeps the size of signals behind units that pass half of them",
        "xavier": "keeps the size of signals behind a roughly linear unit",
        "lecun": "what self-normalising units ask for",
    }
    return f"{act}: {words[_init(act)]}"


def _norm_reason(plan: Plan) -> tuple[str]:
    if plan.net.kind == "lenet":
        return ("the net of 1998 has none",)
    return ("makes the start matter less and allows higher rates",)
