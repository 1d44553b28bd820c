"""The planner: what it picks, when it tries, what it remembers. No test waits for a clock: times are made up."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from netsitter.train.cohort import cohort_of
from netsitter.train.cohorts import planner
from netsitter.train.cohorts.cohort import Way
from netsitter.train.cohorts.made import Trials, can_lie_last, side_by_side_safe
from netsitter.train.cohorts.remembered import DAYS
from netsitter.train.cohorts.ways import cache_bytes, first_units, others, trial_bytes, usual
from tests.train.blobs import CPU, LOSS, blobs, net_of, plan

ROWS = 10**9  # so that a try is never too dear


def probe(example=(6,)):
    feed = blobs(8, seed=0, example=example)
    return feed.x_N, feed.y_N


def plans_of(count: int = 6, **changes):
    return [plan(optim__lr=0.01 * (i + 1), net__norm="none", **changes) for i in range(count)]


def cohort(plans, **options):
    return cohort_of([net_of(p) for p in plans], plans, LOSS, device=CPU, **options)


@pytest.fixture
def times(monkeypatch, tmp_path):
    """Two cores, a memory of its own. Given: seconds by form, to be set; the ways that were tried; the file."""
    monkeypatch.setenv("NETSITTER_WAYS", str(tmp_path / "deep" / "ways.json"))
    monkeypatch.setattr(planner, "CORES", 2)
    monkeypatch.setattr(planner, "busy", lambda: False)
    seconds: dict[object, float] = {}
    tried: list[Way] = []

    class Timed:
        def __init__(self, trials, way, batch):
            assert len(batch[0]) == trials.plans[0].loop.batch
            tried.append(way)
            self.way = way

        def seconds(self):
            return seconds.get(self.way, seconds.get(self.way.form, 1.0))

    monkeypatch.setattr(planner, "_Timed", Timed)
    return seconds, tried, tmp_path / "deep" / "ways.json"


def test_the_fastest_way_is_taken_and_said(times):
    seconds, tried, _ = times
    seconds |= {"dense": 3e-6, "in turn": 1e-6}
    made = cohort(plans_of(), probe=probe(), rows=ROWS)
    assert made.way == Way("in turn", 1, 2, 1)
    assert made.how == f"one after the other, on 2 threads: tried {len(tried)} ways: 1 µs a trial and step, the next 3"
    assert len(set(tried)) == len(tried) >= 3


def test_what_is_hardly_faster_is_not_taken(times):
    times[0].update({"dense": 1e-6, "in turn": 0.97e-6})
    assert cohort(plans_of(), probe=probe(), rows=ROWS).way.form == "dense"


def test_what_was_found_is_remembered_for_this_shape_and_no_other(times):
    seconds, tried, file = times
    seconds["in turn"] = 1e-6
    first = cohort(plans_of(), probe=probe(), rows=ROWS)
    count = len(tried)
    again = cohort(plans_of(), probe=probe())
    assert again.way == first.way
    assert "remembered" in again.how
    assert len(tried) == count
    assert cohort(plans_of(net__sizes=(9,)), probe=probe()).way.form == "dense"
    assert cohort(plans_of(5), probe=probe()).way.form == "dense"
    assert len(json.loads(file.read_text())) == 1


@pytest.mark.parametrize("content", ["", "[1, 2]", "{", '{"a": 1}', "\x00\xff"])
def test_a_broken_memory_is_as_none_and_is_mended(times, content):
    seconds, _, file = times
    file.parent.mkdir()
    file.write_text(content)
    seconds["in turn"] = 1e-6
    assert cohort(plans_of(), probe=probe(), rows=ROWS).way.form == "in turn"
    assert "remembered" in cohort(plans_of(), probe=probe()).how


def test_a_way_that_these_trials_cannot_go_is_not_taken_from_memory(times):
    seconds, _, file = times
    seconds["in turn"] = 1e-6
    cohort(plans_of(), probe=probe(), rows=ROWS)
    known = json.loads(file.read_text())
    (kept,) = known.values()
    for foreign in (["lifted", 3, 1, 1], ["in turn", 1, 64, 1], [1], ["dense", "a", None, {}], "x"):
        file.write_text(json.dumps({key: {**kept, "way": foreign} for key in known}))
        assert cohort(plans_of(), probe=probe()).way.form == "dense"
    for broken in ({"way": kept["way"]}, {"day": kept["day"]}, {**kept, "day": "today"}, kept["way"], None):
        file.write_text(json.dumps(dict.fromkeys(known, broken)))
        assert cohort(plans_of(), probe=probe()).way.form == "dense"


def test_a_way_is_forgotten_after_a_month_and_tried_anew(times):
    seconds, tried, file = times
    seconds["in turn"] = 1e-6
    cohort(plans_of(), probe=probe(), rows=ROWS)
    ((name, kept),) = json.loads(file.read_text()).items()
    for age, remembered in ((DAYS - 1, True), (DAYS, False), (-1, False)):
        file.write_text(json.dumps({name: {**kept, "day": kept["day"] - age}}))
        count = len(tried)
        assert ("remembered" in cohort(plans_of(), probe=probe(), rows=ROWS).how) is remembered
        assert (len(tried) == count) is remembered
    assert json.loads(file.read_text())[name] == kept


def test_memory_can_be_switched_off_and_may_be_out_of_reach(times, monkeypatch, tmp_path):
    seconds, _, file = times
    seconds["in turn"] = 1e-6
    monkeypatch.setenv("NETSITTER_WAYS", "off")
    assert cohort(plans_of(), probe=probe(), rows=ROWS).way.form == "in turn"
    assert not file.exists()
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("NETSITTER_WAYS", str(tmp_path / "a file" / "ways.json"))
    assert cohort(plans_of(), probe=probe(), rows=ROWS).way.form == "in turn"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "as a rule"),
        ({"rows": 32}, "too short"),
        ({"rows": ROWS, "way": Way("lifted", 3, 1, 1)}, "as asked"),
    ],
)
def test_nothing_is_remembered_where_nothing_was_tried(times, options, says):
    times[0].update({"in turn": 1e-9, "dense": 1e-9})
    made = cohort(plans_of(), probe=probe(), **options)
    assert says in made.how
    assert made.way == options.get("way", Way("dense", 6, 1, 1))
    assert not times[1]
    assert not times[2].exists()


def test_on_a_busy_machine_no_time_is_trusted(times, monkeypatch):
    monkeypatch.setattr(planner, "busy", lambda: True)
    assert "too busy" in cohort(plans_of(), probe=probe(), rows=ROWS).how
    assert not times[1]


def test_trying_costs_its_share_at_most_and_changes_neither_networks_nor_random_streams(monkeypatch):
    """With real copies, timed by a clock that counts."""
    clock = iter(range(10**6))
    monkeypatch.setattr(planner.time, "perf_counter", lambda: float(next(clock)))
    monkeypatch.setattr(planner, "busy", lambda: False)
    plans = plans_of(3)
    nets = [net_of(p) for p in plans]
    before = [{name: tensor.clone() for name, tensor in net.state_dict().items()} for net in nets]
    random = torch.get_rng_state()
    steps = 1_000
    made = cohort_of(nets, plans, LOSS, device=CPU, probe=probe(), rows=steps * 32 // 3)
    spent = next(clock)
    assert "tried" in made.how
    assert spent <= planner.SHARE * steps * 3 * 1.5
    assert torch.equal(random, torch.get_rng_state())
    for trial, state in enumerate(before):
        torch.testing.assert_close(made.network(trial).state_dict(), state, rtol=0, atol=0)


class Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x + torch.randn_like(x) if self.training else x)


def own(count=2):
    return [p.model_copy(update={"net": p.net.model_copy(update={"kind": None})}) for p in plans_of(count)]


def test_networks_that_draw_from_the_shared_generator_do_not_run_side_by_side():
    noisy, plain = (Trials([net] * 2, own(), LOSS) for net in (Noisy(), nn.Linear(6, 4)))
    random = torch.get_rng_state()
    assert not side_by_side_safe(noisy, probe())
    assert side_by_side_safe(plain, probe())
    assert not side_by_side_safe(plain, None)
    assert torch.equal(random, torch.get_rng_state())


class Viewing(nn.Module):
    """What only works with channels first."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv2d(3, 2, 3), nn.Linear(18, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.conv(x).view(len(x), -1))


def convolving(noise: float = 0.5) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Dropout(noise), nn.Flatten(), nn.Linear(18, 4))


@pytest.mark.parametrize(
    ("make", "can"),
    [
        (convolving, True),
        (lambda: convolving().to(memory_format=torch.channels_last), False),
        (Viewing, False),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(75, 4)), False),
    ],
)
def test_channels_are_laid_last_where_that_is_new_and_goes_through(make, can):
    nets = [make(), make()]
    random, before = torch.get_rng_state(), [{k: v.clone() for k, v in net.state_dict().items()} for net in nets]
    assert can_lie_last(Trials(nets, own(), LOSS), probe((3, 5, 5))) == can
    assert torch.equal(random, torch.get_rng_state())
    for net, state in zip(nets, before, strict=True):
        torch.testing.assert_close(net.state_dict(), state, rtol=0, atol=0)


def test_users_convnets_are_laid_with_channels_last_where_that_is_faster(times):
    seconds, tried, _ = times
    last = Way("in turn", 1, 2, 1, last=True)
    seconds |= {last: 1e-7, "in turn": 1e-6}
    made = cohort_of(
        [convolving(noise=0), convolving(noise=0)], own(), LOSS, device=CPU, probe=probe((3, 5, 5)), rows=ROWS
    )
    assert made.way == last
    assert made.how.startswith("one after the other, channels last, on 2 threads: tried")
    assert Way("in turn", 1, 2, 1) in tried


def test_chunks_of_the_rule_fit_the_cache_and_small_trials_run_at_once():
    wide = [
        plan(optim__lr=0.1 * (i + 1), net__sizes=(2000, 2000), net__norm="none", loop__batch=200) for i in range(20)
    ]
    trials = Trials([net_of(wide[0])] * 20, wide, LOSS)
    way = usual(trials, "dense", probe=None, cores=2)
    assert way.workers == 2
    assert way.chunk == max(4, cache_bytes() // (2 * trial_bytes(trials)))
    narrow = [p.model_copy(update={"loop": p.loop.model_copy(update={"batch": 200_000})}) for p in plans_of(200)]
    many = Trials([net_of(narrow[0])] * 200, narrow, LOSS)
    assert trial_bytes(many) > cache_bytes() / 8, "so that no more than four fit"
    assert usual(many, "dense", probe=None, cores=2).chunk == -(-800 // first_units(many))
    small = Trials([net_of(p) for p in plans_of(20)], plans_of(20), LOSS)
    assert usual(small, "dense", probe=None, cores=2) == Way("dense", 20, 1, 1)
    assert usual(small, "lifted", probe=probe(), cores=1) == Way("lifted", 20, 1, None)
    assert usual(trials, "lifted", probe=None, cores=2) == Way("in turn", 1, 2, 1)


def test_compiling_is_tried_in_long_runs_only(times, monkeypatch):
    seconds, tried, _ = times
    seconds |= {"lifted": 1e-3, "compiled": 1e-4, "in turn": 1e-2}
    monkeypatch.setattr(planner, "form_of", lambda trials: "lifted")
    monkeypatch.setenv("NETSITTER_WAYS", "off")
    batch = plans_of()[0].loop.batch
    steps = planner.COMPILING_S / (planner.SHARE * 6 * 1e-3)
    for share, form in ((0.5, "lifted"), (2.0, "compiled")):
        tried.clear()
        made = cohort(plans_of(loop__epochs=1), probe=probe(), rows=round(batch * share * steps))
        assert made.way.form == form
        assert any(way.form == "compiled" for way in tried) == (form == "compiled")


def test_other_ways_are_other_ways():
    for way in (Way("dense", 8, 2, 1), Way("in turn", 1, 2, 1), Way("in turn", 1, 1, None)):
        found = others(way, "dense", count=20, cores=2)
        assert way not in found
        assert len(set(found)) == len(found)
        assert all(1 <= other.chunk <= 20 for other in found)
