"""The doctor: puts records before the rules, while a run goes on and at its end, and says what is the root."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from netsitter.diagnose.causes import explains
from netsitter.diagnose.evidence import TUNED, mends, weighed
from netsitter.diagnose.in_run import fits, healthy, noise_of_fit, share_done, trials
from netsitter.diagnose.registry import chosen
from netsitter.plan.plan import Plan
from netsitter.record.events import Concluded, Ended, EpochEnded, Event, Found, TrialEnded
from netsitter.record.facts import DataFacts
from netsitter.record.findings import SEVERITIES, Finding
from netsitter.record.rhythm import is_look
from netsitter.record.search_facts import SearchFacts
from netsitter.record.start_facts import StartFacts
from netsitter.record.trace import Trace

ALWAYS = (
    "non-finite-value", "label-out-of-range", "leaked-split", "identifier-feature", "shuffled-labels", "duplicate-rows",
    "output-loss-mismatch", "broadcast-loss", "misread-axes", "mixed-batch", "wrong-sign", "wrong-gradient",
    "kept-gradient", "unused-parameters", "overfit", "non-finite-loss", "imbalanced-classes", "shifted-split",
    "conflicting-labels", "stale-statistics", "linear-collapse", "tiny-batch",
)  # fmt: skip
"""Faults that are told in full even of a run that has reached its aim: they are wrong in themselves."""

FATAL = (
    "symmetric-units", "dead-start", "ignores-input", "dead-relu", "misread-axes", "wrong-sign", "broadcast-loss",
    "learning-rate-too-high", "learning-rate-too-low", "over-regularised", "shuffled-labels",
)  # fmt: skip
"""Faults, as errors, of which no more steps will cure a network that has learned nothing yet."""

REFUTED = ("shuffled-labels",)
"""Faults told before training of which a network that answers unseen rows better than guessing is the refutation."""

GIVE_UP = 0.2
"""Share of the steps after which a run may be given up."""

KINDS: dict[type, str] = {DataFacts: "data", StartFacts: "start", Trace: "run", SearchFacts: "search"}
"""What a rule calls the record that it reads."""


def examine(needs: str, record: Any, plan: Plan) -> list[Finding]:
    """The findings of all rules that read this kind of record, the gravest first, then by weight and code."""
    return in_order(finding for rule in chosen(needs, plan) for finding in rule.check(record, plan))


def examine_data(facts: DataFacts, plan: Plan) -> list[Finding]:
    """What is wrong with the data, as the plan prepares it. What could not be seen stands in `facts.not_checked`."""
    return examine("data", facts, plan)


def examine_start(facts: StartFacts, plan: Plan) -> list[Finding]:
    """What can be said before the first step: of the data and of the start, roots first, echoes folded under them."""
    return concluded(_of_start(facts, plan), facts)


def examine_search(facts: SearchFacts, plan: Plan) -> list[Finding]:
    """What can be said of a search that is over, roots first, echoes folded under them."""
    return concluded(examine("search", facts, plan), None)


def _of_start(facts: StartFacts, plan: Plan) -> list[Finding]:
    """What all rules find in these facts and in the data that stand with them."""
    data = examine("data", facts.data, plan) if facts.data is not None else []
    return [*data, *examine("start", facts, plan)]


def concluded(findings: Iterable[Finding], start: StartFacts | None) -> list[Finding]:
    """The findings as roots, each with its echoes, in the order of their weight.

    A finding is an echo of the heaviest other one that explains it and is no milder. Of two that explain each other the
    heavier is the root. Short trainings with one thing changed count for a finding, or against it.
    """
    rest = in_order(weighed(finding, start) for finding in _once(findings))
    roots: list[Finding] = []
    echoes: dict[int, list[Finding]] = {}
    for finding in rest:
        cause = next((i for i, root in enumerate(roots) if _is_echo(finding, root, start)), None)
        if cause is None:
            # What was taken for a root before may follow from this one.
            roots.append(finding)
            echoes[len(roots) - 1] = []
        else:
            echoes[cause].append(finding)
    return _folded(roots, echoes, start)


def _folded(roots: list[Finding], echoes: dict[int, list[Finding]], start: StartFacts | None) -> list[Finding]:
    """Roots that are mere symptoms of a later root go under it, with all that hangs on them."""
    final: dict[int, list[Finding]] = {}
    for i, root in enumerate(roots):
        under = next(
            (
                j
                for j, other in enumerate(roots)
                if j > i and _is_echo(root, other, start) and not _is_echo(other, root, start)
            ),
            None,
        )
        if under is None:
            final.setdefault(i, [])
            final[i] += echoes[i]
        else:
            echoes[under] = [root, *echoes[i], *echoes[under]]
    return in_order(replace(roots[i], echoes=tuple(found)) for i, found in final.items())


def _is_echo(finding: Finding, root: Finding, start: StartFacts | None) -> bool:
    if None not in (finding.trial, root.trial) and finding.trial != root.trial:
        return False
    if root.severity == "note" and finding.severity != "note":
        return False
    return explains(root.slug, finding.slug) or (finding.slug in TUNED and mends(root.slug, start))


def _answers_unseen(trace: Trace) -> bool:
    """Whether any trial has answered validation rows better than guessing, beyond three standard errors."""
    limit = 1.5 * noise_of_fit(trace, "val")
    return any((fits(trace, trial, "val") > limit).any() for trial in range(trials(trace)))


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each fault, place and trial: the gravest."""
    found: dict[tuple[str, str, int | None], Finding] = {}
    for finding in in_order(findings):
        found.setdefault((finding.slug, finding.where, finding.trial), finding)
    return list(found.values())


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The gravest first, then by weight, then by code."""
    return sorted(findings, key=lambda f: (-SEVERITIES.index(f.severity), -f.weight, f.code, f.where))


class Doctor:
    """Attends a run: events in, the same events out, with what the rules find on the way and conclude at the end.

    useless: why going on is useless, "" while it is not.
    """

    def __init__(self, plan: Plan, trace: Trace | None = None) -> None:
        self.plan, self.trace = plan, Trace() if trace is None else Trace(trace.events)
        self.useless = ""
        self._of_start: tuple[StartFacts, list[Finding]] | None = None
        self._told = {(f.slug, f.trial) for f in self.trace.findings}

    def attend(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events, with `Found` among them, and `Concluded` before `Ended`."""
        for event in events:
            if isinstance(event, Found):
                self._told.add((event.finding.slug, event.finding.trial))
            if isinstance(event, Ended):
                found = self.conclude(Trace([*self.trace.events, event]))
                yield from self._news(found, event.step)
                yield Concluded(tuple(found))
                yield event
                continue
            self.trace.take(event)
            yield event
            if isinstance(event, TrialEnded) or (isinstance(event, EpochEnded) and is_look(event.epoch, event.epochs)):
                found = self.conclude(self.trace)
                yield from self._news(found, event.step)
                self.useless = self._hopeless(found) if self.plan.rules.stop else ""

    def _hopeless(self, found: list[Finding]) -> str:
        """Why going on is useless: a fifth is over, nothing was learned, and the reason is known and fatal."""
        if share_done(self.trace) < GIVE_UP or trials(self.trace) > 1:
            return ""
        gained = fits(self.trace, 0)
        if not len(gained) or not gained.max() <= noise_of_fit(self.trace, "train"):
            return ""
        grave = [finding for finding in found if finding.severity == "error" and finding.slug in FATAL]
        return f"{grave[0].code} {grave[0].slug}: {grave[0].seen}" if grave else ""

    def conclude(self, trace: Trace) -> list[Finding]:
        """What the whole record says."""
        start = trace.start
        found = examine("run", trace, self.plan)
        if start is not None:
            if self._of_start is None or self._of_start[0] is not start:
                self._of_start = (start, _of_start(start, self.plan))
            found += (f for f in self._of_start[1] if f.slug not in REFUTED or not _answers_unseen(trace))
        else:
            found += [event.finding for event in trace.of(Found) if event.finding.step is None]
        return concluded((self._mild(finding, trace) for finding in found), start)

    def _mild(self, finding: Finding, trace: Trace) -> Finding:
        """A note where the run has reached its aim all the same, unless the fault is wrong in itself."""
        if finding.slug in ALWAYS or not healthy(trace, finding.trial or 0):
            return finding
        return replace(finding, severity="note")

    def _news(self, found: list[Finding], step: int) -> Iterator[Event]:
        """Of the roots that are found now, those that were not told before."""
        for finding in found:
            if (finding.slug, finding.trial) not in self._told and finding.severity != "note":
                self._told.add((finding.slug, finding.trial))
                told = replace(finding, step=finding.step if finding.step is not None else step)
                self.trace.take(Found(told))
                yield Found(told)
