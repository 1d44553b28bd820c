"""The page as text: what stands in it, and what a hostile name can do there, which is nothing."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser

import pytest

from netsitter.record.events import Checked, Known, Verdict
from netsitter.record.trace import Trace
from netsitter.report import page as module
from netsitter.report.figures.look import safe
from netsitter.report.page import page
from netsitter.testing.stories import HOSTILE, STORIES
from tests.report.told import started, whole_run

MOST_BYTES = 6_000_000


def data_of(text: str) -> dict:
    """The figures that a page carries."""
    return json.loads(re.search(r'id="drawn">(.*?)</script>', text, re.DOTALL).group(1))


@pytest.mark.parametrize("name", STORIES)
def test_it_is_one_document_of_bounded_size_with_three_scripts(name):
    text = page(STORIES[name](), "runs/one")
    assert text.count("</html>") == 1
    assert text.count("<script") == text.count("</script>") == 3
    assert len(text) < MOST_BYTES
    assert data_of(text)["templates"].keys() == {"light", "dark"}


class Attributes(HTMLParser):
    """Every attribute of every element of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found += attrs


def test_nothing_in_it_leads_outside_and_no_element_acts():
    found = Attributes(page(STORIES["hostile names"](), "runs/one")).found
    assert [value for name, value in found if name in ("src", "href", "action", "data")] == ["data:,"], "the icon"
    assert not [name for name, _ in found if name.startswith("on")]
    policy = next(value for name, value in found if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'sha256-")


def test_markup_in_any_name_is_text():
    text = page(STORIES["hostile names"](), HOSTILE)
    assert HOSTILE not in text
    assert "&lt;img src=x" in text
    assert "<img" not in json.dumps(data_of(text))


def test_characters_that_turn_a_line_round_are_written_out():
    text = page(Trace([started(name="gnp.\u202efdp", notes=("\x1b[2J",)), Checked("a\u202eb", Verdict.FAILED, "no")]))
    assert "\u202e" not in text
    assert "gnp.\\u202efdp" in text
    assert "a\\u202eb" in text


def test_a_name_of_a_million_letters_is_cut_in_figures():
    assert len(safe("x" * 1_000_000)) == 80


def test_choices_checks_and_what_was_not_checked_stand_in_the_details():
    facts = {"not_checked": (("wiring", "it cannot be traced"),), "data": {"not_checked": ("too large",)}}
    text = page(Trace([*whole_run(), Known("start", facts)]), "runs/one")
    for words in ("optim.lr", "the usual start", "tiny subset", "wiring: it cannot be traced", "data: too large"):
        assert words in text


def test_a_library_that_is_missing_is_named_in_the_place_of_its_figure(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    drawn = {one["slug"]: one for one in module.drawings(STORIES["not finite"]())}
    assert drawn["importance"]["figure"] is None
    assert "pip install 'netsitter[sklearn]'" in drawn["importance"]["why"]
    assert drawn["scatter"]["figure"] is not None


def test_the_same_journal_gives_the_same_page():
    assert page(STORIES["not finite"](), "runs/one") == page(STORIES["not finite"](), "runs/one")
