"""The page in a real browser: what trains appears by itself, names stay names, keys reach everything."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from netsitter.board.shelf import run_id
from netsitter.record.events import Ended, Outcome
from netsitter.record.journal import Journal
from netsitter.testing.stories import HOSTILE, story
from tests.board.folders import WHOLE, ended, epoch, found, measured, started, write
from tests.board.serving import WAIT_MS, served
from tests.cli.command import archive
from tests.cli.command import started as command

pytestmark = pytest.mark.slow


@contextmanager
def page(browser, address: str, *, wide: int = 1440, theme: str = "light"):
    """A page that has neither said anything on its console nor asked anybody else, when the test is over."""
    context = browser.new_context(viewport={"width": wide, "height": 900}, color_scheme=theme)
    context.set_default_timeout(WAIT_MS)
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_selector("h1, h2")
    yield page
    assert said == []
    ours = urlsplit(address).netloc
    assert {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))} == {ours}
    assert page.evaluate("window.hit === undefined")
    context.close()


POINTS = """title => {
    const figure = [...document.querySelectorAll("figure")].find((each) => each.innerText.startsWith(title));
    if (figure?.getBoundingClientRect().top > innerHeight) figure.scrollIntoView();
    return (figure?.querySelector(".plot").data ?? []).reduce((sum, each) => sum + (each.x?.length ?? 0), 0);
}"""
"""How many points the figure of a title has by now; it is brought into sight, since figures out of it are not drawn."""


def look_at_figures(page) -> None:
    """Brings the first figure into sight."""
    page.locator("figure").first.scroll_into_view_if_needed()


def until(page, condition: str, argument=None) -> None:
    page.wait_for_function(condition, arg=argument, timeout=WAIT_MS)


def test_a_run_that_really_trains_appears_and_is_followed_to_its_end(browser, tmp_path):
    runs = tmp_path / "runs"
    runs.mkdir()
    with served(runs) as board, page(browser, board.address) as seen:
        seen.get_by_role("heading", name="No run yet").wait_for()
        assert "netsitter fit digits" in seen.inner_text("pre")
        data = archive(tmp_path / "table.npz", rows=4_000)
        plan = ("--net", "mlp:16", "--epochs", "8", "--batch", "8", "--set", "loop.preflight=false", "--name", "mine")
        run = command("fit", data, *plan, "--runs", runs)
        try:
            link = seen.get_by_role("link", name=re.compile("mine"))
            link.wait_for()
            link.click()
            seen.wait_for_selector(".state.running, .state.finished")
            look_at_figures(seen)
            until(seen, "() => document.querySelector('figure .plot')?.data?.[0]?.x?.length > 0")
        finally:
            out, err = run.communicate(timeout=120)
        assert run.returncode == 0, out + err
        seen.wait_for_selector(".state.finished")
        assert "8 / 8 epochs" in seen.inner_text(".stands")
        assert "Yes" in seen.inner_text(".answers")
        assert "netsitter predict" in seen.inner_text(".next")


def test_events_are_on_the_page_as_they_are_written(browser, tmp_path):
    folder = write(tmp_path / "run", [started(), measured(1, 2.0)])
    with (
        served(tmp_path) as board,
        Journal(folder / "journal.jsonl") as journal,
        page(browser, f"{board.address}#/run/{run_id('run')}") as seen,
    ):
        seen.wait_for_selector(".state.running")
        look_at_figures(seen)
        until(seen, "() => document.querySelector('figure .plot')?.data?.[0]?.x?.length === 1")
        journal.take(measured(2, 1.5))
        until(seen, "() => document.querySelector('figure .plot').data[0].x.length === 2")
        assert "loss 1.5 at step 2" in seen.inner_text(".stands")
        titles = seen.locator("figure h3").all_inner_texts()
        journal.take(epoch(1, 0.75))
        seen.get_by_text("1 / 3 epochs").wait_for()
        seen.get_by_role("heading", name="Score on both parts").scroll_into_view_if_needed()
        until(seen, f"title => ({POINTS})(title) > 0", "Score on both parts")
        assert seen.locator("figure h3").all_inner_texts() == titles, "no figure comes between others"
        assert titles[:2] == ["Loss", "Score on both parts"]
        look_at_figures(seen)
        journal.take(found("dead-relu", "error", "act1"))
        card = seen.get_by_role("region", name=re.compile("ACT001 dead-relu"))
        card.wait_for()
        for words in ("97% of its units give 0", "act1, step 2", "Take Leaky ReLUs. (net.act = leaky_relu)"):
            assert words in card.inner_text()
        assert "New finding: error ACT001 dead-relu, act1" in seen.inner_text("#said")
        journal.take(measured(3, float("nan")))
        until(seen, "() => document.querySelector('figure .plot').data.some(each => each.marker?.symbol === 'x')")
        journal.take(ended(Outcome.DIVERGED))
        seen.wait_for_selector(".state.diverged")
        assert "No, it diverged" in seen.inner_text(".answers")


def test_the_address_of_a_run_beside_leads_to_the_run_that_begins(browser, tmp_path):
    write(tmp_path / "old", [*WHOLE])
    os.utime(tmp_path / "old" / "journal.jsonl", (1e9, 1e9))
    with served(tmp_path) as board, page(browser, f"{board.address}#/newest") as seen:
        assert "Waiting for the run to begin" in seen.inner_text("main")
        write(tmp_path / "new", [started("new")])
        seen.get_by_role("heading", name="new").wait_for()
        assert "token" not in seen.url


def test_a_search_fills_its_figures_as_its_trials_come(browser, tmp_path):
    runs = tmp_path / "runs"
    runs.mkdir()
    with served(runs) as board, page(browser, board.address) as seen:
        data = archive(tmp_path / "table.npz", rows=400)
        asked = ("--net", "mlp:8", "--epochs", "3", "--trials", "12", "--set", "loop.preflight=false")
        run = command("search", data, *asked, "--runs", runs)
        link = seen.get_by_role("link", name=re.compile("search"))
        link.wait_for()
        link.click()
        try:
            title = "Score over each hyper-parameter"
            seen.get_by_role("heading", name=title).wait_for()
            out, err = run.communicate(timeout=120)
            assert run.returncode == 0, out + err
            seen.get_by_text("12 / 12 trials").wait_for()
            until(seen, f"title => ({POINTS})(title) === 24", title)  # 12 trials over two hyper-parameters
        finally:
            run.kill()
        text = seen.inner_text("main")
        for words in ("Stage 1", "Stage 2", "What was the best?", "netsitter"):
            assert words in text
        assert seen.locator(".table tbody tr").count() >= 5


def test_hostile_names_are_shown_as_they_are_written(browser, tmp_path):
    name = "<img src=x onerror=window.hit=1> {{7*7}} é\u202e"
    events = [*story(steps=12, readings=4, trials=1, name=HOSTILE)]
    events = [event for event in events if event.kind not in ("search", "stage", "searched")]
    write(tmp_path / name, [*events, found(where=HOSTILE)])
    write(tmp_path / "'; alert(1)", [started("<script>window.hit=1</script>", classes=(HOSTILE, "b"))])
    with served(tmp_path) as board, page(browser, board.address) as seen:
        shown = name.replace("\u202e", "\\u202e")
        seen.get_by_text(shown, exact=True).wait_for()
        seen.get_by_text(shown, exact=True).click()
        seen.get_by_role("heading", name=shown).wait_for()
        assert HOSTILE in seen.inner_text(".found")
        for figure in seen.locator("figure").all():
            figure.scroll_into_view_if_needed()
            until(seen, "figure => figure.querySelector('.plot').data", figure.element_handle())
        assert seen.evaluate("document.querySelectorAll('main img[src=x], main script').length") == 0
        seen.goto(f"{board.address}#/compare/{run_id(name)},{run_id(chr(39) + '; alert(1)')}")
        seen.get_by_text(shown, exact=True).first.wait_for()


def test_runs_are_picked_and_compared_side_by_side(browser, tmp_path):
    for name, rate in (("one", 0.1), ("two", 0.5)):
        write(tmp_path / name, [started(name, lr=rate), *WHOLE[1:]])
    with served(tmp_path) as board, page(browser, board.address) as seen:
        seen.get_by_label("Pick one to compare").check()
        assert seen.locator("#compare").is_disabled()
        seen.get_by_label("Pick two to compare").check()
        seen.get_by_role("button", name="Compare 2 runs").click()
        seen.get_by_role("heading", name="2 runs side by side").wait_for()
        row = seen.get_by_role("row", name=re.compile("optim.lr"))
        row.wait_for()
        assert row.inner_text().split() == ["optim.lr", "0.1", "0.5"] or {"0.1", "0.5"} <= set(row.inner_text().split())
        assert "optim.kind" not in seen.inner_text("table"), "what is the same is not shown"
        look_at_figures(seen)
        until(seen, "() => document.querySelector('figure .plot')?.data?.length === 2")
        assert seen.evaluate("document.querySelector('figure .plot').data.map(each => each.name).sort()") == [
            "one",
            "two",
        ]


def test_every_key_that_the_page_tells_of_works(browser, tmp_path):
    for name in ("alpha", "beta", "gamma"):
        write(tmp_path / name, [started(name), found(), *WHOLE[1:]])
    with served(tmp_path) as board, page(browser, board.address) as seen:
        seen.get_by_role("link", name="alpha").wait_for()
        press = seen.keyboard.press
        focused = "document.activeElement.textContent"
        press("j")
        first = seen.evaluate(focused)
        press("j")
        second = seen.evaluate(focused)
        assert first != second
        press("x")
        press("k")
        assert seen.evaluate(focused) == first
        press("x")
        press("c")
        seen.get_by_role("heading", name="2 runs side by side").wait_for()
        press("l")
        seen.get_by_role("heading", name="Runs", exact=True).wait_for()
        press("/")
        seen.keyboard.type("gam")
        until(seen, "() => document.querySelectorAll('tbody tr').length === 1")
        press("Escape")
        press("j")
        press("Enter")
        seen.get_by_role("heading", name="gamma").wait_for()
        seen.wait_for_selector(".card")
        press("j")
        assert "dead" in seen.evaluate("document.activeElement.getAttribute('aria-label')")
        theme = "document.documentElement.dataset.theme"
        before = seen.evaluate(theme)
        press("t")
        assert seen.evaluate(theme) != before
        press("?")
        assert seen.locator("dialog").is_visible()
        press("Escape")
        assert not seen.locator("dialog").is_visible()


def test_the_tab_key_reaches_everything_that_can_be_used_and_shows_where_it_is(browser, tmp_path):
    write(tmp_path / "run", [*WHOLE[:-1], found(), ended()])
    with served(tmp_path) as board, page(browser, board.address) as seen:
        for address, ready in (("#/", "tbody a"), (f"#/run/{run_id('run')}", ".card")):
            seen.evaluate("address => { location.hash = address; }", address)
            seen.wait_for_selector(ready)
            usable = seen.evaluate(
                """[...document.querySelectorAll("a, button, input, summary, [tabindex='0']")]
                    .filter((each) => each.offsetParent).length"""
            )
            seen.evaluate("document.activeElement.blur()")
            reached, unseen = set(), []
            for _ in range(usable + 2):
                seen.keyboard.press("Tab")
                at = seen.evaluate(
                    """() => {
                        const each = document.activeElement, style = getComputedStyle(each);
                        each.dataset.reached ??= String(document.querySelectorAll("[data-reached]").length);
                        return [each.tagName, each.dataset.reached, style.outlineStyle !== "none"];
                    }"""
                )
                if at[0] != "BODY":
                    reached.add(at[1])
                    unseen += [] if at[2] else [at]
            assert len(reached) >= usable - 1
            assert unseen == []


@pytest.mark.parametrize("wide", [390, 1440])
def test_nothing_is_wider_than_the_page_and_nothing_jumps(browser, tmp_path, wide):
    write(tmp_path / ("long-name-" * 12), [*WHOLE[:-1], found(where="a.very.long." * 20), ended()])
    with served(tmp_path) as board, page(browser, board.address, wide=wide) as seen:
        for address, ready in (("#/", "tbody a"), (f"#/run/{run_id('long-name-' * 12)}", "figure .main-svg")):
            seen.evaluate("address => { location.hash = address; }", address)
            seen.wait_for_selector(ready.removesuffix(" .main-svg"))
            seen.locator(ready.split()[0]).first.scroll_into_view_if_needed()
            seen.wait_for_selector(ready)
            assert seen.evaluate("document.documentElement.scrollWidth <= innerWidth")
        seen.evaluate(
            """() => { window.moved = 0; new PerformanceObserver(list => list.getEntries().forEach(each => {
                if (!each.hadRecentInput) window.moved += each.value; })).observe({type: "layout-shift"}); }"""
        )
        write(tmp_path / ("long-name-" * 12), [measured(7, 0.5)])
        until(seen, "() => document.querySelector('figure .plot').data[0].x.length === 4")
        assert seen.evaluate("window.moved") < 0.02


def test_a_hundred_thousand_steps_are_drawn_with_their_spike(browser, tmp_path):
    events = [
        e
        for e in story(steps=100_000, readings=100, trials=1)
        if e.kind not in ("search", "stage", "searched", "cured")
    ]
    write(tmp_path / "run", [*events, Ended(Outcome.FINISHED, 1, 100_000, 1.0)])
    with served(tmp_path) as board, page(browser, f"{board.address}#/run/{run_id('run')}") as seen:
        look_at_figures(seen)
        until(seen, "() => document.querySelector('figure .plot')?.data?.[0]?.x?.length > 100")
        drawn = seen.evaluate("document.querySelector('figure .plot').data[0]")
        assert len(drawn["x"]) < 2_500
        assert drawn["y"][drawn["x"].index(12_346)] == 40.0


def test_a_board_that_ends_is_told_of_and_one_that_comes_back_is_taken_up(browser, tmp_path):
    write(tmp_path / "run")
    with served(tmp_path) as board:
        context = browser.new_context()
        seen = context.new_page()
        seen.goto(board.address)
        seen.get_by_text("live", exact=True).wait_for(timeout=WAIT_MS)
    seen.get_by_text("the board does not answer").wait_for(timeout=WAIT_MS)
    context.close()


def test_the_cookie_is_for_this_board_alone_and_no_script_can_read_it(browser, tmp_path):
    with served(tmp_path) as board, page(browser, board.address) as seen:
        (cookie,) = seen.context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (f"netsitter-{board.port}", True, "Strict")
        assert seen.evaluate("document.cookie") == ""
        assert "token" not in seen.evaluate("document.referrer + location.href + JSON.stringify(history.state)")


def test_a_page_of_another_site_gets_nothing(browser, tmp_path):
    write(tmp_path / "secret")
    with served(tmp_path) as board:
        context = browser.new_context()
        inside = context.new_page()
        inside.goto(board.address)
        inside.get_by_text("secret").wait_for(timeout=WAIT_MS)
        other = context.new_page()
        other.route(
            "http://evil.example/", lambda route: route.fulfill(body="<title>evil</title>", content_type="text/html")
        )
        other.goto("http://evil.example/")
        got = other.evaluate(
            """async address => {
                const told = [];
                const ways = [{}, {mode: "no-cors"}, {credentials: "include"}, {method: "POST", mode: "no-cors"}];
                for (const options of ways) {
                    try { const answer = await fetch(address, options); told.push(answer.type + await answer.text()); }
                    catch (error) { told.push("refused"); }
                }
                const frame = document.createElement("iframe");
                frame.src = address;
                const loaded = new Promise(done => { frame.onload = done; setTimeout(done, 2000); });
                document.body.append(frame);
                await loaded;
                return told.join();
            }""",
            f"http://127.0.0.1:{board.port}/api/runs",
        )
        assert "secret" not in got
        frames = [frame for frame in other.frames if frame.parent_frame]
        assert all("secret" not in frame.content() for frame in frames if not frame.url.startswith("chrome-error"))
        context.close()


def test_what_the_page_is_told_is_plain_json(browser, tmp_path):
    write(tmp_path / "run", [started(), measured(1, float("inf")), epoch(1, float("nan")), ended()])
    with served(tmp_path) as board, page(browser, board.address) as seen:
        for address in ("/api/runs", f"/api/runs/{run_id('run')}", f"/api/runs/{run_id('run')}/figures/loss"):
            json.loads(
                seen.evaluate("address => fetch(address).then(each => each.text())", address), parse_constant=_no
            )


def _no(word: str):
    raise AssertionError(word)
