"""The record of a search, from its events."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases_search import hill, searched
from netsitter.record.events import Crowned, Searched, from_json, to_json
from netsitter.record.search_facts import search_of


def test_events_in_any_order_and_told_twice_give_the_record_they_came_from():
    facts = searched(hill(), trials=12, test=0.8)
    events = [facts.began, *facts.stages, *reversed(facts.trials), facts.trials[3], facts.crowned]
    assert search_of(events) == facts


def test_its_events_go_through_json_unchanged():
    facts = searched(hill(diverges=1e-2), trials=12, test=0.8)
    events = [from_json(to_json(event)) for event in (facts.began, *facts.stages, *facts.trials, facts.crowned)]
    again = search_of(events)
    assert isinstance(again.crowned, Crowned)
    assert again.trials == facts.trials
    assert again.stages[0].axes == {name: {**axis, "when": None} for name, axis in facts.stages[0].axes.items()}


def test_no_search_is_no_record():
    assert search_of([]) is None
    assert search_of(searched(hill()).trials) is None


def test_full_are_the_longest_finished_trials_by_what_the_search_ranks_by():
    def trial(number, score, loss, epochs=3, how="finished"):
        return Searched(number, "1", {}, score, loss, 2.3, (0.1,) * epochs, how, 0.0)

    trials = (
        trial(0, 0.5, 0.9), trial(1, 0.9, 2.0), trial(2, 0.95, 0.1, epochs=1), trial(3, 0.99, 0.1, how="behind"),
        trial(4, 0.9, 3.0),
    )  # fmt: skip
    facts = replace(searched(hill()), trials=trials)
    assert [one.number for one in facts.full] == [1, 4, 0]
    by_loss = replace(facts, began=replace(facts.began, metric="loss"))
    assert [one.number for one in by_loss.full] == [0, 1, 4]
