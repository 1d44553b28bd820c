"""A search as an Optuna study, for its plots and its dashboard; and any Optuna study as a search, for the doctor.

from netsitter.adapters.optuna import from_study, to_study

study = to_study(found, storage="sqlite:///search.db")   # or to_study("runs/2026-11-24-digits-search")
optuna.visualization.plot_parallel_coordinate(study)     # optuna-dashboard sqlite:///search.db

search = from_study(optuna.load_study(...))              # trials, space and curves
examine_search(search, Plan())                           # what the rules of searches say of it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from netsitter.errors import RunError
from netsitter.optional import optional
from netsitter.plan.space import Axis, Pick, Range, as_plain, from_plain, hull
from netsitter.record.events import SearchBegan, Searched, StageBegan, from_json, to_json
from netsitter.record.journal import read_journal
from netsitter.record.search_facts import SearchFacts, search_of

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

OURS = "netsitter"
"""User attribute of a study with what its trials do not tell: what the search was asked for, and its stages."""

STATES = {"finished": "COMPLETE", "behind": "PRUNED", "hopeless": "PRUNED", "diverged": "FAIL"}
"""How a trial ended, in Optuna's words."""

PLAIN = (bool, int, float, str, type(None))
"""What a choice of Optuna's may be; other values stand in their place as text."""


class Searches(Protocol):
    """What `search` returns."""

    @property
    def facts(self) -> SearchFacts: ...


def to_study(
    search: Searches | SearchFacts | str | Path,
    *,
    storage: str | BaseStorage | None = None,
    study_name: str | None = None,
) -> Study:
    """The search as a study, every trial with its distributions, its curve by epoch, and how it ended.

    search: what `search` returned, or the folder of one, which may still be going on.
    storage, study_name: as `optuna.create_study` takes them; of a study that is there already, and is of the same
        search, only the trials are added that it has not.

    Trials that were trained to their end are COMPLETE; those that were ended since others did better, or since their
    loss ran away, are PRUNED; those that diverged FAIL. User attributes: all else that is known of a trial. Every trial
    has the range that holds those of all stages, without which Optuna's importances see nothing; the stages' own stand
    in the study's attributes. Values that Optuna has no choice for, as sizes of layers, are text.

    Raises MissingExtra without Optuna, RunError where there is no search, or where the study is of something else.
    """
    optuna = optional("optuna", what_for="make a study of a search")
    facts = _facts(search)
    name = study_name or (Path(search).name if isinstance(search, str | Path) else None)
    direction = "minimize" if facts.by_loss else "maximize"
    study = optuna.create_study(storage=storage, study_name=name, direction=direction, load_if_exists=True)
    about = {"began": to_json(facts.began), "stages": [to_json(stage) for stage in facts.stages]}
    known = study.user_attrs.get(OURS)
    if (known is None and study.trials) or (known is not None and known["began"] != about["began"]):
        raise RunError(
            f"the study {study.study_name} is of something else", code="S61", fix="give another study_name", state=""
        )
    study.set_user_attr(OURS, about)
    there = {trial.user_attrs.get("number") for trial in study.trials}
    space = dict(from_plain(facts.began.space))
    for stage in facts.stages:
        space |= {name: hull(space[name], axis) for name, axis in from_plain(stage.axes).items()}
    study.add_trials([_frozen(trial, space, facts.by_loss) for trial in facts.trials if trial.number not in there])
    return study


def from_study(study: Study) -> SearchFacts:
    """The study as a search. What `to_study` made comes back as it was, and goes on as `known` trials of a `Study`.

    Of any other study: one stage, whose space holds every distribution that its trials had; a trial that failed counts
    as diverged, one that was pruned as behind, and its score is the best that it reported. Where Optuna minimises, the
    score is the value with its sign turned. Trials that are waiting or running are left out.

    Raises RunError for a study with several objectives.
    """
    if len(study.directions) > 1:
        raise RunError("a study with several objectives is no search of ours", code="S61", fix="", state="")
    over = [trial for trial in study.trials if trial.state.is_finished()]
    about = study.user_attrs.get(OURS)
    if about is not None:
        began, *stages = (from_json(one) for one in (about["began"], *about["stages"]))
        assert isinstance(began, SearchBegan)
        space = from_plain(began.space)
        trials = sorted((_ours(trial, space) for trial in over), key=lambda trial: trial.number)
        return SearchFacts(began, tuple(s for s in stages if isinstance(s, StageBegan)), tuple(trials))
    sign = 1.0 if study.direction.name == "MAXIMIZE" else -1.0
    space = _space(over)
    told = tuple(_foreign(trial, sign) for trial in over)
    longest = max((len(trial.curve) for trial in told), default=0)
    began = SearchBegan(len(told), 1, type(study.sampler).__name__, as_plain(space))
    words = {name: str(axis) for name, axis in space.items()}
    return SearchFacts(began, (StageBegan("1", longest, 0, len(told), words, (), as_plain(space)),), told)


def _facts(search: Searches | SearchFacts | str | Path) -> SearchFacts:
    if isinstance(search, SearchFacts):
        return search
    if not isinstance(search, str | Path):
        return search.facts
    facts = search_of(read_journal(Path(search) / "journal.jsonl"))
    if facts is None:
        raise RunError(f"{search} holds no search", code="S32", allowed="a folder that netsitter search made")
    return facts


def _frozen(trial: Searched, space: Mapping[str, Axis], by_loss: bool) -> FrozenTrial:
    """The trial as Optuna has it."""
    optuna = optional("optuna", what_for="make a study of a search")
    state = STATES[trial.how] if trial.score is not None else "FAIL"
    attributes = {name: value for name, value in to_json(trial).items() if name not in ("kind", "values")}
    made = optuna.create_trial(
        state=optuna.trial.TrialState[state],
        value=(trial.loss if by_loss else trial.score) if state == "COMPLETE" else None,
        params={
            name: _choice(value) if isinstance(space[name], Pick) else value for name, value in trial.values.items()
        },
        distributions={name: _distribution(space[name], value) for name, value in trial.values.items()},
        user_attrs=attributes,
        intermediate_values=dict(enumerate(trial.losses if by_loss else trial.curve, start=1)),
    )
    made.datetime_complete = made.datetime_complete or datetime.now()
    made.datetime_start = made.datetime_complete - timedelta(seconds=trial.seconds)
    return made


def _distribution(axis: Axis, value: Any) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(axis, Pick):
        return CategoricalDistribution(tuple(map(_choice, axis.values)))
    # What was drawn may lie beyond an end by the last bit.
    low, high = min(axis.low, value), max(axis.high, value)
    if axis.whole:
        return IntDistribution(int(low), int(high), log=axis.log)
    return FloatDistribution(low, high, log=axis.log)


def _choice(value: Any) -> Any:
    return value if isinstance(value, PLAIN) else str(value)


def _ours(trial: FrozenTrial, space: Mapping[str, Axis]) -> Searched:
    """The trial that `_frozen` made this of."""
    values = {}
    for name, value in trial.params.items():
        axis = space[name]
        known = axis.values if isinstance(axis, Pick) else ()
        values[name] = next(
            (one for one in known if _choice(one) == value and type(_choice(one)) is type(value)), value
        )
    told = from_json({"kind": Searched.kind, "values": {}, **trial.user_attrs})
    assert isinstance(told, Searched)
    return replace(told, values=values)


def _foreign(trial: FrozenTrial, sign: float) -> Searched:
    steps = sorted(trial.intermediate_values)
    reported = [sign * trial.intermediate_values[step] for step in steps]
    how = {"COMPLETE": "finished", "PRUNED": "behind", "FAIL": "diverged"}[trial.state.name]
    values = None if trial.values is None else sign * trial.values[0]
    score = None if how == "diverged" else values if values is not None else max(reported, default=None)
    curve = tuple(reported) or (() if score is None else (score,))
    seconds = trial.duration.total_seconds() if trial.duration else 0.0
    return Searched(trial.number, "1", dict(trial.params), score, None, float("nan"), curve, how, seconds)


def _space(trials: list[FrozenTrial]) -> dict[str, Axis]:
    """A space that holds every distribution of these trials."""
    space: dict[str, Axis] = {}
    for trial in trials:
        for name, distribution in trial.distributions.items():
            axis = _axis(distribution)
            space[name] = hull(space.get(name, axis), axis)
    return space


def _axis(distribution: Any) -> Axis:
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if isinstance(distribution, CategoricalDistribution):
        return Pick(distribution.choices)
    whole = isinstance(distribution, IntDistribution)
    return Range(float(distribution.low), float(distribution.high), log=distribution.log, whole=whole)
