"""What short trainings with one thing changed say for and against a finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from netsitter.record.findings import Finding
from netsitter.record.start_facts import Attempt, StartFacts

AS_IT_IS, REFERENCE = "as it is", "everything usual"

LOWER = ("lr x0.", "lr x1e-")
"""How the names of attempts with lower rates begin."""

CHANGE: dict[str, tuple[str, ...]] = {
    "uncentred-input": ("standardised input",),
    "uneven-scales": ("standardised input",),
    "twice-scaled-input": ("standardised input",),
    "unscaled-target": ("standardised target",),
    "shrinking-start": ("fresh",),
    "exploding-start": ("fresh",),
    "saturated-start": ("fresh", "standardised input"),
    "dead-start": ("fresh", "standardised input"),
    "symmetric-units": ("fresh",),
    "wrong-first-loss": ("fresh",),
    "one-signed-gradient": ("standardised input",),
    "flat-start": ("fresh",),
    "unsuited-optimizer": ("adam",),
    "over-regularised": ("no penalty",),
    "misplaced-dropout": ("no dropout",),
    "unsuited-batch-size": ("batch",),
    "summed-loss": LOWER,
    "learning-rate-too-low": ("lr x10", "lr x1e+"),
    "learning-rate-too-high": LOWER,
}
"""The attempts in which a fault is mended, by its slug."""

BY_EFFECT = (
    "uncentred-input", "uneven-scales", "twice-scaled-input", "unscaled-target", "shrinking-start", "exploding-start",
    "saturated-start", "wrong-first-loss", "summed-loss", "learning-rate-too-high",
    "unsuited-optimizer", "unsuited-batch-size", "over-regularised", "one-signed-gradient", "flat-start",
)  # fmt: skip
"""Faults that many well networks live with."""

MENDED = 0.05
"""Share of what there is to gain, by which an attempt must do better than the program to speak for a finding."""


MENDS = 0.7
"""Share of what there is to gain, from which a change has mended the program."""

OF_DATA = ("uncentred-input", "uneven-scales", "twice-scaled-input", "unscaled-target")
"""Faults that any other change only works around."""

TUNED = ("learning-rate-too-low", "learning-rate-too-high", "unsuited-optimizer", "unsuited-batch-size", "summed-loss")
"""Faults of a number that was chosen; a better one may also make up for another fault."""

OF_START = ("shrinking-start", "exploding-start", "saturated-start")
"""Faults of the start that fresh weights show, and that fresh weights alone may not mend."""

LEARNED = 0.1
"""Share of what there is to gain, from which a short training learned something."""

LASTING = ("learning-rate-too-high", "over-regularised")
"""Faults that more steps do not make up for."""

FAR_OFF = 0.4
"""Share of what there is to gain, by which a program is far behind the best attempt."""

HALF, NEARLY = 0.5, 0.8
"""Shares of what there is to gain, from which a program is on its way: with most of its steps before it, or anyhow."""


def weighed(finding: Finding, start: StartFacts | None) -> Finding:
    """The finding, heavier the more of what there is to gain its mending brought in a short training.

    Where mending brought nothing, and the fault is of those that only matter by what they do, it is a note.
    """
    gain = gain_of(finding.slug, start)
    if gain is None:
        return finding
    if gain <= MENDED and finding.slug in OF_START and not _learned(start):
        return replace(finding, weight=max(0.05, finding.weight - 0.25))
    if gain <= MENDED or (on_its_way(start) and not (finding.slug in LASTING and gain >= MENDS and _far(start))):
        severity = "note" if finding.slug in BY_EFFECT else finding.severity
        return replace(finding, severity=severity, weight=max(0.05, finding.weight - 0.25))
    grave = gain >= MENDS and finding.slug in OF_DATA and finding.severity != "note"
    severity = "error" if grave else finding.severity
    return replace(finding, severity=severity, weight=min(1.0, finding.weight + 0.5 * gain))


def _learned(start: StartFacts | None) -> bool:
    """Whether the program learned anything, as it is or with fresh weights: if not, something else is wrong too."""
    tried = [] if start is None else [a for name, a in start.attempts.items() if name in (AS_IT_IS, "fresh")]
    return any(reached(attempt) >= LEARNED for attempt in tried)


def _far(start: StartFacts | None) -> bool:
    """Whether the program, as it is, came nowhere near the best of all attempts."""
    if start is None or AS_IT_IS not in start.attempts:
        return False
    return max(map(reached, start.attempts.values())) - reached(start.attempts[AS_IT_IS]) >= FAR_OFF


def mends(slug: str, start: StartFacts | None) -> bool:
    """Whether mending this fault alone brought nearly all that there is to gain: then nothing else is wrong."""
    return slug not in TUNED and (gain_of(slug, start) or 0.0) >= MENDS


def on_its_way(start: StartFacts | None) -> bool:
    """Whether the program, as it is, had half of what there is to gain within a quarter of its steps, or nearly all."""
    base = start.attempts.get(AS_IT_IS) if start is not None else None
    steps = int(start.program.get("steps") or 0) if start is not None else 0
    if base is None:
        return False
    return reached(base) >= NEARLY or (reached(base) >= HALF and base.steps <= max(steps, 1) / 4)


def gain_of(slug: str, start: StartFacts | None) -> float | None:
    """How much of what there is to gain the mending of a fault brought, from -1 to 1; None where none was tried.

    What there is to gain: from the program as it is to the best of all attempts.
    """
    if start is None or slug not in CHANGE or AS_IT_IS not in start.attempts:
        return None
    tried = [a for name, a in start.attempts.items() if name.startswith(CHANGE[slug])]
    if not tried:
        return None
    base, best = start.attempts[AS_IT_IS], max(map(reached, start.attempts.values()))
    if CHANGE[slug] == LOWER and base.diverged and all(a.diverged for a in tried):
        return None  # none of them was low enough to tell
    if best - reached(base) < MENDED:
        return 0.0
    return max(-1.0, (max(map(reached, tried)) - reached(base)) / (best - reached(base)))


def reached(attempt: Attempt) -> float:
    """How far an attempt came: its fit, from -1 for one that diverged to 1 for a perfect one."""
    return -1.0 if attempt.diverged else max(-1.0, min(1.0, attempt.fit_end))


def best_of(start: StartFacts, which: Callable[[str], bool] = lambda name: True) -> Attempt | None:
    """The attempt that came furthest, of those with such a name."""
    return max((a for name, a in start.attempts.items() if which(name)), key=reached, default=None)
