"""Every figure there is, found by looking through this folder; and `Figures`, the figures of one trace."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from netsitter.errors import PlanError, closest, shown
from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry

if TYPE_CHECKING:
    import plotly.graph_objects as go

SECTIONS = {
    "cure": "The cure",
    "search": "The search",
    "learning": "Is it learning?",
    "layers": "Layer by layer",
    "errors": "What it gets wrong",
}
"""Folders of figures, in the order of a page, with their headings."""


@cache
def figures(section: str = "") -> tuple[Entry, ...]:
    """All figures in the order of their places; those of one section, where it is named."""
    found = [entry for name in ([section] if section else SECTIONS) for entry in _in_folder(name)]
    return tuple(sorted(found, key=lambda entry: entry.place))


def figure_of(slug: str) -> Entry:
    """The figure with this slug. Raises PlanError that names the nearest."""
    known = {entry.slug: entry for entry in figures()}
    name = slug.replace("_", "-")
    if name not in known:
        raise PlanError(
            f"there is no figure {shown(slug)}.{closest(name, known)}", code="P90", allowed=", ".join(known), state=""
        )
    return known[name]


class Figures:
    """The figures of a trace as plotly objects: `figures.loss()`, or all that there is something to draw for.

    >>> [entry.slug for entry in Figures(Trace())]
    []
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def __iter__(self) -> Iterator[Entry]:
        """The entries that there is something to draw for."""
        return (entry for entry in figures() if entry.has(self._trace))

    def __getattr__(self, slug: str) -> Any:
        if slug.startswith("_"):
            raise AttributeError(slug)
        try:
            entry = figure_of(slug)
        except PlanError as error:
            raise AttributeError(error.what) from None

        def drawn(*, dark: bool = False) -> go.Figure:
            from netsitter.report.figures.look import template

            return entry.draw(self._trace).update_layout(template=template(dark=dark), title=entry.title)

        drawn.__doc__ = f"{entry.title}. {entry.look_for}"
        return drawn

    def __dir__(self) -> list[str]:
        return [entry.slug.replace("-", "_") for entry in figures()]

    def __repr__(self) -> str:
        return f"<Figures: {', '.join(entry.slug.replace('-', '_') for entry in self) or 'nothing to draw yet'}>"


def _in_folder(section: str) -> list[Entry]:
    """The figures of one folder. Raises TypeError for a file that defines none of its name."""
    package = import_module(f"netsitter.report.figures.{section}")
    found = []
    for module in iter_modules(package.__path__, package.__name__ + "."):
        entry = getattr(import_module(module.name), "FIGURE", None)
        slug = module.name.rpartition(".")[2].replace("_", "-")
        if not isinstance(entry, Entry) or entry.slug != slug:
            raise TypeError(f"{module.name} must define FIGURE, an Entry with the slug {slug!r}")
        found.append(entry)
    return found
