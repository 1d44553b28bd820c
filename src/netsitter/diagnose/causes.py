"""What explains what: roots before echoes. A small declared graph; a cause also explains what its effects explain."""

from __future__ import annotations

from collections.abc import Mapping

NOT_LEARNING = ("no-better-than-constant", "underfit", "cannot-overfit-tiny", "flat-start", "plateau")
"""What is seen whenever something keeps a network from learning; none of it says why."""

UNSTEADY = ("oscillating-loss", "loss-spike", "exploding-gradient", "non-finite-loss", "no-better-than-constant")

UNWELL_INSIDE = ("dead-relu", "saturated-units", "vanishing-gradient", "one-signed-gradient", "uneven-updates")

INPUT = (
    "one-signed-gradient", "wrong-first-loss", "exploding-gradient", "non-finite-loss", "vanishing-gradient",
    "saturated-start", "saturated-units", "dead-start", "dead-relu", "uneven-updates", "oscillating-loss",
    "exploding-start", "loss-spike", "unsuited-optimizer", *NOT_LEARNING,
)  # fmt: skip
"""What inputs of the wrong size or place bring about."""

EXPLAINS: Mapping[str, tuple[str, ...]] = {
    # data
    "non-finite-value": (
        "non-finite-loss", "wrong-first-loss", "no-better-than-constant", "cannot-overfit-tiny", "ignores-input",
    ),
    "uncentred-input": INPUT,
    "uneven-scales": (*INPUT, "uncentred-input"),
    "unscaled-target": ("wrong-first-loss", *UNSTEADY, *UNWELL_INSIDE, *NOT_LEARNING, "stopped-too-early"),
    "twice-scaled-input": (
        *NOT_LEARNING, "learning-rate-too-low", "ignores-input", "stopped-too-early", "shrinking-start",
    ),
    "label-out-of-range": ("output-loss-mismatch", "non-finite-loss"),
    "shuffled-labels": (*NOT_LEARNING, "overfit", "conflicting-labels", "stopped-too-early"),
    "overfit": ("no-better-than-constant", "too-large"),
    "shifted-split": ("overfit", "no-better-than-constant", "stale-statistics"),
    "conflicting-labels": ("cannot-overfit-tiny",),
    "leaked-split": (),
    # the network and its start
    "linear-collapse": ("underfit", "no-better-than-constant", "cannot-overfit-tiny", "plateau", "uneven-updates"),
    "output-loss-mismatch": (
        "wrong-first-loss", "ignores-input", "saturated-units", "saturated-start", "non-finite-loss", "dead-relu",
        "dead-start", "unused-parameters", "vanishing-gradient", "too-small", "unsuited-optimizer",
        "learning-rate-too-low", "stopped-too-early", "unscaled-target", *NOT_LEARNING,
    ),
    "broadcast-loss": (*NOT_LEARNING, "wrong-first-loss", "output-loss-mismatch"),
    "summed-loss": ("learning-rate-too-high", "wrong-first-loss", *UNSTEADY, "dead-relu", "exploding-start"),
    "misread-axes": (
        "output-loss-mismatch", "mixed-batch", "ignores-input", "wrong-first-loss", *NOT_LEARNING, "stale-statistics",
    ),
    "mixed-batch": ("stale-statistics", "no-better-than-constant", "underfit"),
    "saturating-hidden": (
        "vanishing-gradient", "saturated-units", "saturated-start", "shrinking-start", "ignores-input",
        "uneven-updates", "unsuited-optimizer", "learning-rate-too-low", "stopped-too-early", *NOT_LEARNING,
    ),
    "symmetric-units": (
        "wrong-first-loss", "vanishing-gradient", "dead-start", "dead-relu", "ignores-input", "shrinking-start",
        "deaf-to-regularisation", "one-signed-gradient", "unused-parameters", "uneven-updates",
        "learning-rate-too-low", "unsuited-optimizer", "stopped-too-early", *NOT_LEARNING,
    ),
    "shrinking-start": (
        "vanishing-gradient", "ignores-input", "uneven-updates", "wrong-first-loss", "learning-rate-too-low",
        "stopped-too-early", "unsuited-optimizer", "stale-statistics", *NOT_LEARNING,
    ),
    "exploding-start": (
        "wrong-first-loss", "saturated-start", "saturated-units", "learning-rate-too-high", "unsuited-optimizer",
        *UNSTEADY, *UNWELL_INSIDE, *NOT_LEARNING,
    ),
    "saturated-start": (
        "saturated-units", "vanishing-gradient", "wrong-first-loss", "ignores-input", "uneven-updates",
        "learning-rate-too-low", "unsuited-optimizer", "stopped-too-early", *NOT_LEARNING,
    ),
    "dead-start": (
        "dead-relu", "ignores-input", "vanishing-gradient", "unused-parameters", "shrinking-start", "uneven-updates",
        "learning-rate-too-low", "unsuited-optimizer", "stopped-too-early", *NOT_LEARNING,
    ),
    "unused-parameters": ("uneven-updates", "vanishing-gradient", "underfit", "plateau", "cannot-overfit-tiny"),
    "too-small": ("underfit", "plateau", "cannot-overfit-tiny", "no-better-than-constant"),
    "misplaced-dropout": ("underfit", "oscillating-loss", "stale-statistics", "no-better-than-constant", "plateau"),
    "tiny-batch": ("stale-statistics", "oscillating-loss", "no-better-than-constant", "underfit", "loss-spike"),
    "wrong-gradient": ("wrong-sign", *NOT_LEARNING, *UNSTEADY),
    "wrong-sign": ("learning-rate-too-high", *UNSTEADY, *UNWELL_INSIDE, *NOT_LEARNING),
    "ignores-input": ("vanishing-gradient", "unused-parameters", *NOT_LEARNING),
    # the run
    "kept-gradient": ("learning-rate-too-high", *UNSTEADY, "dead-relu", "saturated-units", "underfit", "plateau"),
    "learning-rate-too-high": (
        *UNSTEADY, *UNWELL_INSIDE, *NOT_LEARNING, "stale-statistics", "unsuited-optimizer", "unsuited-batch-size",
    ),
    "learning-rate-too-low": (
        *NOT_LEARNING, "stopped-too-early", "unsuited-optimizer", "uneven-updates", "stale-statistics",
    ),
    "over-regularised": (*NOT_LEARNING, "vanishing-gradient", "dead-relu", "shrinking-start", "stopped-too-early"),
    "unsuited-batch-size": (
        "oscillating-loss", "stopped-too-early", "underfit", "loss-spike", "no-better-than-constant",
    ),
    "unsuited-optimizer": ("plateau", "underfit", "stopped-too-early", "flat-start", "no-better-than-constant"),
    "stopped-too-early": ("underfit", "no-better-than-constant"),
    "vanishing-gradient": ("uneven-updates", *NOT_LEARNING),
    "exploding-gradient": ("loss-spike", "oscillating-loss", "non-finite-loss", "uneven-updates"),
    "saturated-units": ("vanishing-gradient", *NOT_LEARNING),
    "dead-relu": ("vanishing-gradient", "plateau", "underfit", "no-better-than-constant", "ignores-input"),
    "stale-statistics": ("no-better-than-constant", "overfit"),
    "flat-start": ("no-better-than-constant", "underfit"),
    "oscillating-loss": ("stopped-too-early", "loss-spike", "underfit", "no-better-than-constant"),
    "non-finite-loss": ("no-better-than-constant",),
    "cannot-overfit-tiny": ("underfit", "no-better-than-constant", "plateau"),
    "plateau": ("no-better-than-constant", "underfit"),
    "underfit": ("no-better-than-constant",),
    # the search
    "linear-scale": ("mostly-diverged", "mostly-dead", "best-at-edge", "wasted-parameter"),
    "mostly-diverged": ("best-at-edge", "indistinct-winner", "wasted-parameter"),
    "mostly-dead": ("best-at-edge", "indistinct-winner", "wasted-parameter"),
    "indistinct-winner": ("tuned-on-validation",),
}  # fmt: skip
"""By slug of the cause."""


def explains(cause: str, effect: str) -> bool:
    """Whether this fault can bring about the other, by itself or through others."""
    if cause == effect:
        return False
    seen, ahead = {cause}, [cause]
    while ahead:
        for found in EXPLAINS.get(ahead.pop(), ()):
            if found == effect:
                return True
            if found not in seen:
                seen.add(found)
                ahead.append(found)
    return False
