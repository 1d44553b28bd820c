"""Searches as Optuna studies and back, with the real library."""

from __future__ import annotations

import math
from dataclasses import replace

import optuna
import pytest

from netsitter.adapters.optuna import from_study, to_study
from netsitter.diagnose.cases_search import RATES, hill, searched
from netsitter.diagnose.doctor import examine_search
from netsitter.errors import RunError
from netsitter.plan.plan import Plan
from netsitter.plan.space import Pick, as_plain, from_plain, integer, linear, log, pick
from netsitter.record.events import SearchBegan, Searched, StageBegan
from netsitter.record.journal import Journal
from netsitter.record.search_facts import SearchFacts

optuna.logging.set_verbosity(optuna.logging.WARNING)

SPACE = {
    "optim.lr": log(1e-5, 1e-1),
    "net.dropout": linear(0.0, 0.7),
    "loop.batch": integer(16, 256, log=True),
    "net.act": pick("relu", "elu"),
    "net.sizes": pick((50,), (100, 100)),
    "optim.momentum": replace(linear(0.5, 0.99), when=("net.act", ("relu",))),
}


def every_kind() -> SearchFacts:
    """Two stages, of which the second moved and narrowed, with trials of every end."""
    moved = {**SPACE, "optim.lr": log(1e-3, 1e1), "net.act": pick("elu")}
    first = {"optim.lr": 1e-1 * (1 + 1e-16), "net.dropout": 0.25, "loop.batch": 17, "net.act": "relu",
             "net.sizes": (100, 100), "optim.momentum": 0.9}  # fmt: skip
    other = {"optim.lr": 3.3, "net.dropout": 0.0, "loop.batch": 256, "net.act": "elu", "net.sizes": (50,)}
    trials = (
        Searched(0, "1", first, 0.5, 1.25, 2.3, (0.25, 0.5), "finished", 1.5),
        Searched(1, "1", {**first, "loop.batch": 16}, 0.25, 2.0, 2.3, (0.25,), "behind", 0.5),
        Searched(2, "1", other | {"optim.lr": 0.01}, 0.125, 7.0, 2.3, (0.125, math.nan), "hopeless", 0.5),
        Searched(3, "1a", other, None, None, math.nan, (), "diverged", 0.25),
        Searched(4, "1a", {**other, "optim.lr": 0.02}, 0.75, 0.5, 2.3, (0.5, 0.75), "finished", 1.0),
    )
    words = {name: str(axis) for name, axis in SPACE.items()}
    stages = (
        StageBegan("1", 2, 0, 3, words, (), as_plain(SPACE)),
        StageBegan("1a", 2, 3, 2, words, ("optim.lr: moved",), as_plain(moved)),
    )
    return SearchFacts(SearchBegan(5, 3, "random", as_plain(SPACE), 500, False, 0.1), stages, trials)


def known(facts: SearchFacts) -> str:
    """Without what no comparison can see: NaN is not NaN."""
    return repr((facts.began, from_plain(facts.began.space), facts.stages, facts.trials))


@pytest.mark.parametrize("stored", [False, True], ids=["in memory", "in a database"])
def test_a_search_comes_back_as_it_was(stored, tmp_path):
    facts, storage = every_kind(), f"sqlite:///{tmp_path / 'studies.db'}" if stored else None
    study = to_study(facts, storage=storage, study_name="a search")
    if stored:
        study = optuna.load_study(study_name="a search", storage=storage)
    back = from_study(study)
    assert back.trials[0].values == facts.trials[0].values
    assert repr(back.trials) == repr(facts.trials)
    assert known(replace(back, began=facts.began, stages=facts.stages)) == known(facts)
    assert from_plain(back.began.space) == from_plain(facts.began.space) == SPACE
    assert [from_plain(s.axes) for s in back.stages] == [from_plain(s.axes) for s in facts.stages]
    assert (back.began.rows, back.began.guess, back.stages[1].says) == (500, 0.1, ("optim.lr: moved",))


def test_trials_have_the_states_curves_and_distributions_that_optuna_would_have_given_them():
    study = to_study(every_kind())
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "PRUNED", "PRUNED", "FAIL", "COMPLETE"]
    assert study.best_trial.number == 4
    assert study.best_value == 0.75
    first = study.trials[0]
    assert first.intermediate_values == {1: 0.25, 2: 0.5}
    assert first.distributions["optim.lr"].log
    assert first.distributions["loop.batch"] == optuna.distributions.IntDistribution(16, 256, log=True)
    assert first.distributions["net.act"].choices == ("relu", "elu")
    assert first.params["net.sizes"] == "(100, 100)"
    assert (first.distributions["optim.lr"].low, first.distributions["optim.lr"].high) == (1e-5, 10), "of all stages"
    assert study.trials[4].distributions["net.act"].choices == ("relu", "elu"), "choices may not change in a study"
    assert "optim.momentum" not in study.trials[4].params
    assert first.user_attrs["stage"] == "1"
    assert first.user_attrs["loss"] == 1.25
    assert study.trials[2].user_attrs["how"] == "hopeless"
    assert first.duration.total_seconds() == pytest.approx(1.5)


def test_a_search_by_loss_is_a_study_that_minimises_it():
    facts = every_kind()
    facts = replace(facts, began=replace(facts.began, metric="loss"),
                    trials=tuple(replace(t, losses=(2.0, 1.5)) for t in facts.trials))  # fmt: skip
    study = to_study(facts)
    assert study.direction.name == "MINIMIZE"
    assert (study.best_trial.number, study.best_value) == (4, 0.5)
    assert study.trials[0].intermediate_values == {1: 2.0, 2: 1.5}
    assert repr(from_study(study).trials) == repr(facts.trials)
    assert from_study(study).full[0].number == 4


def test_a_search_that_goes_on_adds_the_trials_that_are_not_there_yet(tmp_path):
    facts, storage = every_kind(), f"sqlite:///{tmp_path / 'studies.db'}"
    to_study(replace(facts, trials=facts.trials[:2]), storage=storage, study_name="s")
    study = to_study(facts, storage=storage, study_name="s")
    assert [trial.user_attrs["number"] for trial in study.trials] == [0, 1, 2, 3, 4]
    with pytest.raises(RunError, match="of something else"):
        to_study(searched(hill()), storage=storage, study_name="s")


def test_a_folder_is_read_by_its_journal(tmp_path):
    facts = every_kind()
    with Journal(tmp_path / "journal.jsonl") as journal:
        for event in (facts.began, *facts.stages, *facts.trials):
            journal.take(event)
    study = to_study(tmp_path)
    assert study.study_name == tmp_path.name
    assert repr(from_study(study).trials) == repr(facts.trials)


def test_importances_see_a_search_whose_range_moved():
    facts = searched(hill())
    narrow = StageBegan("2", 3, 60, 60, {}, (), as_plain({**RATES, "optim.l2": log(1e-9, 1e-3)}))
    later = [replace(t, number=t.number + 60, stage="2", values={**t.values, "optim.l2": 1e-3 * t.values["optim.l2"]})
             for t in facts.trials]  # fmt: skip
    both = replace(facts, stages=(*facts.stages, narrow), trials=(*facts.trials, *later))
    found = optuna.importance.get_param_importances(to_study(both))
    assert sum(found.values()) == pytest.approx(1)
    assert found["optim.lr"] != pytest.approx(0.5, abs=0.01)


def test_optuna_goes_on_where_our_search_ended():
    study = to_study(searched(hill()))
    study.sampler = optuna.samplers.TPESampler(seed=0, n_startup_trials=10)
    score = hill()

    def objective(trial):
        return score({name: trial.suggest_float(name, axis.low, axis.high, log=True) for name, axis in RATES.items()})

    before = study.best_value
    study.optimize(objective, n_trials=30)
    assert study.best_value > before


def test_the_doctor_reads_a_study_of_somebody_else():
    study = optuna.create_study(direction="minimize", sampler=optuna.samplers.RandomSampler(seed=0))

    def objective(trial):
        rate = trial.suggest_float("lr", 1e-5, 1e-1)
        kind = trial.suggest_categorical("kind", ["a", "b"])
        layers = trial.suggest_int("layers", 1, 4) if kind == "a" else 1
        for step in range(3):
            trial.report(abs(rate - 0.01) + layers / (step + 1), step)
        if trial.number == 5:
            raise optuna.TrialPruned
        return abs(rate - 0.01) + layers / 3

    study.optimize(objective, n_trials=40)
    facts = from_study(study)
    space = from_plain(facts.began.space)
    assert space["lr"] == linear(1e-5, 1e-1)
    assert space["layers"] == integer(1, 4)
    assert isinstance(space["kind"], Pick)
    best = facts.full[0]
    assert best.score == -study.best_value
    assert best.values == study.best_params
    assert len(best.curve) == 3
    assert facts.trials[5].how == "behind"
    assert facts.trials[5].score == max(facts.trials[5].curve)
    assert [finding.slug for finding in examine_search(facts, Plan())] == ["linear-scale"]


def test_several_objectives_are_refused():
    with pytest.raises(RunError, match="several objectives"):
        from_study(optuna.create_study(directions=["minimize", "maximize"]))


PLOTS = ("contour", "edf", "intermediate_values", "optimization_history", "parallel_coordinate", "param_importances",
         "rank", "slice", "timeline")  # fmt: skip


@pytest.mark.parametrize("plot", PLOTS)
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_optuna_draws_it(plot):
    figure = getattr(optuna.visualization, f"plot_{plot}")(to_study(searched(hill(diverges=3e-2), trials=30)))
    assert len(figure.data) > 0
    drawn = figure.to_json()
    assert plot in ("edf", "optimization_history", "timeline", "intermediate_values") or "optim.lr" in drawn
