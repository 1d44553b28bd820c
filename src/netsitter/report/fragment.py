"""What a notebook shows of a run, a check, a cure or a search: the answers and the findings, in words."""

from __future__ import annotations

from html import escape

from netsitter.errors import printable
from netsitter.record.events import Verdict
from netsitter.record.findings import Finding
from netsitter.record.trace import Trace
from netsitter.report.cure_text import story
from netsitter.report.glance import Answer
from netsitter.report.story import story_of
from netsitter.report.text import MARKS, remedy_text

COLOURS = {"well": "#0b7a5d", "sick": "#c8453a", "unclear": "#a87700", "error": "#c8453a", "warning": "#a87700"}
"""Readable on white and on near-black: a notebook has the one or the other."""


def fragment(trace: Trace, where: str = "") -> str:
    """A piece of HTML without scripts. Everything in it is escaped."""
    told = story_of(trace, where)
    parts = [f"<h4 style='margin:0 0 6px'>{_safe(told.title)}: {_safe(told.state)}</h4>"]
    if trace.names() or trace.ended is not None or told.cure is None:
        boxes = "".join(map(_box, told.glances))
        parts.append(f"<div style='display:flex;flex-wrap:wrap;gap:8px'>{boxes}</div>")
    parts += [f"<p style='margin:6px 0'>{_safe(one.label)}: <b>{_safe(one.says)}</b></p>" for one in told.scores]
    parts += [_finding(one) for one in told.findings]
    parts += [f"<p style='margin:6px 0'>{_safe(line)}</p>" for line in (story(told.cure) if told.cure else [])]
    bad = [check for check in trace.checks if check.verdict not in (Verdict.PASSED, Verdict.SKIPPED)]
    parts += [f"<p>{MARKS[one.verdict]}: {_safe(one.check)}: {_safe(one.says)}</p>" for one in bad]
    return f"<div style='max-width:960px'>{''.join(parts)}</div>"


def _box(one: Answer) -> str:
    colour = COLOURS[one.mood]
    return (
        f"<div style='flex:1 1 180px;border:1px solid #8884;border-top:3px solid {colour};border-radius:6px;"
        f"padding:6px 10px'><small>{_safe(one.question)}</small><br><b style='color:{colour}'>{_safe(one.answer)}</b>"
        f"<br><small>{_safe(one.by)}</small></div>"
    )


def _finding(one: Finding) -> str:
    colour = COLOURS.get(one.severity, "#8a8f98")
    remedies = "".join(f"<br>Do: {_safe(remedy_text(remedy))}" for remedy in one.remedies)
    return (
        f"<p style='border-left:3px solid {colour};padding-left:10px;margin:8px 0'><b>{_safe(one.slug)}</b> "
        f"({_safe(one.where)}): {_safe(one.seen)}{remedies}</p>"
    )


def _safe(text: object) -> str:
    return escape(printable(str(text)))
