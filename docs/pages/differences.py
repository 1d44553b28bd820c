"""What to draw of a rule that no table knows: what its sick and its well case differ in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass
from math import isfinite
from typing import Any

from pages.marks import lines_of, network
from pages.picture import Bar, Line, Picture, Side
from pages.svg import number

from netsitter.diagnose.rule import Case, Rule
from netsitter.record.events import Known
from netsitter.record.trace import Trace

MOST = 4
"""Bars of one case, and lines of one panel."""

PAIRS = (("epoch/train_loss", "epoch/val_loss"), ("epoch/train", "epoch/val"))
"""Series that are drawn together."""

BESIDE = ("attempts.", "data.", "example", "program.", "start.", "watched.")
"""How the paths of numbers begin that differ between many cases, and seldom are what a rule is about."""


def differing(rule: Rule[Any], title: str) -> Picture:
    """The figure of the first sick and well case of one kind that differ: curves, boxes, numbers, or the findings."""
    sick = rule.sick[0]
    for well in rule.well:
        if type(well.record) is type(sick.record):
            drawn = _curves if isinstance(sick.record, Trace) else _network
            found = drawn(rule, title, sick, well) or _numbers(rule, title, sick, well)
            if found is not None:
                return found
    return _findings(rule, title)


def _curves(rule: Rule[Any], title: str, sick: Case, well: Case) -> Picture | None:
    """The series of a run that differ: those that are watched for it before the losses and scores of any run."""
    names = [name for name in sick.record.names() if _apart(sick.record, well.record, name)]
    names.sort(key=lambda name: (name == "loss", name.startswith("epoch/"), name))
    if not names:
        return None
    chosen = next((pair for pair in PAIRS if names[0] in pair), names[:1])
    both = [
        [line for name in chosen for line in lines_of(case.record, name, _said(name)) if _finite(line)][:MOST]
        for case in (sick, well)
    ]
    if not all(both) or both[0] == both[1]:
        return None
    sides = [Side(case.about, tuple(lines)) for case, lines in zip((sick, well), both, strict=True)]
    across = "step" if names[0] == "loss" else "reading"
    return Picture(title, ", ".join(map(_said, chosen)), sides[0], sides[1], across=across)


def _apart(sick: Trace, well: Trace, name: str) -> bool:
    ours, theirs = sick.curve(name).values, well.curve(name).values
    return bool(len(ours) and len(theirs)) and ours.tolist() != theirs.tolist()


def _finite(line: Line) -> bool:
    return all(isfinite(y) for _, y in line.points)


def _network(rule: Rule[Any], title: str, sick: Case, well: Case) -> Picture | None:
    ours, theirs = (getattr(case.record, "graph", None) for case in (sick, well))
    if ours is None or theirs is None or ours == theirs or not ours.operations or not theirs.operations:
        return None
    sides = [Side(case.about, network(rule, case)) for case in (sick, well)]
    return Picture(title, "The network; filled: where the finding is", sides[0], sides[1]) if _differ(*sides) else None


def _numbers(rule: Rule[Any], title: str, sick: Case, well: Case) -> Picture | None:
    """The numbers that differ, those first that the message names."""
    ours, theirs = numbers_in(sick.record), numbers_in(well.record)
    apart = [name for name in ours if name in theirs and ours[name] != theirs[name]]
    said = " ".join(finding.seen for finding in rule.check(sick.record, sick.plan))
    told = set(re.findall(r"-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?%?", re.sub(r"limits? [^;)]*", "", said)))

    def names(name: str) -> bool:
        return not told.isdisjoint((number(ours[name]), f"{ours[name]:.0%}"))

    apart.sort(key=lambda name: (name.startswith(BESIDE), not names(name), name.count("."), name))
    if not apart:
        return None
    shown = apart[:1] if names(apart[0]) else apart[:MOST]
    # No limit: which number a rule that nobody described compares with it cannot be known.
    sides = [
        Side(case.about, tuple(Bar(_said(name), values[name]) for name in shown))
        for case, values in ((sick, ours), (well, theirs))
    ]
    return Picture(title, "What the two cases differ in", sides[0], sides[1])


def numbers_in(record: Any) -> dict[str, float]:
    """Every finite number of a record, by its path."""
    if isinstance(record, Trace):
        known = {event.about: event.facts for event in record.of(Known)}
        return dict(_flat({"net": record.started.net if record.started else {}, **known}, ""))
    return dict(_flat(asdict(record) if is_dataclass(record) and not isinstance(record, type) else record, ""))


def _flat(value: Any, path: str) -> Iterable[tuple[str, float]]:
    if isinstance(value, bool | int | float):
        if isfinite(value):
            yield path, float(value)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        yield f"{path}.count", float(len(value))
        for place, inner in enumerate(value):
            yield from _flat(inner, f"{path}.{place}")


def _findings(rule: Rule[Any], title: str) -> Picture:
    """How many findings there are: what is left where nothing else can be drawn."""
    sides = [
        Side(case.about, (Bar("findings", float(len(rule.check(case.record, case.plan)))),))
        for case in (rule.sick[0], rule.well[0])
    ]
    return Picture(title, "Findings of this rule", sides[0], sides[1], across="findings")


def _differ(sick: Side, well: Side) -> bool:
    return sick.marks != well.marks


def _said(name: str) -> str:
    """A path or a series as words."""
    words = name.removeprefix("epoch/").replace("/", " ").replace("_", " ").split(".")
    return " ".join(words[-3:])
