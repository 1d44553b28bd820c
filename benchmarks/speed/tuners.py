"""Search libraries on the usual loop: Optuna (d), Ray Tune (e), scikit-learn (f), Keras Tuner (g), ModelBatch (h).

Each trains the same number of trials for the same number of epochs as it would by itself: its sampler, its processes.
"""

from __future__ import annotations

import os
import tempfile

import torch
from benchmarks.speed.by_hand import from_loader, in_memory, trained
from benchmarks.speed.loads import LOADS, Load, net_of
from torch import nn

from netsitter.data.batches import Resident
from netsitter.plan.plan import Plan, changed

Parts = tuple[Resident, Resident]

RATES, PENALTIES = (1e-4, 1e-2), (1e-5, 1e-3)
"""The ranges, in log space."""

numbers_of: dict[str, list[dict[str, float]]] = {}
"""Of the last search of a peer: the numbers of each trial, in the order of the scores."""


def optuna(load: Load, parts: Parts, plans: list[Plan]) -> list[float]:
    """(d): random sampler, in memory, the usual loop as objective."""
    import optuna as library

    library.logging.set_verbosity(library.logging.ERROR)

    def objective(trial: library.Trial) -> float:
        lr, l2 = trial.suggest_float("lr", *RATES, log=True), trial.suggest_float("l2", *PENALTIES, log=True)
        plan = changed(plans[0], {"optim.lr": lr, "optim.l2": l2})
        return trained(load, plan, *parts, from_loader(load.batch))

    study = library.create_study(direction="maximize", sampler=library.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=len(plans))
    numbers_of["d"] = [trial.params for trial in study.trials]
    return [trial.value or 0.0 for trial in study.trials]


def ray_objective(config: dict[str, object], parts: Parts) -> dict[str, float]:
    """What a process of Ray Tune runs: one trial."""
    torch.set_num_threads(1)
    load = LOADS[str(config["load"])]
    plan = Plan.model_validate_json(str(config["plan"]))
    plan = changed(plan, {"optim.lr": config["lr"], "optim.l2": config["l2"]})
    return {"score": trained(load, plan, *parts, from_loader(load.batch))}


def ray_tune(load: Load, parts: Parts, plans: list[Plan]) -> list[float]:
    """(e): one processor a trial, two at a time; the data lie in the memory that Ray's processes share."""
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
    import ray
    from ray import tune

    if not ray.is_initialized():
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    space = {
        "load": load.name,
        "plan": plans[0].model_dump_json(),
        "lr": tune.loguniform(*RATES),
        "l2": tune.loguniform(*PENALTIES),
    }
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(ray_objective, parts=parts), {"cpu": 1}),
            param_space=space,
            tune_config=tune.TuneConfig(num_samples=len(plans), metric="score", mode="max"),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        )
        results = list(tuner.fit())
    numbers_of["e"] = [result.config for result in results]
    return [result.metrics["score"] for result in results]


def scikit_learn(load: Load, parts: Parts, plans: list[Plan]) -> list[float]:
    """(f): RandomizedSearchCV over MLPClassifier, two processes, the validation part as the only fold."""
    import warnings

    import numpy as np
    from scipy.stats import loguniform
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import PredefinedSplit, RandomizedSearchCV
    from sklearn.neural_network import MLPClassifier

    if load.net.startswith("conv"):
        raise NotImplementedError("scikit-learn has no convolutions")
    train, val = parts
    sizes = tuple(map(int, load.net.partition(":")[2].split(",")))
    kind = {"adam": "adam", "momentum": "sgd"}[load.optim]
    net = MLPClassifier(
        sizes, solver=kind, batch_size=load.batch, max_iter=plans[0].loop.epochs or 1, nesterovs_momentum=False, tol=0
    )
    space = {"learning_rate_init": loguniform(*RATES), "alpha": loguniform(*PENALTIES)}
    fold = PredefinedSplit(np.r_[np.full(train.rows, -1), np.zeros(val.rows, int)])
    search = RandomizedSearchCV(net, space, n_iter=len(plans), cv=fold, refit=False, n_jobs=2, random_state=0)
    x_ND = torch.cat([train.x_N, val.x_N]).flatten(1).numpy()
    os.environ["PYTHONWARNINGS"] = "ignore"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(x_ND, torch.cat([train.y_N, val.y_N]).numpy())
    return search.cv_results_["mean_test_score"].tolist()


def keras_tuner(load: Load, parts: Parts, plans: list[Plan]) -> list[float]:
    """(g): RandomSearch of Keras Tuner on Keras with PyTorch behind it."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    import keras_tuner as library

    if load.net.startswith("conv"):
        raise NotImplementedError("left out: Keras builds another network")
    sizes = tuple(map(int, load.net.partition(":")[2].split(",")))

    def build(hp: library.HyperParameters) -> keras.Model:
        lr, l2 = hp.Float("lr", *RATES, sampling="log"), hp.Float("l2", *PENALTIES, sampling="log")
        penalty = keras.regularizers.L2(l2 / 2)
        hidden = [keras.layers.Dense(size, "relu", kernel_regularizer=penalty) for size in sizes]
        net = keras.Sequential([*hidden, keras.layers.Dense(load.classes, kernel_regularizer=penalty)])
        moves = keras.optimizers.Adam(lr) if load.optim == "adam" else keras.optimizers.SGD(lr, momentum=0.9)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        net.compile(moves, loss, metrics=["accuracy"])
        return net

    train, val = ((part.x_N.flatten(1).numpy(), part.y_N.numpy()) for part in parts)
    with tempfile.TemporaryDirectory() as folder:
        tuner = library.RandomSearch(build, "val_accuracy", max_trials=len(plans), seed=0, directory=folder)
        tuner.search(*train, validation_data=val, epochs=plans[0].loop.epochs, batch_size=load.batch, verbose=0)
        return [trial.score for trial in tuner.oracle.trials.values()]


def modelbatch(load: Load, parts: Parts, plans: list[Plan]) -> list[float]:
    """(h): all trials as one by ModelBatch, each with its rate and penalty; batches from memory."""
    from modelbatch import ModelBatch, OptimizerFactory

    torch.manual_seed(0)
    train, val = parts
    batched = ModelBatch([net_of(load) for _ in plans], shared_input=True)
    shared = {"momentum": plans[0].optim.momentum} if load.optim == "momentum" else {}
    kind = torch.optim.Adam if load.optim == "adam" else torch.optim.SGD
    apart = [{"lr": plan.optim.lr, "weight_decay": plan.optim.l2} for plan in plans]
    optimizer = OptimizerFactory(kind, shared).create_optimizer(batched, apart)
    best = torch.zeros(len(plans))
    for _ in range(plans[0].loop.epochs or 1):
        for x_B, y_B in in_memory(load.batch)(train):
            optimizer.zero_grad()
            out_TBK = batched(x_B)
            losses = nn.functional.cross_entropy(out_TBK.transpose(1, 2), y_B.expand(len(plans), -1), reduction="none")
            losses.mean(dim=1).sum().backward()
            optimizer.step()
        with torch.no_grad():
            said_TN = torch.cat([batched(x_B).argmax(dim=-1) for x_B in val.x_N.split(500)], dim=1)
        best = torch.maximum(best, (said_TN == val.y_N).float().mean(dim=1))
    return best.tolist()
