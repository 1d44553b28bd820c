"""What the page shows of a run or a search, as plain values. Nothing in them is markup: the page sets them as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from netsitter.board.digest import State
from netsitter.errors import printable
from netsitter.record.cures import Tried, cure_of
from netsitter.record.events import Cured, Known, SearchBegan, Searched, StageBegan
from netsitter.record.findings import Finding
from netsitter.record.search_facts import search_of
from netsitter.record.trace import Trace
from netsitter.report.cure_text import story
from netsitter.report.figures.registry import SECTIONS, figures
from netsitter.report.glance import glances
from netsitter.report.next_steps import next_steps
from netsitter.report.text import MARKS, remedy_text, started_lines

BEST_TRIALS = 20
"""Trials of a search that are shown as a table."""

MOST_FINDINGS = 60

AWAITED = ("learning", "layers")
"""Sections whose figures a run that trains has sooner or later."""


def run_view(trace: Trace, state: State, folder: Path) -> dict[str, Any]:
    """All of a run that is no figure."""
    cure = cure_of(cured.facts) if (cured := trace.last(Cured)) is not None else None
    tried = [one for each in cure.rounds for one in each.tried] if cure else []
    return {
        "answers": _answers(trace),
        "steps": _steps(trace, state, folder),
        "lines": started_lines(trace.started) if trace.started and trace.started.data and trace.started.net else [],
        "findings": [_card(finding, tried) for finding in trace.findings[:MOST_FINDINGS]],
        "cure": None if cure is None else {"story": story(cure)},
        "checks": [[MARKS[check.verdict], check.check, printable(check.says)] for check in trace.checks],
        "choices": [[choice.path, _text(choice.value), printable(choice.reason)] for choice in trace.choices],
        "unchecked": _unchecked(trace),
        "sections": sections(trace, AWAITED if state is State.RUNNING and trace.names() else ()),
    }


def search_view(trace: Trace, state: State, folder: Path) -> dict[str, Any]:
    """All of a search that is no figure: its stages, what is wrong with it, and its best trials."""
    search = search_of(trace.events)
    began = search.began if search else SearchBegan(0, 0, "", {})
    trials = search.trials if search else ()
    scored = [told for told in trials if told.score is not None and isfinite(told.score)]
    # Only trials of one length can be compared; the longest come first.
    best = sorted(scored, key=lambda told: (-len(told.curve), -search.worth(told) if search else 0.0, told.number))
    return {
        "answers": _answers(trace),
        "steps": _steps(trace, state, folder),
        "findings": [_card(finding, []) for finding in trace.findings[:MOST_FINDINGS]],
        "names": list(began.space),
        "sampler": began.sampler,
        "of": began.trials,
        "stages": [_stage(stage) for stage in (search.stages if search else ())],
        "best": [_trial(told, list(began.space)) for told in best[:BEST_TRIALS]],
        "sections": sections(trace, ("search",) if state is State.RUNNING else ()),
    }


def _stage(stage: StageBegan) -> dict[str, Any]:
    told = {name: getattr(stage, name) for name in ("stage", "epochs", "trials", "says")}
    return {**told, "space": dict(stage.space)}


def _trial(told: Searched, names: list[str]) -> dict[str, Any]:
    values = [_text(told.values.get(name, "")) for name in names]
    return {
        "number": told.number + 1, "score": told.score, "epochs": len(told.curve), "values": values, "how": told.how
    }  # fmt: skip


def _answers(trace: Trace) -> list[dict[str, str]]:
    return [{name: printable(told) for name, told in asdict(answer).items()} for answer in glances(trace)]


def _steps(trace: Trace, state: State, folder: Path) -> list[list[str]]:
    """What to do next. While it trains nothing is there to be typed."""
    steps = [] if state is State.RUNNING else next_steps(trace, str(folder))
    return [[printable(step.says), printable(step.command)] for step in steps]


def sections(trace: Trace, awaited: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The figures that there is something to draw for, by section, in the order of a page.

    awaited: sections that are shown whole, since the rest of them will come: nothing has to move then.
    """
    found = []
    for name, heading in SECTIONS.items():
        entries = [
            {"slug": entry.slug, "title": entry.title, "look_for": entry.look_for}
            for entry in figures(name)
            if name in awaited or entry.has(trace)
        ]
        if entries:
            found.append({"name": name, "heading": heading, "figures": entries})
    return found


def _card(finding: Finding, tried: list[Tried]) -> dict[str, Any]:
    """A finding, with what its remedies brought where a cure has tried them."""
    mine = [one for one in tried if one.finding == (finding.code, finding.slug)]
    return {
        "code": finding.code,
        "slug": finding.slug,
        "severity": finding.severity,
        "where": printable(finding.where),
        "seen": printable(finding.seen),
        "step": finding.step,
        "places": [printable(place) for place in finding.places],
        "remedies": [printable(remedy_text(remedy)) for remedy in finding.remedies],
        "tried": [_measured(one) for one in mine],
        "echoes": [[echo.code, echo.slug, printable(echo.where), printable(echo.seen)] for echo in finding.echoes],
    }


def _measured(one: Tried) -> dict[str, Any]:
    effect = one.effect
    told = "" if effect is None else f"{effect.mean:+.3g} ± {effect.spread:.2g} on validation, over seeds"
    return {"says": one.remedy.says, "verdict": one.verdict, "effect": told or one.why, "changed": list(one.changed)}


def _unchecked(trace: Trace) -> list[list[str]]:
    """What was not looked at, and why."""
    start = next((event.facts for event in reversed(trace.of(Known)) if event.about == "start"), {})
    data = (start.get("data") or {}).get("not_checked", ())
    pairs = [("data", why) for why in data] + list(start.get("not_checked", ()))
    return [[printable(str(what)), printable(str(why))] for what, why in pairs]


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ",".join(map(_text, value))
    return f"{value:.4g}" if isinstance(value, float) else printable(str(value))
