"""The four parts of a plan: data, net, optim and loop. A field left out (None) is chosen from the data."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator, model_validator

from netsitter.plan.field import Section, field
from netsitter.streams import MAX_SEED


class DataPlan(Section):
    """Where the examples come from and how they are prepared."""

    source: str = field("", "a folder, an archive, a file, or a known name such as digits or cifar10")
    task: Literal["classify", "regress"] | None = field(None, "classes or real numbers as target")
    pixels: Literal["0..1", "0..255"] = field("0..1", "what 8-bit pixels are scaled to before the preparation")
    prepare: str | None = field(
        None,
        "none, center, channel, standardise, pca:SHARE, whiten:SHARE or zca:SHARE (of the variance, or directions)",
    )
    target: Literal["standardise", "none"] | None = field(
        None, "what is done to a real target for training; predictions are always in its own unit"
    )
    given: bool = field(
        False, "rows and targets go into the network and the loss as they are handed in; so for networks of your own"
    )
    epsilon: float = field(
        1e-5, "added to each variance when whitening, in units of a feature's mean variance", ge=0, le=1e3
    )
    resize: str | None = field(
        None, "WIDTHxHEIGHT that every image is resized to; needed when sizes differ, off when left out"
    )
    validation: float = field(0.1, "share of the training part kept for validation", unit="share", gt=0, lt=1)
    test: float = field(0.2, "share kept as test part where the source brings none", unit="share", ge=0, lt=1)
    folds: int | None = field(
        None, "parts that the training rows are divided into, one of which is for validation, in place of a share", ge=2
    )
    fold: int = field(0, "which of them, from 0", ge=0)
    seed: int = field(0, "draws the split and the order of the batches; --seed sets loop.seed too", ge=0, le=MAX_SEED)

    @field_validator("resize")
    @classmethod
    def _sides(cls, value: str | None) -> str | None:
        if value is None:
            return None
        sides = value.lower().split("x")
        if len(sides) != 2 or not all(side.isdecimal() and int(side) > 0 for side in sides):
            raise ValueError("must be WIDTHxHEIGHT in pixels, as 32x32")
        return "x".join(sides)


class NetPlan(Section):
    """Which network is built. Written short as "mlp:100,100", "conv", "conv:32,64", "lenet" or "FILE.py:build"."""

    kind: Literal["mlp", "conv", "lenet", "own"] | None = field(None, "mlp, conv, lenet, or own (FILE.py:build)")
    sizes: tuple[int, ...] | None = field(None, "units of each hidden layer (mlp), channels of each stage (conv)")
    own: str = field("", "FILE.py:NAME of a function that builds a torch.nn.Module, when kind is own")
    act: str = field("relu", "activation, by name; with its number as leaky_relu:0.2 or elu:0.5")
    init: str | None = field(None, "initial weights, by name; chosen from the activation")
    init_scale: float = field(
        1.0, "what initial weights are multiplied by, but those that are fitted to data", by_trial=True, gt=0, le=1e6
    )
    norm: Literal["batch", "none"] | None = field(None, "batch normalisation before each activation, or none")
    surgery: tuple[str, ...] = field(
        (), "what is done to a network or a loss of your own before it trains, each as DEED:LAYER:TO:FUNCTION"
    )
    dropout: float = field(0.0, "share of hidden units dropped in training", unit="share", by_trial=True, ge=0, lt=1)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return short_net(value) if isinstance(value, str) else value

    @field_validator("sizes", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return (value,) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("sizes")
    @classmethod
    def _positive(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if value is not None and any(size < 1 or size > 1_000_000 for size in value):
            raise ValueError("each size must be from 1 to 1,000,000")
        return value

    @model_validator(mode="after")
    def _whole(self) -> NetPlan:
        if (self.kind == "own") != bool(self.own):
            raise ValueError("kind = own goes with own = FILE.py:NAME, and only with it")
        return self


def short_net(text: str) -> dict[str, Any]:
    """The fields that a short form such as "mlp:100,100" stands for; raises ValueError."""
    head, _, tail = text.partition(":")
    if head.endswith(".py"):
        return {"kind": "own", "own": text if tail else f"{text}:build"}
    fields: dict[str, Any] = {"kind": head}
    if tail:
        parts = tail.split(",")
        if not all(part.strip().isdecimal() for part in parts):
            raise ValueError(f"sizes in {text!r} must be whole numbers with commas between, as mlp:100,100")
        fields["sizes"] = tuple(int(part) for part in parts)
    return fields


class OptimPlan(Section):
    """How weights move."""

    kind: Literal["sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adam", "adamw", "own"] = field(
        "adam", "the optimiser, by name; own is a torch optimizer handed in from Python"
    )
    own: str = field("", "what an optimizer of your own is called, when kind is own")
    lr: float | None = field(None, "learning rate at its highest", by_trial=True, gt=0, le=1e12)
    momentum: float = field(
        0.9, "share of the last step kept (momentum, nesterov); beta1 of Adam", by_trial=True, ge=0, lt=1
    )
    beta2: float = field(
        0.999, "decay of the mean of squared gradients (Adam; RMSprop's alpha)", by_trial=True, ge=0, lt=1
    )
    eps: float = field(1e-8, "added to the root of that mean", by_trial=True, gt=0, le=1)
    l2: float = field(
        0.0, "adds 0.5 * l2 * sum of squared weights to the loss; no biases", by_trial=True, ge=0, le=1e12
    )
    decay: float = field(
        0.0, "decoupled weight decay: weights shrink by lr * decay a step", by_trial=True, ge=0, le=1e6
    )
    clip: float | None = field(
        None, "longest gradient, over all weights; longer ones are shortened, none when left out", by_trial=True, gt=0
    )
    schedule: Literal["constant", "step", "exponential", "cosine", "one-cycle"] | None = field(
        None, "how the learning rate changes over the run"
    )
    schedule_every: float = field(1.0, "epochs between two steps down (step, exponential)", unit="epochs", gt=0)
    schedule_factor: float = field(0.95, "what the rate is multiplied by at each step down", by_trial=True, gt=0, le=1)
    warmup: float = field(0.0, "epochs over which the rate rises from 0", unit="epochs", ge=0)


class LoopPlan(Section):
    """How long, in what portions, and what is kept."""

    epochs: int | None = field(None, "passes over the training part", unit="epochs", ge=1, le=1_000_000)
    batch: int | None = field(None, "rows of one step", unit="rows", ge=1, le=10_000_000)
    seed: int = field(0, "draws initial weights and noise", by_trial=True, ge=0, le=MAX_SEED)
    device: str = field("auto", "auto, cpu, cuda or cuda:1")
    threads: int | None = field(
        None, "threads of the processor, which decide the last bits; by the work of a step when left out", ge=1, le=1024
    )
    loss: Literal["cross_entropy", "mse", "mae", "huber", "bce", "bce_logits", "nll", "own"] | None = field(
        None, "what is made small; own is a function handed in from Python"
    )
    keep: Literal["best", "last"] = field("best", "weights kept at the end: best on validation, or last")
    patience: int | None = field(
        None, "epochs without a better validation score before it stops; never when left out", unit="epochs", ge=1
    )
    score_rows: int = field(5_000, "rows of the fixed subset that training figures are measured on", unit="rows", ge=1)
    measure_every: int = field(
        10, "steps between two leavings of the device with what was measured", unit="steps", ge=1
    )
    watch_every: int = field(
        50, "steps between two measurements of gradients and updates; 0 watches nothing", unit="steps", ge=0
    )
    save_every_s: float = field(30.0, "seconds between two checkpoints", unit="seconds", ge=0)
    save_every_steps: int | None = field(
        None, "steps between two checkpoints; by the clock when left out", unit="steps", ge=1
    )
    workers: int | None = field(
        None, "processes that read ahead when data is streamed; one less than cores when left out", ge=0, le=256
    )
    memory: float = field(0.5, "share of free memory that prepared data may take before it is streamed", gt=0, le=1)
    preflight: bool = field(True, "check first loss, regularisation and a tiny subset before training")


class RulesPlan(Section):
    """Which rules the doctor goes by, and how strict they are."""

    select: tuple[str, ...] = field((), "codes, slugs or families (ACT) of the rules that speak; all when empty")
    ignore: tuple[str, ...] = field((), "codes, slugs or families of rules that are silent")
    thresholds: tuple[str, ...] = field((), "other limits than a rule's own, each as ACT001.SHARE=0.5")
    stop: bool = field(True, "end a run when going on is useless")

    @field_validator("select", "ignore", "thresholds", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("thresholds")
    @classmethod
    def _assigned(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            name, _, number = text.partition("=")
            try:
                float(number)
            except ValueError:
                number = ""
            if "." not in name or not number:
                raise ValueError(f"each must be written as ACT001.SHARE=0.5; got {text!r}")
        return value
