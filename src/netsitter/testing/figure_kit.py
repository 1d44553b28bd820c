"""The kit that every figure passes: it draws whatever a run may hold, in plain JSON of bounded size."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from functools import cache
from typing import Any, NoReturn

from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.registry import figures
from netsitter.report.figures.thinned import MOST
from netsitter.testing.stories import STORIES

MOST_BYTES = 600_000
"""Of a figure as JSON, however long the run."""

LONGEST = 260
"""Characters of what to look for: two lines of a page, or three."""


class FigureKit(ABC):
    """Inherit it in a test class that pytest collects, and give the figure under test as a fixture called `entry`."""

    @abstractmethod
    def entry(self) -> Entry: ...

    def test_it_is_plain_json_of_bounded_size_whatever_the_run_holds(self, entry: Entry) -> None:
        for name in STORIES:
            written = entry.draw(told(name)).to_json()
            json.loads(written, parse_constant=_refused)
            assert len(written) < MOST_BYTES, f"{name}: {len(written):,} bytes"

    def test_without_anything_to_draw_it_is_a_figure_without_a_curve(self, entry: Entry) -> None:
        assert not entry.has(told("empty"))
        assert len(entry.draw(told("empty")).data) == 0

    def test_it_draws_something_where_it_says_that_there_is_something(self, entry: Entry) -> None:
        assert entry.has(told("not finite"))
        for name in STORIES:
            assert bool(_plain(entry, name)["data"]) or not entry.has(told(name)), name

    def test_no_line_has_more_points_than_a_screen_has_columns(self, entry: Entry) -> None:
        for trace in _plain(entry, "100,000 steps")["data"]:
            if trace["type"] == "scatter" and "lines" in trace.get("mode", ""):
                assert len(trace["x"]) <= 1.1 * MOST

    def test_a_step_without_a_number_is_a_gap(self, entry: Entry) -> None:
        drawn = _plain(entry, "not finite")["data"]
        lines = [t for t in drawn if t["type"] == "scatter" and "lines" in t.get("mode", "") and len(t["x"]) > 20]
        for line in lines:
            assert not line.get("connectgaps")
        if "loss" in entry.needs or entry.needs[0].startswith(("grad/", "update/")):
            assert any(None in line["y"] for line in lines)
            assert any(t.get("marker", {}).get("symbol") == "x" for t in drawn), "the gap is marked"

    def test_a_name_from_data_is_never_markup(self, entry: Entry) -> None:
        written = entry.draw(told("hostile names")).to_json()
        assert not re.search(r"<img|\\u003cimg|</script", written)

    def test_it_leaves_colours_of_the_paper_to_the_page(self, entry: Entry) -> None:
        layout = _plain(entry, "not finite")["layout"]
        assert not layout.get("template", {}).get("layout")
        assert not {"paper_bgcolor", "plot_bgcolor", "font"} & layout.keys()

    def test_the_same_trace_gives_the_same_figure(self, entry: Entry) -> None:
        assert _plain(entry, "not finite") == _plain(entry, "not finite")

    def test_it_says_what_it_shows_and_what_to_look_for(self, entry: Entry) -> None:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.slug)
        assert entry.title[0].isupper()
        assert not entry.title.endswith(".")
        assert entry.look_for.endswith(".")
        assert len(entry.look_for) <= LONGEST

    def test_no_other_figure_has_its_slug_or_its_place(self, entry: Entry) -> None:
        others = [other for other in figures() if other is not entry]
        assert entry.slug not in {other.slug for other in others}
        assert entry.place not in {other.place for other in others}


@cache
def told(name: str) -> Trace:
    """The story of this name, made once."""
    return STORIES[name]()


def _plain(entry: Entry, name: str) -> dict[str, Any]:
    drawn: dict[str, Any] = json.loads(entry.draw(told(name)).to_json())
    return drawn


def _refused(word: str) -> NoReturn:
    raise AssertionError(f"{word} is no JSON")
