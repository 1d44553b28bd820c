"""The report as one HTML file: opens without a network, prints, and says in words first what the figures then show."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from netsitter.errors import MissingExtra, printable
from netsitter.record.events import Known, Verdict
from netsitter.record.trace import Trace
from netsitter.report.cure_text import SAFE, story
from netsitter.report.figures.registry import SECTIONS, figures
from netsitter.report.story import story_of
from netsitter.report.text import MARKS, remedy_text
from netsitter.version import __version__

FOLDER = "netsitter.report.paper"
"""Where the template, the style and the script of the page lie."""


POLICY = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src"
"""Of the page: nothing is loaded, and no script runs but those whose hashes follow."""


def page(trace: Trace, where: str = "") -> str:
    """A whole HTML document. where: the folder of the run, as the user would type it.

    Everything that comes from data is escaped; the only scripts that run are ours and plotly's, by their hashes.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from netsitter.report.figures.look import template

    loader = PackageLoader("netsitter.report", "paper")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, finalize=_readable
    )
    told = story_of(trace, where)
    plotly, packed = _plotly()
    script = _part("page.js")
    drawn = drawings(trace)
    return environment.get_template("page.html").render(
        story=told,
        cure_lines=story(told.cure) if told.cure else [],
        safety=SAFE,
        remedy_text=remedy_text,
        sections=[
            (heading, [one for one in drawn if one["section"] == name])
            for name, heading in SECTIONS.items()
            if any(one["section"] == name for one in drawn)
        ],
        drawn={one["slug"]: one["figure"] for one in drawn if one["figure"] is not None},
        templates={"light": template(), "dark": template(dark=True)},
        checks=[(MARKS[check.verdict], check.verdict is Verdict.PASSED, check) for check in trace.checks],
        choices=trace.choices,
        not_checked=_not_checked(trace),
        plan=_flat(trace.started.plans[0] if trace.started else trace.known.get("search", {}).get("plan", {})),
        machine=trace.started.machine if trace.started else {},
        version=__version__,
        style=_part("page.css"),
        script=script,
        packed=packed,
        policy=f"{POLICY} {_hash(script)} {plotly}",
    )


def drawings(trace: Trace) -> list[dict[str, Any]]:
    """Every figure that there is something to draw for, as plain values; `why` where a library for it is missing."""
    found = []
    for section in SECTIONS:
        for entry in figures(section):
            if not entry.has(trace):
                continue
            about = {"section": section, "slug": entry.slug, "title": entry.title, "look_for": entry.look_for}
            try:
                found.append({**about, "figure": json.loads(entry.draw(trace).to_json()), "why": ""})
            except MissingExtra as missing:
                found.append({**about, "figure": None, "why": f"{missing.what}: {missing.fix}"})
    return found


@cache
def _plotly() -> tuple[str, str]:
    """Plotly's own script: its hash, and the script itself, zipped, as text: a third of its size."""
    from plotly.offline import get_plotlyjs

    source = get_plotlyjs()
    return _hash(source), base64.b64encode(gzip.compress(source.encode(), mtime=0)).decode()


def _readable(value: Any) -> Any:
    """Text with its control characters written out: none of them may turn a line round, or hide what stands there."""
    return printable(value) if type(value) is str else value


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _part(name: str) -> str:
    return files(FOLDER).joinpath(name).read_text(encoding="utf-8")


def _flat(values: Mapping[str, Any], path: str = "") -> list[tuple[str, str]]:
    """The fields of a plan that say something, by dotted names."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{path}{name}.")
        elif value not in (None, "", (), []):
            found.append((path + name, ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)))
    return found


def _not_checked(trace: Trace) -> list[tuple[str, str]]:
    """What could not be looked at before training, and why."""
    told = next((event.facts for event in reversed(trace.of(Known)) if event.about == "start"), {})
    data = [("data", str(why)) for why in (told.get("data") or {}).get("not_checked", ())]
    return data + [(str(what), str(why)) for what, why in told.get("not_checked", ())]
