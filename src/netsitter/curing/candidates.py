"""What to try, and in which order: the remedies of the roots, of their echoes, and what short trainings point to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from netsitter.diagnose.evidence import AS_IT_IS, reached
from netsitter.record.findings import Finding, Remedy, Safety, Surgery
from netsitter.record.start_facts import Attempt, StartFacts

Candidate = tuple[Finding, Remedy]

MOST = 3
"""Remedies of one batch."""

SAFETIES: tuple[Safety, ...] = ("safe", "changes-model", "advice")
"""From the mildest to the gravest."""

POINTS = 0.05
"""Share of what there is to gain, by which a short training must be better than the program to be worth trying."""


TUNED = (
    "learning-rate-too-low", "learning-rate-too-high", "unsuited-optimizer", "unsuited-batch-size", "stopped-too-early",
    "plateau", "oscillating-loss", "loss-spike", "flat-start", "vanishing-gradient", "exploding-gradient", "dead-relu",
    "saturated-units", "one-signed-gradient", "uneven-updates", "overfit", "underfit", "too-large",
    "no-better-than-constant", "cannot-overfit-tiny", "wrong-first-loss", "stale-statistics", "non-finite-loss",
)  # fmt: skip
"""Faults that are a matter of more or less, and mere symptoms. All others are wrong in themselves: what mends them is
kept where it does no harm, even while another fault hides what it brings."""

FOR_THE_USER = (
    "shuffled-labels", "non-finite-value", "label-out-of-range", "leaked-split", "conflicting-labels", "duplicate-rows",
    "identifier-feature", "shifted-split",
)  # fmt: skip
"""Faults of the data: told, and never covered up by what brings a better score all the same."""


def wrong_in_itself(finding: Finding) -> bool:
    """Whether the fault is to be mended whatever it costs the score today."""
    return finding.slug not in TUNED and finding.severity != "note"


def batches(findings: Sequence[Finding], start: StartFacts | None, own: bool) -> Iterator[list[Candidate]]:
    """Batches of candidates, the likeliest first; each is tried only where those before it brought nothing."""
    roots = [finding for finding in findings if finding.severity != "note" and finding.slug not in FOR_THE_USER]
    # A rate that is fitted to a faulty network would have to be fitted again.
    roots.sort(key=lambda root: not wrong_in_itself(root))
    firsts = [(root, tried[0]) for root in roots if (tried := in_order(root.remedies))]
    together = [(firsts[0][0], joined([remedy for _, remedy in firsts]))] if len(firsts) > 1 else []
    for number, root in enumerate(roots):
        found = [(root, remedy) for remedy in in_order(root.remedies)[:MOST]]
        found += together if number == 0 or not found else []
        together = [] if found else together
        if found:
            yield found
    echoes = [(echo, remedy) for root in roots for echo in root.echoes for remedy in in_order(echo.remedies)[:1]]
    if echoes:
        yield echoes[:MOST]
    if roots and (pointed := attempted(start, own)):
        yield [(roots[0], remedy) for remedy in pointed[:MOST]]


def in_order(remedies: Sequence[Remedy]) -> list[Remedy]:
    """Those that can be tried, safe ones first."""
    return sorted((r for r in remedies if r.can_be_tried), key=lambda remedy: SAFETIES.index(remedy.safety))


def joined(remedies: Sequence[Remedy]) -> Remedy:
    """All of them as one; of those that set the same field of the plan, the first."""
    changes: dict[str, Any] = {}
    fitting = []
    for remedy in remedies:
        if not changes.keys() & remedy.changes.keys():
            changes |= remedy.changes
            fitting.append(remedy)
    remedies = fitting
    surgery = tuple(dict.fromkeys(deed for remedy in remedies for deed in remedy.surgery))
    safety = max((remedy.safety for remedy in remedies), key=SAFETIES.index)
    return Remedy(" ".join(dict.fromkeys(remedy.says for remedy in remedies)), changes, safety, surgery)


def attempted(start: StartFacts | None, own: bool, names: tuple[str, ...] = ("",)) -> list[Remedy]:
    """What brought short trainings further than the program as it is, as remedies, the best first.

    names: how those begin that count.
    """
    if start is None or AS_IT_IS not in start.attempts:
        return []
    base = reached(start.attempts[AS_IT_IS])
    better = [a for a in start.attempts.values() if a.name.startswith(names) and reached(a) > base + POINTS]
    better.sort(key=reached, reverse=True)
    found = [remedy_from(attempt, own) for attempt in better]
    return list({remedy.says: remedy for remedy in found}.values())


def remedy_from(attempt: Attempt, own: bool) -> Remedy:
    """The remedy that a short training stands for."""
    changes = {name: value for name, value in attempt.changes.items() if name != "optim.warmup"}
    usual = attempt.name.startswith("everything usual")
    surgery: tuple[Surgery, ...] = ()
    if usual and "data.prepare" not in changes:
        changes["data.prepare"] = "standardise"
    if (attempt.name == "fresh" or usual) and own:
        surgery = (Surgery("initialise"),)
    if attempt.name == "no dropout" and own:
        surgery = (Surgery("dropout", to=0.0),)
    if attempt.name.startswith("lr x"):
        says = f"Take a learning rate of {changes['optim.lr']:.2g}."
    elif usual:
        says = f"Begin as is usual: fresh weights, standardised inputs, Adam at {changes['optim.lr']:g}."
    else:
        says = f"Do as a short training did that went further: {attempt.name}."
    return Remedy(says, changes, "changes-model" if surgery else "safe", surgery)
