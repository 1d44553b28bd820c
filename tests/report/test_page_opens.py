"""The report in a real browser: it opens from disk, asks nobody for anything, and takes no name for markup."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from netsitter.record.trace import Trace
from netsitter.report.page import page
from netsitter.testing.stories import HOSTILE, STORIES

pytestmark = pytest.mark.slow


@dataclass
class Opened:
    """A page in the browser, with all that went wrong on it."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def opened(browser, tmp_path):
    """Opens the report of a trace, and waits until its figures are drawn."""

    def open_(trace: Trace, *, width: int = 1440, scheme: str = "light") -> Opened:
        file = tmp_path / "report.html"
        file.write_text(page(trace, "runs/one"), encoding="utf-8")
        told = Opened(browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme))
        told.page.on("console", lambda said: told.complaints.append(said.text))
        told.page.on("pageerror", lambda error: told.complaints.append(str(error)))
        told.page.on("dialog", lambda dialog: told.complaints.append(dialog.message))
        told.page.on("request", lambda request: told.asked.append(request.url))
        told.page.goto(file.as_uri())
        told.page.wait_for_selector("html[data-drawn]", timeout=120_000)
        return told

    yield open_
    for context in browser.contexts:
        context.close()


def asked_outside(told: Opened) -> list[str]:
    return [url for url in told.asked if not url.startswith(("file:", "data:", "blob:"))]


@pytest.mark.parametrize("name", STORIES)
def test_every_story_opens_without_a_complaint_or_a_request(opened, name):
    told = opened(STORIES[name]())
    assert told.complaints == []
    assert asked_outside(told) == []
    plots = told.page.locator(".plot")
    assert told.page.locator(".plot .main-svg").count() >= plots.count()


def test_a_hostile_name_shows_as_text(opened):
    told = opened(STORIES["hostile names"]())
    assert told.complaints == []
    assert HOSTILE in told.page.inner_text("body")
    assert told.page.locator("img[src='x']").count() == 0
    shown = told.page.locator(".plot text", has_text="onerror").first.text_content()
    assert "<img" in shown, "in a figure too it is text"


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_wider_than_the_window(opened, width):
    told = opened(STORIES["not finite"](), width=width)
    assert told.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_figures_follow_the_colours_that_the_reader_prefers(opened):
    told = opened(STORIES["not finite"]())
    colour = "getComputedStyle(document.querySelector('.plot .xtick text')).fill"
    light = told.page.evaluate(colour)
    told.page.emulate_media(color_scheme="dark")
    for _ in range(200):  # the page's policy forbids what Playwright's own waiting is made of
        if told.page.evaluate(colour) != light:
            break
        told.page.wait_for_timeout(50)
    assert told.page.evaluate(colour) != light
    assert told.complaints == []


def test_it_prints_with_its_figures(opened, tmp_path):
    told = opened(STORIES["not finite"](), scheme="dark")
    printed = told.page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") + printed.count(b"/Type/Page\n") >= 3
    assert told.complaints == []


def test_without_scripts_the_words_are_all_there(browser, tmp_path):
    file = Path(tmp_path / "report.html")
    file.write_text(page(STORIES["not finite"](), "runs/one"), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    bare = context.new_page()
    bare.goto(file.as_uri())
    text = bare.inner_text("body")
    context.close()
    for words in ("What was done", "What to do next", "The figures need JavaScript"):
        assert words in text
