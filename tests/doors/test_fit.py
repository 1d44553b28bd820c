"""What `fit` takes, and that it leaves its surroundings as they were."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Dataset, TensorDataset

import netsitter as ns
from netsitter.errors import DataError, DeviceError, NetError, PlanError, RunError
from netsitter.plan.plan import Plan, plan_of
from netsitter.record.events import Chosen, Ended, EpochEnded, Started

from .small import CLASSES, LABELS, PICTURES, REALS, TABLE, Heard, quick

BUILDER = """
from torch import nn

def build(inputs, outputs):
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, outputs))
"""


def build(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(inputs, 8), nn.Dropout(0.2), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, outputs)
    )


class Items(Dataset):
    def __len__(self) -> int:
        return len(PICTURES)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, int]:
        return torch.from_numpy(PICTURES[row]).float() / 255, int(LABELS[row])


@pytest.mark.parametrize(
    "data",
    [
        (PICTURES, LABELS),
        (PICTURES.tolist(), LABELS.tolist()),
        (torch.from_numpy(PICTURES), torch.from_numpy(LABELS)),
        (PICTURES[:, None], LABELS),
        (PICTURES / 255, LABELS),
        TensorDataset(torch.from_numpy(PICTURES), torch.from_numpy(LABELS)),
        Items(),
    ],
    ids=["arrays", "lists", "tensors", "channels", "reals", "tensor-dataset", "dataset"],
)
def test_the_same_pictures_in_any_form_give_the_same_network(data):
    run, known = quick(data), quick((PICTURES, LABELS))
    for name, tensor in run.network.state_dict().items():
        torch.testing.assert_close(tensor, known.network.state_dict()[name], rtol=1e-4, atol=1e-5)


def test_pictures_are_learned():
    assert quick((PICTURES, LABELS), epochs=15).scores["test"]["score"] > 0.95


def test_a_part_that_was_handed_in_is_used_as_it_is():
    data = {"train": (PICTURES[:140], LABELS[:140]), "val": (PICTURES[140:180], LABELS[140:180])}
    run = quick({**data, "test": (PICTURES[180:], LABELS[180:])})
    assert run.trace.started.data["rows"] == {"train": 140, "val": 40, "test": 20}
    assert run.evaluate("val")["rows"] == 40


def test_real_targets_are_predicted_in_their_own_unit():
    run = ns.fit(
        (TABLE, REALS), runs=None, show=False, net="mlp:32", epochs=60, lr=0.01, options={"loop.preflight": False}
    )
    error = np.abs(run.predict(TABLE)[:, 0] - REALS)
    assert error.mean() < REALS.std() / 4
    assert run.classes == ()
    assert run.evaluate((TABLE, REALS))["error"] == pytest.approx(np.sqrt(np.square(error).mean()), rel=1e-3)


@pytest.mark.slow
def test_diabetes_is_learned_to_what_a_linear_model_reaches():
    run = ns.fit("diabetes", runs=None, show=False)
    assert run.scores["test"]["score"] > 0.3
    assert 20 < run.predict(np.zeros((1, 10)))[0, 0] < 350 or run.evaluate("test")["error"] < 70


def test_a_network_comes_from_a_function_a_file_or_as_it_is(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(BUILDER)
    from_file = quick((PICTURES, LABELS), net=f"{file}:build")
    assert isinstance(from_file.network[2], nn.Tanh)
    assert from_file.plan.net.own == f"{file}:build"
    from_function = quick((PICTURES, LABELS), net=build)
    assert isinstance(from_function.network[2], nn.Dropout)
    given = build(64, CLASSES)
    before = {name: tensor.clone() for name, tensor in given.state_dict().items()}
    from_module = quick((PICTURES, LABELS), net=given)
    assert all(torch.equal(given.state_dict()[name], before[name]) for name in before), "the user's module was changed"
    assert not torch.equal(from_module.network[1].weight, given[1].weight), "nothing was learned"


def test_a_network_of_the_users_own_trains_the_same_twice():
    one, two = (quick((PICTURES, LABELS), net=build) for _ in range(2))
    assert one.history == two.history


def test_a_loss_of_the_users_own_is_what_is_made_small():
    def doubled(outputs, targets):
        return 2 * F.cross_entropy(outputs, targets)

    run = quick((PICTURES, LABELS), loss=doubled)
    plain = quick((PICTURES, LABELS))
    assert run.plan.loop.loss == "own"
    assert run.history[0]["train_loss"] > 1.5 * plain.history[0]["train_loss"]
    assert run.evaluate("val")["loss"] == pytest.approx(run.scores["val"]["loss"], rel=1e-4)
    assert quick((TABLE, REALS), loss=nn.HuberLoss()).plan.loop.loss == "own"


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (nn.CrossEntropyLoss, "loss=CrossEntropyLoss()"),
        (nn.CrossEntropyLoss(reduction="none"), "take the mean"),
        (lambda outputs, targets: 1.0, "returned 1.0"),
        (lambda outputs, targets: outputs / None, "TypeError"),
        (lambda outputs, targets: outputs.detach().sum(), "no gradient"),
        (nn.MSELoss(), "failed"),
    ],
    ids=["class", "not-reduced", "float", "raises", "detached", "shapes"],
)
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_a_loss_that_cannot_be_trained_on_is_refused_before_any_work(loss, words, tmp_path):
    with pytest.raises(NetError, match="loss") as caught:
        quick((PICTURES, LABELS), loss=loss, runs=tmp_path / "runs")
    assert words in str(caught.value)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(("data", "loss"), [((PICTURES, LABELS), "mse"), ((TABLE, REALS), "cross_entropy")])
def test_a_loss_that_does_not_fit_the_task_is_refused(data, loss):
    with pytest.raises(PlanError, match=f"{loss} does not fit"):
        quick(data, loss=loss)


def test_plans_come_as_objects_and_files_and_options_go_on_top(tmp_path):
    plan = plan_of({"net": "mlp:5", "loop": {"epochs": 1, "preflight": False}})
    file = tmp_path / "plan.toml"
    file.write_text('[net]\nkind = "mlp"\nsizes = [5]\n[loop]\nepochs = 1\npreflight = false\n')
    for given in (plan, file, str(file)):
        run = ns.fit((PICTURES, LABELS), plan=given, runs=None, show=False, epochs=2, options={"optim.lr": 0.02})
        assert (run.plan.net.sizes, run.plan.loop.epochs, run.plan.optim.lr) == ((5,), 2, 0.02)


def test_what_a_net_option_says_is_what_is_trained():
    for run in (quick((PICTURES, LABELS), net="mlp:7"), quick((PICTURES, LABELS), net=None, options={"net": "mlp:7"})):
        assert run.plan.net.sizes == (7,)
        assert run.network.state_dict()["output.weight"].shape == (CLASSES, 7)


def test_nothing_is_kept_on_disk_without_a_folder_for_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert quick((PICTURES, LABELS), runs=None).path is None
    assert list(tmp_path.iterdir()) == []


def test_a_runs_folder_says_what_was_asked_and_what_happened(tmp_path):
    run = quick((PICTURES, LABELS), runs=tmp_path / "runs", name="First try!")
    assert run.path.name.endswith("-first-try")
    there = {path.name for path in run.path.iterdir()}
    assert there == {"plan.toml", "journal.jsonl", "checkpoints", "model", "report.html"}
    again = ns.fit((PICTURES, LABELS), plan=run.path / "plan.toml", runs=None, show=False)
    assert again.history == run.history


def test_two_runs_of_one_name_do_not_share_a_folder(tmp_path):
    one, two = (quick((PICTURES, LABELS), runs=tmp_path, name="same") for _ in range(2))
    assert one.path != two.path


def test_a_sink_of_the_users_own_hears_everything_and_is_closed():
    heard = Heard()
    run = quick((PICTURES, LABELS), show=heard)
    assert heard.events == run.trace.events
    assert isinstance(heard.events[0], Started)
    assert isinstance(heard.events[-1], Ended)
    assert sum(isinstance(event, EpochEnded) for event in heard.events) == 2
    assert {event.path for event in heard.events if isinstance(event, Chosen)} >= {"optim.lr", "loop.batch"}
    assert heard.closed


@pytest.mark.parametrize("net", ["mlp:8", build], ids=["ours", "own"])
@pytest.mark.parametrize("preflight", [False, True], ids=["bare", "checked"])
def test_the_callers_random_numbers_and_threads_are_left_alone(net, preflight):
    def state() -> tuple[object, ...]:
        numpy_state = np.random.get_state(legacy=False)["state"]
        return torch.get_rng_state().tolist(), random.getstate(), numpy_state["key"].tolist(), torch.get_num_threads()

    torch.manual_seed(5)
    torch.set_num_threads(2)
    try:
        before = state()
        options = {"loop.preflight": preflight, "loop.threads": 1, "net.dropout": 0.1}
        quick((PICTURES, LABELS), net=net, epochs=1, options=options)
        assert state() == before
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize("net", ["mlp:8", build], ids=["ours", "own"])
def test_the_callers_random_numbers_do_not_reach_the_run(net):
    runs = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        runs.append(quick((PICTURES, LABELS), net=net, epochs=1, options={"net.dropout": 0.1}))
    assert runs[0].history == runs[1].history
    assert [check.numbers for check in runs[0].trace.checks] == [check.numbers for check in runs[1].trace.checks]


@pytest.mark.parametrize(
    ("error", "changes", "words"),
    [
        (PlanError, {"lerning_rate": 1}, "lerning_rate"),
        (PlanError, {"options": {"optim.lrr": 1}}, "optim.lr"),
        (PlanError, {"epochs": 0}, "loop.epochs"),
        (PlanError, {"net": 5}, "net"),
        (PlanError, {"plan": "nowhere.toml"}, "nowhere.toml"),
        (PlanError, {"options": {"loop.loss": "own"}}, "loss=FUNCTION"),
        (NetError, {"net": "nowhere.py:build"}, "nowhere.py"),
        (NetError, {"net": lambda: nn.Linear(3, 3)}, "Linear"),
        (NetError, {"plan": Plan(net={"kind": "own", "own": "mine:build"}), "net": None}, "net=FUNCTION"),
        (DeviceError, {"device": "cuda:99"}, "cpu"),
        (RunError, {"runs": "/nowhere/at/all"}, "--runs"),
        (DataError, {"data": None}, "no data was given"),
        (DataError, {"data": 3}, "int"),
        (DataError, {"data": PICTURES}, "labels"),
        (DataError, {"data": (PICTURES, LABELS[:-1])}, "199"),
        (DataError, {"data": (PICTURES, LABELS * 0)}, "one class"),
        (DataError, {"data": "digitz"}, "digits"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name_and_nothing_is_written(error, changes, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"data": (PICTURES, LABELS), "runs": "runs", **changes}
    with pytest.raises(error) as caught:
        quick(given.pop("data"), **given)
    assert words in str(caught.value)
    assert list(Path(tmp_path).iterdir()) == []


def test_a_fit_inside_no_grad_trains_all_the_same():
    with torch.no_grad():
        run = quick((TABLE, LABELS), net="mlp:8", epochs=3)
        assert not torch.is_grad_enabled()
    assert run.history[-1]["cost"] < run.history[0]["cost"]
