"""What the figures of the rules on the start, and on the network itself, show."""

from __future__ import annotations

import math
from typing import Any

from pages.marks import Drawn, Reader, bars, gained, network, one
from pages.picture import Line, Marks

from netsitter.diagnose.at_start import hidden, inner_activations
from netsitter.diagnose.rule import Case, Rule
from netsitter.record.start_facts import StartFacts

BY_LAYER = "hidden layer, from the input on"
GAINED = "share of what there is to gain"
TRIED = "How far short trainings came"


def _profile(field: str) -> Reader:
    """A number of each hidden layer, from the first to the last."""

    def read(rule: Rule[Any], case: Case) -> Marks:
        layers = hidden(case.record.signals)
        return (Line(field, tuple((n + 1.0, float(getattr(s, field))) for n, s in enumerate(layers))),)

    return read


def _usual_end(rule: Any, start: StartFacts) -> float:
    now, fresh = hidden(start.signals), hidden(start.fresh_signals)
    return float(rule.SHRINK) * now[0].spread * fresh[-1].spread / fresh[0].spread


def _growth(start: StartFacts) -> dict[str, float | None]:
    fresh = {s.name: s.std for s in start.fresh_signals}
    return {f"layer {s.name} ({s.kind})": s.std / fresh[s.name] for s in start.signals[:-1]}


def _dead(start: StartFacts) -> dict[str, float | None]:
    return {f"layer {s.name} ({s.kind})": s.dead for s in inner_activations(start)}


def _twins(start: StartFacts) -> dict[str, float | None]:
    return {w.name: w.twin_rows for w in start.weights if len(w.shape) > 1}


def _gradients(start: StartFacts) -> dict[str, float | None]:
    return {w.name: w.gradient for w in start.weights}


def _reach(start: Any) -> dict[str, float | None]:
    return {"least within reach": start.loss.reachable, "of guessing": start.loss.guess}


def _first(start: Any) -> dict[str, float | None]:
    return {"before training": start.loss.first, "of guessing": start.loss.guess}


def _labels(start: Any) -> dict[str, float | None]:
    return {"smallest label": start.target.low, "largest label": start.target.high}


def _narrowest(start: StartFacts) -> float | None:
    return min(o.facts["units"] for o in start.graph.operations[:-1] if "units" in o.facts) if start.graph else None


def _by_heart(start: StartFacts) -> float:
    guess = 1 / max(start.target.classes, 1) if start.target else 0.0
    return (float(start.tiny["score"]) - guess) / (1 - guess)


def _pairs(start: Any) -> float:
    """Of an output and a target: every row with its own, or with all where shapes are stretched."""
    rows = start.loss.outputs_shape[0]
    return float(rows * (start.loss.targets_shape[0] if start.loss.broadcast else 1))


def _behind(name: str) -> Any:
    """The limit of rules that hold one training against a better one: so far below the better one."""
    return lambda rule, start: next(iter(gained(start, {name: name}).values())) - rule.BEHIND


def _tries(**names: str) -> Reader:
    """Bars of short trainings: which of them, and what each is called here."""
    return bars(lambda start: gained(start, {name.replace("_", " "): said for name, said in names.items()}))


DRAWN = {
    "label-out-of-range": Drawn(
        "Labels of the training part, against the outputs of the network",
        bars(_labels), lambda rule, s: s.outputs.shape[1] - 1, "label", limit_says="last output:",
    ),
    "twice-scaled-input": Drawn(
        "Spread and largest value of the inputs as the network gets them",
        bars(lambda s: {"spread": s.input["std"], "largest": s.input["high"]}), "SPREAD", "size", log=True,
    ),
    "wrong-sign": Drawn(
        "Change of the loss over one tiny step against its gradient",
        one("change", lambda s: s.wiring.step_down), "RISE", "share of the loss", sick=1,
    ),
    "symmetric-units": Drawn(
        "Share of a layer's units with the weights of another unit", bars(_twins), "SHARE", "share of the units",
    ),
    "shrinking-start": Drawn(
        "Spread of the signals behind each hidden layer, before training",
        _profile("spread"), _usual_end, BY_LAYER, log=True, well=1,
    ),
    "exploding-start": Drawn(
        "Spread of the signals before training, against that of fresh weights",
        bars(_growth), "GROWTH", "times that of fresh weights",
    ),
    "saturated-start": Drawn(
        "Share of the outputs at a flat end before training", _profile("saturated"), "SHARE", BY_LAYER,
    ),
    "dead-start": Drawn(
        "Share of the units that give 0 on every row before training",
        bars(_dead), "SHARE", "share of the units", well=1,
    ),
    "linear-collapse": Drawn("The network; filled: what is together one linear map", network),
    "output-loss-mismatch": Drawn(
        "Least loss that the outputs can reach, and that of guessing",
        bars(_reach), lambda rule, s: s.loss.floor + rule.SHARE * (s.loss.guess - s.loss.floor), "loss",
    ),
    "saturating-hidden": Drawn("The network; filled: what squashes its signals", network, well=1),
    "uneven-convolution": Drawn(
        "Layers that never read the last rows or columns", one("layers", lambda s: len(s.misfits)), "LOST", "layers",
    ),
    "norm-after-activation": Drawn("The network; filled: the norm behind an activation", network),
    "bias-before-norm": Drawn("The network; filled: the bias that the norm takes away", network),
    "unused-parameters": Drawn(
        "Length of the gradient of each parameter on one batch", bars(_gradients), across="length of the gradient",
    ),
    "too-small": Drawn(
        "Units of the narrowest hidden layer", one("units", _narrowest),
        lambda rule, s: rule.BITS * math.log2(s.target.classes), "units", log=True,
    ),
    "misplaced-dropout": Drawn("The network; filled: the dropout that harms", network),
    "misread-axes": Drawn("The network; filled: what works along the wrong axis", network),
    "tiny-batch": Drawn(
        "Rows of a batch that the norm takes its mean over", one("rows", lambda s: s.program["batch"]), "ROWS", "rows",
    ),
    "wrong-first-loss": Drawn(
        "Loss before the first step, and that of guessing",
        bars(_first), lambda rule, s: rule.TIMES * s.loss.guess, "loss",
    ),
    "deaf-to-regularisation": Drawn(
        "By how much the first loss rises under a very strong penalty",
        one("rise", lambda s: s.wiring.l2_rise), "RISE", "rise of the loss", limit_says="must be above",
    ),
    "cannot-overfit-tiny": Drawn(
        "How much of 20 rows was learned by heart", one("learned", _by_heart), "SCORE", GAINED,
    ),
    "ignores-input": Drawn(
        "How far the outputs differ between rows, against their size",
        one("difference", lambda s: s.wiring.input_effect), "EFFECT", "share of the outputs' size", log=True,
    ),
    "mixed-batch": Drawn(
        "How far an answer moves when other rows of its batch change",
        one("move", lambda s: s.wiring.other_rows), "SHARE", "share of the outputs' size", log=True,
    ),
    "wrong-gradient": Drawn(
        "Worst relative error of the gradient against finite differences",
        one("error", lambda s: s.wiring.gradient_error), "ERROR", "relative error", log=True, well=1,
    ),
    "broadcast-loss": Drawn(
        "Pairs of an output and a target that the loss compares",
        one("pairs", _pairs), lambda rule, s: s.loss.outputs_shape[0], "pairs", log=True, limit_says="rows:",
    ),
    "summed-loss": Drawn(
        "Loss of a batch twice over, against that of the batch once",
        one("growth", lambda s: s.loss.doubled), "GROWTH", "times",
    ),
    "over-regularised": Drawn(
        TRIED, _tries(as_it_is="as it is", no_penalty="without penalty"), _behind("no penalty"), GAINED, well=1,
    ),
    "unsuited-batch-size": Drawn(
        TRIED, _tries(as_it_is="as it is", batch_32="batches of 32"), _behind("batch 32"), GAINED, well=1,
    ),
    "unsuited-optimizer": Drawn(
        TRIED, _tries(as_it_is="as it is", lr_x10="ten times the rate", adam="Adam"), _behind("adam"), GAINED, well=1,
    ),
}  # fmt: skip
"""By slug."""
