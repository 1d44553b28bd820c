"""`cure` from Python: of a run, of its folder, of a program of one's own; and that the run stays as it was."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import netsitter as ns
from netsitter.errors import PlanError, RunError
from netsitter.plan.files import read_plan
from netsitter.record.events import Cured
from netsitter.record.journal import read_journal

from .small import LABELS, PICTURES, TABLE

pytestmark = pytest.mark.slow

SLOW = {"net": "mlp:16", "optimizer": "sgd", "lr": 1e-6, "epochs": 6, "show": False}
SCALED = (TABLE / 128 - 1).astype(np.float32)


def soft() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 4), nn.Softmax(dim=1))


@pytest.fixture(scope="module")
def slow_run(tmp_path_factory):
    return ns.fit((PICTURES, LABELS), runs=tmp_path_factory.mktemp("runs"), **SLOW)


def test_a_run_is_cured_its_plan_is_kept_beside_it_and_the_run_itself_stays(slow_run, tmp_path):
    weights = {name: p.clone() for name, p in slow_run.network.state_dict().items()}
    before = (slow_run.path / "plan.toml").read_bytes()
    cured = ns.cure(slow_run, train=True, runs=tmp_path, show=False)
    assert cured.plan.optim.lr > 1e-4
    assert cured.changed == (f"optim.lr 1e-06 -> {cured.plan.optim.lr:.3g}",)
    assert cured.run.scores["test"]["score"] > 0.9 > slow_run.scores["test"]["score"]
    assert (slow_run.path / "plan.toml").read_bytes() == before
    assert all(torch.equal(weights[name], p) for name, p in slow_run.network.state_dict().items())
    assert read_plan(slow_run.path / "cured.toml") == cured.plan
    told = [event for event in read_journal(slow_run.path / "journal.jsonl") if isinstance(event, Cured)]
    assert told[-1].facts["changed"] == cured.changed
    assert cured.run.path.parent == tmp_path


def test_its_folder_is_as_good_as_the_run(slow_run):
    cured = ns.cure(slow_run.path, data=(PICTURES, LABELS), show=False)
    assert cured.plan.optim.lr > 1e-4
    assert cured.run is None
    assert cured.build() is not cured.build()


def test_a_program_of_one_s_own_is_cured_in_its_author_s_words(capsys):
    cured = ns.cure(net=soft, data=(SCALED, LABELS), loss=nn.CrossEntropyLoss(), optimizer=torch.optim.SGD, lr=0.05,
                    batch=20, epochs=8)  # fmt: skip
    said = capsys.readouterr().out
    assert cured.changed[0] == "`net.3`: `nn.Softmax` -> nothing"
    assert "net[3] = nn.Identity()" in cured.snippet
    assert isinstance(cured.build()[3], nn.Identity)
    assert isinstance(soft()[3], nn.Softmax)
    assert "At most" in said or "at most" in said
    assert "`net.3`: `nn.Softmax` -> nothing" in said
    assert "Against output-loss-mismatch" in said
    assert cured.left == ()


def test_the_cured_network_of_a_folder_is_opened_with_its_surgery(tmp_path):
    program = {"loss": nn.CrossEntropyLoss(), "optimizer": torch.optim.SGD, "lr": 0.05, "batch": 20, "epochs": 8}
    cured = ns.cure(net=soft, data=(SCALED, LABELS), train=True, runs=tmp_path, show=False, **program)
    again = ns.open_run(cured.run.path, net=soft)
    x = torch.from_numpy(SCALED[:5])
    with torch.no_grad():
        assert torch.equal(again.network(x), cured.network(x))
        assert not torch.allclose(again.network(x).sum(dim=1), torch.ones(5)), "the softmax is gone"


def test_a_well_run_is_left_alone(tmp_path, capsys):
    run = ns.fit((PICTURES, LABELS), net="mlp:32", epochs=10, runs=tmp_path, show=False)
    cured = ns.cure(run)
    assert cured.changed == ()
    assert cured.facts.rounds == ()
    assert "nothing was changed" in capsys.readouterr().out
    assert not (run.path / "cured.toml").exists()
    assert repr(cured) == "<Cured: nothing changed>"


@pytest.mark.parametrize("options", [{"seeds": 1}, {"seeds": 99}, {"budget": 0.0}])
def test_numbers_out_of_bounds_are_refused_before_any_work(options):
    with pytest.raises(PlanError, match="must be from"):
        ns.cure(net=soft, data=(SCALED, LABELS), loss=nn.CrossEntropyLoss(), show=False, **options)


def test_a_run_takes_no_other_plan(slow_run):
    with pytest.raises(PlanError, match="has its plan already"):
        ns.cure(slow_run, lr=0.1)


def test_a_run_of_a_network_of_one_s_own_asks_for_its_code(tmp_path):
    run = ns.fit((SCALED, LABELS), net=soft, loss=nn.CrossEntropyLoss(), lr=0.01, batch=20, epochs=2, runs=tmp_path,
                 show=False)  # fmt: skip
    with pytest.raises(RunError, match="never run from a run's folder"):
        ns.cure(run.path)


def test_a_torch_optimizer_with_decay_is_cured_of_it():
    decayed = partial(torch.optim.SGD, weight_decay=5.0)
    build = partial(nn.Sequential, nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 4))
    cured = ns.cure(net=build, data=(SCALED, LABELS), loss=nn.CrossEntropyLoss(), optimizer=decayed, lr=0.1, batch=20,
                    epochs=8, show=False)  # fmt: skip
    assert "weight_decay -> 0" in cured.changed
