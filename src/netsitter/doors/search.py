"""`search`: hyper-parameters found by themselves, coarse to fine, in ranges that move; the winner trained in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from netsitter.diagnose.registry import checked_rules
from netsitter.doors.beginning import begun
from netsitter.doors.fit import conducted
from netsitter.doors.folder import RunFolder, new_folder, run_folder
from netsitter.doors.inputs import asked_for
from netsitter.doors.reporting import Told, report_kept, told_later
from netsitter.doors.run import Run
from netsitter.doors.search_verdict import began, ending
from netsitter.errors import PlanError, RunError, shown
from netsitter.plan.budget import seconds_of
from netsitter.plan.files import write_plan
from netsitter.plan.plan import Plan, changed, value_at
from netsitter.plan.space import Space, from_plain, space_of
from netsitter.record.durable import write_durably
from netsitter.record.events import Event, Known, SearchBegan, Searched, StageBegan, to_json
from netsitter.record.journal import Journal, read_journal
from netsitter.record.search_facts import SearchFacts, search_of
from netsitter.record.sink import Sink, pump
from netsitter.record.trace import Trace
from netsitter.report.search_console import SearchConsole
from netsitter.searching.engines.choose import MakeEngine, engine_maker
from netsitter.searching.engines.site import Site
from netsitter.searching.legs import placed
from netsitter.searching.samplers import sampler_of
from netsitter.searching.study import SPACES, Study
from netsitter.searching.trials import CHUNK, SET_ASIDE, trial_of
from netsitter.train.beginning import network_for
from netsitter.train.device import own_conditions
from netsitter.train.losses import Loss
from netsitter.train.own_optimiser import MakeOptimizer

BEST_PLAN = "best.toml"
"""The winner's plan, in the folder of its search."""

USUAL_TRIALS, MOST_TRIALS, MOST_FOLDS = 100, 100_000, 100

MOST_IN_TIME = 1_000
"""Trials at most where a time is given and no number."""

METRICS = ("score", "loss")


class Found(Told):
    """What a search found.

    study: the trials. trace: all events. run: the winner trained in full, None where that was not asked for.
    path: the folder of the search, None when nothing was kept on disk.
    """

    def __init__(self, study: Study, trace: Trace, folder: RunFolder | None, run: Run | None) -> None:
        self.study, self.trace, self.folder, self.run = study, trace, folder, run

    @property
    def stages(self) -> list[StageBegan]:
        """The stages, as they began."""
        return self.trace.of(StageBegan)

    @property
    def trials(self) -> list[Searched]:
        """Every trial, by number."""
        return [self.study.results[number] for number in sorted(self.study.results)]

    @property
    def facts(self) -> SearchFacts:
        """The search as numbers: what the rules read, and what `adapters.optuna.to_study` takes."""
        facts = search_of(self.trace.events)
        assert facts is not None  # a search tells first that it has begun
        return facts

    @property
    def best(self) -> Searched:
        """The winner. Raises RunError where every trial diverged."""
        best = self.study.best
        if best is None:
            raise RunError(
                "every trial diverged", code="S60", fix="lower rates: --space optim.lr=log:1e-8:1e-4", state=""
            )
        return best

    @property
    def tied(self) -> list[Searched]:
        """The trials that the winner cannot be told from: within two standard errors of its score."""
        return self.study.tied()

    @property
    def plan(self) -> Plan:
        """The winner's plan: what `fit` takes."""
        base, best = self.study.ready.plan, self.best
        trial = trial_of(base, best.number, best.values, epochs=len(best.curve))
        kept = {name: best.values.get(name, value_at(base, name)) for name in SET_ASIDE}
        return changed(trial.plan, {**kept, "data.folds": None, "data.fold": 0})

    def as_json(self) -> dict[str, Any]:
        best = self.study.best
        return {
            "search": str(self.path) if self.path else None,
            "best": None if best is None else to_json(best),
            "error": None if best is None or best.score is None else self.study.error(best.score),
            "tied": [told.number for told in self.tied],
            "saved": self.study.saved,
            "stages": [to_json(stage) for stage in self.stages],
            "trials": [to_json(told) for told in self.trials],
            "findings": [finding.as_json() for finding in self.findings],
            "metrics": self.run.scores if self.run else None,
            "run": str(self.run.path) if self.run and self.run.path else None,
        }

    def __repr__(self) -> str:
        best = self.study.best
        told = "every trial diverged" if best is None else f"best {best.score:.4f} with {dict(best.values)}"
        return f"<Found: {len(self.study.results)} trials; {told}>"


def search(
    data: Any = None,
    *,
    net: Any = None,
    space: Mapping[str, Any] | Sequence[str] | str = "usual",
    trials: int | None = None,
    stages: int = 3,
    sampler: str = "random",
    folds: int | None = None,
    metric: str = "score",
    budget: str | float | None = None,
    engine: str | MakeEngine = "here",
    workers: int | None = None,
    address: str | None = None,
    allow_public: bool = False,
    cohort: int = CHUNK,
    loss: str | Loss | None = None,
    optimizer: str | MakeOptimizer | None = None,
    plan: Plan | str | Path | None = None,
    train: bool = True,
    resume: str | Path | None = None,
    runs: str | Path | None = "runs",
    name: str | None = None,
    show: bool | Sink = True,
    data_dir: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    **short: Any,
) -> Found:
    """Searches hyper-parameters: few epochs in wide ranges first, then longer in narrower ones, which may move.

    data, net, loss, optimizer, plan and short options are those of `fit`. A function `net` that takes `hyper` gets the
    values whose names have no dot.
    space: by dotted name a `log`, `linear`, `integer` or `pick`, a list of values, or the text of one; or
        "usual": the learning rate and the penalty, and dropout where the plan has it; or "wide": width, batch size,
        schedule, the scale of the start and dropout too.
    trials: in all stages together; 100, or as many as fit into a budget, when None. sampler: random, sobol, grid, or
        by Optuna tpe, cmaes.
    folds: each trial is judged by so many folds of the rows instead of one hold-out; behind each the better half goes
        on. The winner is trained with the plan's hold-out again.
    metric: what trials are ranked by on validation: score (the share right, R²) or loss.
    budget: seconds, or a text such as "10min", for all trials; the winner's own training comes on top.
    engine: here; processes, so many workers of this machine; or ray, a cluster of Ray: the one at this address, or one
        that is begun on this machine. Or a function that takes a `Site` and returns an `Engine`. The trials are the
        same. allow_public: whether a cluster will do whose dashboard lets anybody run code on it.
    cohort: trials that are trained as one, at most; fewer keep more workers busy.
    train: whether the winner is trained in full, which is when its test score is taken, once.
    resume: the folder of a search that was broken off; it goes on as it began: trials, stages, sampler and space are
        those in its journal.
    Raises PlanError, DataError, NetError or RunError before any work.

    >>> found = search("digits", net="mlp:20", trials=8, epochs=3, runs=None, show=False, train=False)
    >>> len(found.trials), found.best.score > 0.3
    (8, True)
    """
    budget_s = None if budget is None else seconds_of(budget, "budget")
    trials = trials or (USUAL_TRIALS if budget is None else MOST_IN_TIME)
    _refuse_bounds(
        trials=(trials, 2, MOST_TRIALS), stages=(stages, 1, 3), folds=(folds, 2, MOST_FOLDS), cohort=(cohort, 1, 1_024)
    )
    if metric not in METRICS:
        raise PlanError(f"there is no metric {shown(metric)}", code="P87", allowed=", ".join(METRICS))
    sampler_of(sampler)
    make_engine = engine_maker(engine, workers=workers, address=address, allow_public=allow_public)
    folder = run_folder(resume) if resume is not None else None
    asked = asked_for(
        data, net=net, loss=loss, optimizer=optimizer, plan=folder.plan() if folder else plan,
        options={**(options or {}), **short}, data_dir=data_dir,
    )  # fmt: skip
    checked_rules(asked.plan)
    told = list(read_journal(folder.journal)) if folder else []
    terms = next((event for event in told if isinstance(event, SearchBegan)), None)
    if folder is not None and terms is None:
        raise RunError(f"{folder.path} holds no search", code="S32", allowed="a folder that netsitter search made")
    if terms is not None:
        # It goes on as it began, whatever is asked for now.
        trials, stages, sampler, folds = terms.trials, terms.stages, terms.sampler, terms.folds
        metric, budget_s, space = terms.metric, terms.budget_s, from_plain(terms.space)
    if folds is not None:
        asked = replace(asked, plan=changed(asked.plan, {"data.folds": folds}))
    prepared, _ = begun(asked)
    wanted = _wanted(space, prepared.plan)
    trainer = make_engine(Site.of(prepared, asked.build, loss=asked.loss, data_dir=data_dir))
    trace = Trace(told)
    study = Study(
        prepared, asked.build, wanted, trials, prepared.plan.data.seed, sampler, stages,
        known=trace.of(Searched), known_stages=tuple(trace.of(StageBegan)),
        engine=trainer, chunk=cohort, folds=folds, metric=metric, budget_s=budget_s,
    )  # fmt: skip
    sinks: list[Any] = [trace]
    try:
        if folder is None and runs is not None:
            folder = new_folder(Path(runs), name or f"{asked.source.name}-search", prepared.plan)
        if folder is not None:
            sinks.append(Journal(folder.journal))
        if show:
            sinks.append(SearchConsole(trials) if show is True else show)
        with own_conditions(prepared.plan.loop, prepared.device):
            for _ in pump(_news(study, told), sinks):
                pass
    finally:
        for sink in [*sinks, trainer]:
            sink.close()
    found = Found(study, trace, folder, None)
    if folder is not None and study.best is not None:
        write_durably(folder.path / BEST_PLAN, write_plan(found.plan).encode())
    if isinstance(sinks[-1], SearchConsole):
        where = str(folder.path / BEST_PLAN) if folder else ""
        sinks[-1].concluded(study.best, study.tied(), study.error, where, study.saved)
    if train and study.best is not None:
        own = {name: value for name, value in study.best.values.items() if "." not in name}
        build = partial(asked.build, hyper=own) if own and asked.build else asked.build
        ready = placed(prepared, found.plan)
        best = new_folder(Path(runs), f"{asked.source.name}-best", found.plan) if runs is not None else None
        network = network_for(ready, build).to(ready.device)
        # Trials that learned are what short trainings would be: one thing changed, from the same start.
        found.run = conducted(ready, network, best, show is True, build=build, attempts=not study.learns)
    _conclude(found, sinks[-1] if show else None)
    report_kept(folder, trace)
    return found


def _wanted(space: Mapping[str, Any] | Sequence[str] | str, plan: Plan) -> Space:
    """The space that was asked for, by name or axis by axis."""
    if not isinstance(space, str | Mapping) and len(space) == 1 and space[0] in SPACES:
        space = space[0]
    if isinstance(space, str):
        return SPACES[space](plan) if space in SPACES else space_of([space], plan, own=True)
    return space_of(space, plan, own=True)


def _conclude(found: Found, sink: Any) -> None:
    """Lets the doctor look at the whole search, and tells the journal, and whoever is shown it, what it says."""
    last = ending(found.study, found.trace, found.run)
    if found.folder is not None:
        told_later(found.folder, *last)
    for event in last:
        found.trace.take(event)
        if sink is not None:
            sink.take(event)


def _refuse_bounds(**numbers: tuple[int | None, int, int]) -> None:
    """Raises PlanError that names the first number out of its bounds."""
    for name, (number, least, most) in numbers.items():
        if number is not None and not least <= number <= most:
            raise PlanError(
                f"{name} must be from {least} to {most:,}; got {number}",
                code="P84",
                fix=f"{name}={max(least, min(number, most))}",
            )


def _news(study: Study, told: Sequence[Event]) -> Iterator[Event]:
    """The events of a search, without what its journal has already."""
    numbers = {event.number for event in told if isinstance(event, Searched)}
    stages = {event.stage for event in told if isinstance(event, StageBegan)}
    if not told:
        yield began(study)
        yield Known("search", _about(study))
    for event in study.events():
        old = isinstance(event, Searched) and event.number in numbers
        if not old and not (isinstance(event, StageBegan) and event.stage in stages):
            yield event


def _about(study: Study) -> dict[str, Any]:
    """What is searched on what, for those who read of it later."""
    ready = study.ready
    return {
        "data": ready.source.name,
        "net": ready.plan.net.kind,
        "rows": {part: len(rows) for part, rows in ready.picked.items()},
        "plan": ready.plan.model_dump(mode="json"),
    }
