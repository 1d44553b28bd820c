"""Sick networks cured from the command line, on real data: what was wrong, what was done, how good it is then."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from netsitter.data.sources.open import open_source
from netsitter.record.cures import CureFacts, cure_of
from netsitter.record.events import Cured
from netsitter.record.journal import read_journal
from netsitter.record.trace import Trace
from tests.cli.command import inside

pytestmark = pytest.mark.slow

NETS = Path(__file__).parent / "sick_nets.py"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cured(*arguments: object, net: str = "", train: bool = True) -> tuple[float, CureFacts, str, float]:
    """One fit and its cure: the score of the run before, the facts in its journal, what people read, the score then."""
    code = ("--net", f"{NETS}:{net}") if net else ()
    before = inside("fit", *arguments, *code, "--json").json
    told = inside("cure", before["run"], *code, "--runs", "cured", *(("--train",) if train else ()))
    event = Trace(read_journal(Path(before["run"]) / "journal.jsonl")).last(Cured)
    after = re.search(r"Cured and trained in full: (\S+)", told.out)
    was = before["metrics"].get("test", {"score": 0.0})["score"]
    return was, cure_of(event.facts), told.out, float(after[1]) if after else 0.0


def test_exclusive_or_with_one_dense_layer():
    x = np.random.default_rng(0).uniform(-1, 1, (400, 2)).astype("float32")
    np.savez("xor.npz", x=x, y=(x[:, 0] * x[:, 1] > 0).astype("int64"))
    before, cure, told, after = cured("xor.npz", "--epochs", "30", "--lr", "0.01", net="one_dense")
    assert before < 0.75 < 0.9 < after
    assert "`net.1`: a hidden layer of 32 ReLUs before it" in cure.changed
    assert "too-small" in told


def test_a_softmax_before_cross_entropy():
    before, cure, told, after = cured("digits", "--epochs", "15", net="soft")
    assert cure.changed[0] == "`net.4`: `nn.Softmax` -> nothing"
    assert after > max(before, 0.93)
    assert "Against output-loss-mismatch: Drop the last activation" in told


def test_weights_from_a_standard_normal():
    before, cure, _, after = cured("digits", "--epochs", "15", "--optim", "sgd", "--lr", "0.01", net="normal_weights")
    assert "weights drawn anew" in cure.changed[0]
    assert before + 0.1 < after
    assert after > 0.9


def test_relus_that_a_bias_of_minus_ten_has_killed():
    before, cure, _, after = cured("digits", "--epochs", "15", "--optim", "sgd", "--lr", "0.05", net="dead_units")
    assert before < 0.2 < 0.9 < after
    assert "weights drawn anew" in cure.changed[0]


def test_a_target_in_its_own_unit():
    data = ("diabetes", "--set", "data.target=none", "--optim", "sgd", "--lr", "0.05", "--epochs", "30")
    _, cure, told, after = cured(*data)
    assert "data.target none -> standardise" in cure.changed
    assert after > 0.4
    assert "fails -> " in told


@pytest.fixture
def pictures(cifar10, folder) -> Path:
    """A third of CIFAR-10 is enough to see a cure by."""
    part = open_source(str(cifar10)).parts["train"]
    np.savez(folder / "pictures.npz", x=part.x.take(np.arange(15_000)), y=part.y[:15_000])
    return folder / "pictures.npz"


@pytest.mark.parametrize(("lr", "slug"), [("1e-6", "learning-rate-too-low"), ("1e6", "learning-rate-too-high")])
def test_rates_far_off_on_cifar10(pictures, lr, slug):
    plain = ("--optim", "sgd", "--epochs", "3", "--net", "mlp:50", "--norm", "none")
    before, cure, told, _ = cured(pictures, *plain, "--lr", lr, train=False)
    kept = cure.kept[0]
    assert kept.finding[1] == slug
    assert 1e-4 < cure.changes["optim.lr"] < 10
    assert kept.effect.mean > 0.1
    assert before < 0.2
    assert f"Against {slug}" in told


def test_twenty_layers_of_sigmoids_on_cifar10(cifar10):
    before, cure, _, _ = cured(cifar10, "--epochs", "2", net="twenty_sigmoids", train=False)
    assert before < 0.15
    assert sum("`nn.Sigmoid` -> `nn.ReLU`" in line for line in cure.changed) == 20
    assert cure.kept[0].effect.mean > 0.1, "after a tenth of two epochs"
