"""Events: what a run says while it goes on. Frozen, plain values; each goes to JSON and back unchanged.

The order in which a run tells them:

    Started
    Chosen ...            one for each thing that the data decided
    Known ...             facts of the start, and what is watched
    Found ...             what the rules of data and start saw
    Checked ...           the pre-flight checks, one each
    then, until the run ends:
        Measured ...      every few steps
        EpochEnded
        Saved             a checkpoint is on disk
        Resumed           first event after a restart: all that stands after its step is told again
        Found             a rule saw something
        TrialEnded        one trial of the cohort is over
    Concluded             the findings of the whole run, roots first, echoes folded under them
    Ended
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, ClassVar

from netsitter.record.findings import Finding, finding_of

SCHEMA = 1

DEPTH = "signals through depth"
"""The check whose numbers hold a table of layers."""


class Outcome(StrEnum):
    """How a trial or a run ended. The value is what people read."""

    FINISHED = "finished"
    STOPPED_EARLY = "stopped early"
    USELESS = "stopped: going on is useless"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"


class Verdict(StrEnum):
    """What a check says."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Event:
    """The common ground of all events; never made itself."""

    kind: ClassVar[str] = ""


@dataclass(frozen=True)
class Started(Event):
    """A run begins. plans: one a trial, nothing left open. at: seconds since 1970."""

    kind: ClassVar[str] = "started"
    name: str
    plans: tuple[Mapping[str, Any], ...]
    data: Mapping[str, Any]
    net: Mapping[str, Any]
    machine: Mapping[str, Any]
    at: float
    schema: int = SCHEMA


@dataclass(frozen=True)
class Chosen(Event):
    """Something that the plan left open was decided."""

    kind: ClassVar[str] = "chosen"
    path: str
    value: Any
    reason: str


@dataclass(frozen=True)
class Checked(Event):
    """One check before training. numbers: what was measured, by name."""

    kind: ClassVar[str] = "checked"
    check: str
    verdict: Verdict
    says: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Known(Event):
    """Facts that rules read.

    about: "start" (a `StartFacts` as plain values); "watched": `layers` and `weights`, the names along the axes L
        and P of the series, with `kinds` of the layers; at the end "confusion", "worst" and "first weights" (see
        `train/hindsight.py`); "search", what a search began with; "cured run", the run that came of a cure.
    """

    kind: ClassVar[str] = "known"
    about: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Found(Event):
    """A rule saw a fault."""

    kind: ClassVar[str] = "found"
    finding: Finding


@dataclass(frozen=True)
class Measured(Event):
    """Series at the end of some steps. values: series name -> one row a step, of one number a trial."""

    kind: ClassVar[str] = "measured"
    epoch: int
    steps: tuple[int, ...]
    values: Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True)
class EpochEnded(Event):
    """An epoch is over. values: `epoch/...` series by name, one number a trial.

    epoch: counted from 1. step: steps done so far. best: per trial, whether this epoch is its best so far.
    seconds: since the run began, pauses not counted.
    """

    kind: ClassVar[str] = "epoch"
    epoch: int
    epochs: int
    step: int
    values: Mapping[str, tuple[float, ...]]
    best: tuple[bool, ...]
    seconds: float


@dataclass(frozen=True)
class Saved(Event):
    """A checkpoint is on disk and has been read back."""

    kind: ClassVar[str] = "saved"
    epoch: int
    step: int
    file: str


@dataclass(frozen=True)
class Resumed(Event):
    """A run goes on after `step` steps; later events that stand before this one did not happen.

    inexact: why it will not end with the same bits as the unbroken run; "" when it will.
    damaged: newer checkpoints that could not be used.
    """

    kind: ClassVar[str] = "resumed"
    epoch: int
    step: int
    at: float
    inexact: str = ""
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrialEnded(Event):
    """One trial is over, alone or with its cohort. epoch: whole epochs done."""

    kind: ClassVar[str] = "trial-ended"
    trial: int
    epoch: int
    step: int
    outcome: Outcome
    says: str = ""


@dataclass(frozen=True)
class Concluded(Event):
    """What the doctor says of the whole run: findings in the order of their weight, each with its echoes."""

    kind: ClassVar[str] = "concluded"
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Ended(Event):
    """The run is over. scores: part -> measure -> one number a trial."""

    kind: ClassVar[str] = "ended"
    outcome: Outcome
    epoch: int
    step: int
    seconds: float
    says: str = ""
    scores: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)


@dataclass(frozen=True)
class SearchBegan(Event):
    """What a search was asked for. space: by name, each axis as plain values.

    rows: of the part that trials are scored on, 0 where that is not known. real: whether the score is R², and not a
    share right. guess: the score of the best constant answer, None where that is not known.
    folds: of each trial, None for one hold-out. metric: score or loss, on validation. budget_s: seconds in all.
    """

    kind: ClassVar[str] = "search"
    trials: int
    stages: int
    sampler: str
    space: Mapping[str, Mapping[str, Any]]
    rows: int = 0
    real: bool = False
    guess: float | None = None
    folds: int | None = None
    metric: str = "score"
    budget_s: float | None = None


@dataclass(frozen=True)
class StageBegan(Event):
    """A stage of a search. space: by dotted name, each axis in words. says: what was narrowed or moved, a line each.

    axes: the same space, each axis as plain values.
    first, trials: number of its first trial, and how many it has. epochs: of each trial, at most.
    at_s: seconds since the search began.
    """

    kind: ClassVar[str] = "stage"
    stage: str
    epochs: int
    first: int
    trials: int
    space: Mapping[str, str]
    says: tuple[str, ...] = ()
    axes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    at_s: float = 0.0


@dataclass(frozen=True)
class Searched(Event):
    """One trial of a search, over. values: by dotted name. score, loss: the best on validation, None where it diverged.

    first: its loss on the first batches. curve, losses: validation score and loss by epoch. how: finished; diverged;
    hopeless (its loss rose above 3 times its first); behind (others did better when it was compared with them).
    folds: with cross-validation the score on each fold; score, loss, first and curves are then their means.
    way: how its cohort ran, in words, and why so.
    """

    kind: ClassVar[str] = "searched"
    number: int
    stage: str
    values: Mapping[str, Any]
    score: float | None
    loss: float | None
    first: float
    curve: tuple[float, ...]
    how: str
    seconds: float
    losses: tuple[float, ...] = ()
    folds: tuple[float, ...] = ()
    way: str = ""


@dataclass(frozen=True)
class Crowned(Event):
    """The winner of a search, trained in full.

    scores: part -> measure -> number. rows: of each part. run: its folder, "" where nothing was kept.
    """

    kind: ClassVar[str] = "crowned"
    number: int
    scores: Mapping[str, Mapping[str, float]]
    rows: Mapping[str, int]
    run: str = ""


@dataclass(frozen=True)
class Cured(Event):
    """What a cure of the run came to. facts: a `CureFacts` as plain values."""

    kind: ClassVar[str] = "cured"
    facts: Mapping[str, Any]


KINDS: dict[str, type[Event]] = {event.kind: event for event in Event.__subclasses__()}


def to_json(event: Event) -> dict[str, Any]:
    """Plain JSON values; a number that is not finite becomes "NaN", "Infinity" or "-Infinity"."""
    values = {f.name: getattr(event, f.name) for f in fields(event)}
    if isinstance(event, Found):
        values["finding"] = event.finding.as_json()
    if isinstance(event, Concluded):
        values["findings"] = [finding.as_json() for finding in event.findings]
    return {"kind": event.kind, **_plain(values)}


def from_json(values: Mapping[str, Any]) -> Event:
    """The event that `to_json` gave these values for. Raises ValueError for what is no event."""
    try:
        kind = KINDS[values["kind"]]
        rest = {name: _back(value) for name, value in values.items() if name != "kind"}
        if kind is Found:
            rest["finding"] = finding_of(values["finding"])
        if kind is Concluded:
            rest["findings"] = tuple(map(finding_of, values["findings"]))
        if "outcome" in rest:
            rest["outcome"] = Outcome(rest["outcome"])
        if "verdict" in rest:
            rest["verdict"] = Verdict(rest["verdict"])
        return kind(**rest)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an event: {error}") from error


_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return next(word for word, number in _NOT_FINITE.items() if str(number) == str(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _back(value: Any) -> Any:
    if isinstance(value, str):
        return _NOT_FINITE.get(value, value)
    if isinstance(value, Mapping):
        return {key: _back(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_back(item) for item in value)
    return value
