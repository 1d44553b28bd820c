"""The page of the figures that the report, a notebook and the board show, read from their own files."""

from __future__ import annotations

from pages.markdown import code, page, table

from netsitter.report.figures.registry import SECTIONS, figures


def report_figures_page() -> str:
    return page(
        "# Figures",
        "`run.figures.loss()` is a plotly figure; `netsitter report RUN` puts all of a run on one page. A figure is "
        "drawn where the run has told what it needs. How to add one stands in CONTRIBUTING.md.",
        *(block for name, heading in SECTIONS.items() for block in (f"## {heading}", _table(name))),
    )


def _table(section: str) -> str:
    rows = [(code(entry.slug.replace("-", "_")), entry.title, entry.look_for) for entry in figures(section)]
    return table(("Name", "Shows", "What to look for"), rows)
