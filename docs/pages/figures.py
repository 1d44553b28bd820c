"""A figure for each rule: a sick case of its own beside a well one."""

from __future__ import annotations

from typing import Any

from pages import drawn_data, drawn_run, drawn_search, drawn_start
from pages.differences import differing
from pages.drawing import drawn, told
from pages.marks import Drawn
from pages.picture import Picture, Side

from netsitter.diagnose.rule import Rule
from netsitter.record.facts import DataFacts
from netsitter.record.search_facts import SearchFacts
from netsitter.record.start_facts import StartFacts
from netsitter.record.trace import Trace

TABLES: tuple[tuple[type, dict[str, Drawn]], ...] = (
    (DataFacts, drawn_data.DRAWN),
    (StartFacts, drawn_start.DRAWN),
    (Trace, drawn_run.DRAWN),
    (SearchFacts, drawn_search.DRAWN),
)
"""What to draw, by the rule's slug, from its cases of one kind of record."""

DRAWN = {slug: (kind, table) for kind, tables in TABLES for slug, table in tables.items()}
"""The same in one table; of a rule that is not in it, what its cases differ in is drawn."""


def rule_figure(rule: Rule[Any]) -> str:
    """The figure as the text of an SVG file; the same for the same cases, to the byte."""
    return drawn(picture_of(rule))


def figure_of(rule: Rule[Any]) -> str:
    """The name of its file, beside the page."""
    return f"{rule.code}-{rule.slug}.svg"


def alt_text(rule: Rule[Any]) -> str:
    """The figure in a sentence, as it may stand in square brackets."""
    return told(picture_of(rule)).replace("[", "(").replace("]", ")")


def picture_of(rule: Rule[Any]) -> Picture:
    """What its figure shows."""
    title = f"{rule.code} {rule.slug}"
    if rule.slug not in DRAWN:
        return differing(rule, title)
    kind, table = DRAWN[rule.slug]
    sick, well = ([case for case in cases if isinstance(case.record, kind)] for cases in (rule.sick, rule.well))
    sides = [
        Side(case.about, table.read(rule, case), table.limit_of(rule, case.record))
        for case in (sick[table.sick], well[table.well])
    ]
    return Picture(
        title, table.values, sides[0], sides[1], across=table.across, log=table.log, limit_says=table.limit_says
    )
