"""What the pages are told: whole, plain, bounded, and of odd journals no worse than nothing."""

from __future__ import annotations

import json
import math
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from netsitter.board import server
from netsitter.board.compare import CURVES, differing_fields
from netsitter.board.library import MOST_OPEN, Library
from netsitter.board.plain import as_json
from netsitter.board.server import application
from netsitter.board.shelf import run_id
from netsitter.errors import PlanError, RunError
from netsitter.record.cures import CureFacts, Effect, Round, Tried
from netsitter.record.events import Cured, Outcome, to_json
from netsitter.record.findings import Remedy
from netsitter.record.journal import HEAD, MIDDLE
from netsitter.report.figures.registry import figures
from netsitter.testing.stories import story
from tests.board.folders import WHOLE, ended, found, measured, started, write

RUN = run_id("run")


def library(folder: Path, *events: object) -> Library:
    write(folder / "run", events or WHOLE)  # type: ignore[arg-type]
    made = Library(folder)
    made.news()
    return made


def test_a_run_is_told_in_the_words_of_the_report(tmp_path):
    told = library(tmp_path).run(RUN)
    assert told["answers"][0]["question"] == "Is it learning?"
    assert told["lines"][0].startswith("pets: rows of 4 numbers, 2 classes")
    assert any(command.startswith("netsitter ") for _, command in told["steps"])
    assert told["run"]["state"] == "finished"
    assert {"loss", "score"} <= {figure["slug"] for section in told["sections"] for figure in section["figures"]}


def test_figures_that_will_come_have_their_place_from_the_first_step_on(tmp_path):
    made = library(tmp_path, started(), measured(1, 2.0))
    ended_at_once = [figure["slug"] for section in made.run(RUN)["sections"] for figure in section["figures"]]
    made.shelf.runs[RUN].written = True
    told = made.run(RUN)["sections"]
    awaited = [entry.slug for name in ("learning", "layers") for entry in figures(name)]
    assert [figure["slug"] for section in told for figure in section["figures"]] == awaited
    assert set(ended_at_once) < set(awaited)
    for slug in awaited:
        json.loads(made.figure(RUN, slug))


def test_while_a_run_trains_nothing_is_there_to_be_typed(tmp_path):
    made = library(tmp_path, started(), measured(1, 2.0))
    assert made.run(RUN)["steps"], "it has crashed: how it goes on is told"
    made.shelf.runs[RUN].written = True
    assert made.run(RUN)["steps"] == []


def test_a_remedy_that_was_tried_is_told_with_what_it_brought(tmp_path):
    finding = found().finding
    effect = Effect((0.5, 0.6), (0.9, 0.8), 0.3, 0.1, 0.05, 0.01)
    helped = Tried((finding.code, finding.slug), finding.remedies[0], ("act relu -> leaky",), "helps", effect, 0.3)
    other = Tried(("XXX001", "another"), Remedy("Else."), (), "harms", effect, 0.3)
    facts = CureFacts("share right", (Round((finding,), (helped, other), 0),), (), (), "", {}, 1.0, 1.5, 2)
    told = library(tmp_path, *WHOLE[:-1], found(), ended(), Cured(facts.as_json())).run(RUN)
    (card,) = told["findings"]
    assert card["tried"] == [
        {
            "says": "Take Leaky ReLUs.",
            "verdict": "helps",
            "effect": "+0.3 ± 0.1 on validation, over seeds",
            "changed": ["act relu -> leaky"],
        }
    ]
    assert any("from 0.550 to 0.850" in line for line in told["cure"]["story"])


def test_what_is_new_in_a_journal_is_in_the_next_answer(tmp_path):
    made = library(tmp_path, started(), measured(1, 2.0))
    before = json.loads(made.figure(RUN, "loss"))["data"][0]
    assert made.figure(RUN, "loss") is made.figure(RUN, "loss"), "what did not change is not drawn anew"
    write(tmp_path / "run", [measured(2, 1.0)])
    assert (before["x"], json.loads(made.figure(RUN, "loss"))["data"][0]["x"]) == ([1], [1, 2])


def test_each_figure_of_a_long_run_has_a_bounded_answer(tmp_path):
    made = library(tmp_path, *story(steps=30_000, readings=300, trials=50))
    for entry in figures():
        answer = made.figure(RUN, entry.slug)
        json.loads(answer, parse_constant=_no_constant)
        assert len(answer) < 600_000


def _no_constant(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def test_runs_are_compared_by_the_fields_in_which_they_differ(tmp_path):
    write(tmp_path / "one", [started(lr=0.1), *WHOLE[1:]])
    write(tmp_path / "two", [started(lr=0.5), *WHOLE[1:]])
    made = Library(tmp_path)
    made.news()
    ids = [run_id("one"), run_id("two")]
    assert made.comparison(ids)["fields"] == [("optim.lr", ["0.1", "0.5"])]
    for slug in CURVES:
        drawn = json.loads(made.compared(ids, slug))["data"]
        assert [line["name"] for line in drawn] == ["one", "two"]
    with pytest.raises(PlanError, match="not compared"):
        made.compared(ids, "weights")


def test_fields_that_one_run_lacks_differ_too():
    assert differing_fields([{"a": {"b": (1, 2)}, "c": 1.0}, {"c": 1}]) == [("a.b", ["1,2", "–"])]
    assert differing_fields([]) == []


def test_no_more_runs_are_held_than_a_dozen(tmp_path):
    for number in range(MOST_OPEN + 5):
        write(tmp_path / f"run{number}")
    made = Library(tmp_path)
    while made.news()["unread"]:
        pass
    for number in range(MOST_OPEN + 5):
        made.run(run_id(f"run{number}"))
    assert len(made._open) == MOST_OPEN
    assert made.run(run_id("run0"))["run"]["name"] == "run0", "what was let go is read again"


def test_a_run_that_is_not_listed_is_not_there(tmp_path):
    made = library(tmp_path)
    for asked in ("run", "../run", "", "0" * 16):
        with pytest.raises(RunError, match="no such run"):
            made.run(asked)


LINES = [to_json(event) for event in (*WHOLE[:-1], found(), ended(Outcome.DIVERGED))]

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.integers(0, len(LINES) - 1), st.data())
def test_an_odd_journal_silences_nothing_but_itself(place, data):
    events = [dict(line) for line in LINES]
    field = data.draw(st.sampled_from([name for name in events[place] if name != "kind"]))
    events[place][field] = data.draw(JUNK)
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "well")
        (folder / "run").mkdir()
        (folder / "run" / "journal.jsonl").write_bytes(b"".join(map(_line, events)))
        with TestClient(application(folder), raise_server_exceptions=True) as client:
            listed = client.get("/api/runs").json()["runs"]
            assert "well" in {run["name"] for run in listed}
            for path in ("", "/figures/loss", "/figures/score"):
                answer = client.get(f"/api/runs/{RUN}{path}")
                assert answer.status_code in (200, 500)
                answer.json()


def _line(event: dict[str, object]) -> bytes:
    body = json.dumps(event).encode()
    return HEAD + b"%08x" % zlib.crc32(body) + MIDDLE + body + b"}\n"


def test_no_more_pages_are_told_news_than_there_is_room_for(tmp_path, monkeypatch):
    monkeypatch.setattr(server, "MOST_PAGES", 0)
    with TestClient(application(tmp_path)) as client:
        answer = client.get("/api/news")
    assert answer.status_code == 503
    assert "close one" in answer.text


def test_what_is_no_number_is_null():
    assert json.loads(as_json({"a": [math.nan, -math.inf, (1.5, None)], "b": {"c": math.inf}})) == {
        "a": [None, None, [1.5, None]],
        "b": {"c": None},
    }
