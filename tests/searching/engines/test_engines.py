"""Every engine gives the same search: in this process, in two others, and on a Ray cluster of two nodes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from netsitter.errors import NetError, RunError
from netsitter.searching.engines.engine import Engine
from netsitter.searching.engines.here import Here
from netsitter.searching.engines.processes import Processes
from netsitter.searching.engines.site import Site
from netsitter.searching.study import Study

from .kit import MANY, TRIALS, TWO, Killer, beginnings, searched, site, study

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]

KILLS = {"processes": 2, "ray": 10}


@dataclass
class Ground:
    """An engine, with the site that it runs on."""

    name: str
    folder: Path
    site: Site
    engine: Engine


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> tuple[Study, set[str]]:
    """The search in this process, and what it began with."""
    folder = tmp_path_factory.mktemp("reference")
    there = site(folder)
    beginnings(folder)
    found = study(there, Here(there.ready, there.build))
    searched(found)
    return found, beginnings(folder)


@pytest.fixture(scope="module", params=["here", "processes", "ray"])
def ground(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    there = site(folder)
    if request.param == "here":
        engine = Here(there.ready, there.build)
    elif request.param == "processes":
        engine = Processes(there, 2)
    else:
        from netsitter.searching.engines.ray import RayCluster

        engine = RayCluster(there, address=request.getfixturevalue("two_nodes").address)
        assert engine.slots == 2
    try:
        yield Ground(request.param, folder, there, engine)
    finally:
        engine.close()


def outcomes(found: Study) -> list:
    """What came of every trial, to the last bit; and which one won."""
    trials = (found.results[number] for number in sorted(found.results))
    return [found.best.number, *((t.number, t.values, t.curve, t.loss, t.first, t.how) for t in trials)]


def assert_alike(found: Study, reference: Study) -> None:
    """Same trials; first epochs alike to 1e-4; scores within the standard error; the same winner, unless tied."""
    assert sorted(found.results) == list(range(TRIALS))
    for number, told in found.results.items():
        other = reference.results[number]
        assert told.values == other.values
        assert told.first == pytest.approx(other.first, rel=1e-4)
        assert told.score == pytest.approx(other.score, abs=reference.error(other.score) or 1e-9)
    winners = {reference.best.number, *(told.number for told in reference.tied())}
    assert found.best.number in winners


@pytest.mark.parametrize("chunk", [1, 2, 8, 32])
def test_a_search_is_the_same_in_cohorts_of_any_size(chunk, reference, tmp_path):
    there = site(tmp_path)
    beginnings(tmp_path)
    found = study(there, Here(there.ready, there.build), chunk=chunk)
    assert len(searched(found)) == TRIALS
    assert beginnings(tmp_path) == reference[1], "the same first weights and the same orders of batches, bit for bit"
    assert_alike(found, reference[0])


def test_a_search_is_the_same_on_every_engine(ground, reference):
    beginnings(ground.folder)
    found = study(ground.site, ground.engine)
    assert len(searched(found)) == TRIALS
    assert beginnings(ground.folder) == reference[1], "the same first weights and the same orders of batches"
    assert outcomes(found) == outcomes(reference[0])


def test_a_search_that_was_broken_off_goes_on_with_another_engine(ground, reference):
    known = [reference[0].results[number] for number in range(TRIALS // 2)]
    found = study(ground.site, ground.engine, known=known)
    told = [event.number for event in searched(found)]
    assert sorted(told) == list(range(TRIALS // 2, TRIALS)), "what was known is not told again"
    assert outcomes(found) == outcomes(reference[0])


def test_what_a_leg_raises_is_told_as_it_was_raised(ground):
    (ground.folder / "wrong-12").touch()
    with pytest.raises(NetError, match="no network of 12"):
        searched(study(ground.site, ground.engine))
    (ground.folder / "wrong-12").unlink()


def test_workers_that_are_killed_lose_nothing(ground):
    if ground.name not in KILLS:
        pytest.skip("this process is the search itself")
    unbroken = study(ground.site, Here(ground.site.ready, ground.site.build), widths=MANY)
    searched(unbroken)
    killer = Killer(ground.folder, KILLS[ground.name])
    killer.start()
    found = study(ground.site, ground.engine, widths=MANY)
    told = [event.number for event in searched(found)]
    killer.over.set()
    killer.join()
    assert len(set(killer.killed)) == KILLS[ground.name]
    assert sorted(told) == list(range(TRIALS)), "none lost, none twice"
    assert outcomes(found) == outcomes(unbroken)


def test_a_leg_that_ends_every_worker_ends_the_search_with_its_work_kept(ground):
    if ground.name != "processes":
        pytest.skip("who gives up, and when, is the same for all engines with workers")
    (ground.folder / f"deadly-{TWO[-1]}").touch()
    found = study(ground.site, ground.engine)
    with pytest.raises(RunError, match="3 workers were lost in the same place") as error:
        searched(found)
    (ground.folder / f"deadly-{TWO[-1]}").unlink()
    assert "up to epoch" in error.value.where
    assert "killed by the system" in error.value.where
    assert "--resume" in error.value.fix
    again = study(ground.site, Here(ground.site.ready, ground.site.build), known=list(found.results.values()))
    assert len(searched(again)) == TRIALS - len(found.results), "and it can go on"
