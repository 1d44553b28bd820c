"""The model file: it comes back bit for bit, and a hostile one is refused without anything in it running."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from netsitter.data.preparation.table import preparation
from netsitter.data.preparation.target import TargetScale
from netsitter.errors import RunError
from netsitter.nn.build import build
from netsitter.plan.plan import plan_of
from netsitter.train.model_file import Model, load_model, save_model

from .hostile_models import HOSTILE, JSON, TENSORS, said

CLASSES = ("a", "b", "ünï", "\x1b[2J")


def model(net: str = "mlp:5", prepare: str = "center", *, real: bool = False) -> Model:
    """A model that was not trained, for pictures of 8 x 8."""
    plan = plan_of({"net": net, "data": {"prepare": prepare}})
    plan = plan.model_copy(update={"net": plan.net.model_copy(update={"norm": "batch", "init": "he"})})
    rows = torch.randint(0, 256, (40, 1, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    fitted = preparation(prepare).fit(rows)
    target = TargetScale().fit(torch.arange(40.0)[:, None]) if real else None
    outputs = 1 if real else len(CLASSES)
    built = build(plan.net, example=fitted.prepared_example, outputs=outputs)
    task, classes = ("regress", ()) if real else ("classify", CLASSES)
    return Model(built.eval(), plan, True, task, classes, (), (1, 8, 8), outputs, fitted, target)


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "model"
    save_model(model(), folder)
    return folder


@pytest.mark.parametrize(
    ("net", "prepare", "real"),
    [("mlp:5,3", "center", False), ("conv:4,8", "zca:0.9", False), ("mlp:5", "pca:0.9", True), ("mlp:5", "none", True)],
)
def test_a_saved_model_comes_back_bit_for_bit(net, prepare, real, tmp_path):
    given = model(net, prepare, real=real)
    save_model(given, tmp_path / "model")
    back = load_model(tmp_path / "model")
    x = torch.arange(640, dtype=torch.float32).reshape(10, 1, 8, 8)
    with torch.no_grad():
        answers = [one.net(one.preparation.apply(x).float()) for one in (given, back)]
    assert torch.equal(*answers)
    assert not back.net.training
    parts = ("plan", "image", "task", "classes", "features", "example", "outputs")
    assert [getattr(back, part) for part in parts] == [getattr(given, part) for part in parts]
    if real:
        assert torch.equal(back.target.undo(answers[0]), given.target.undo(answers[0]))


def test_the_files_hold_no_more_than_they_say(saved):
    assert {path.name for path in saved.iterdir()} == {JSON, TENSORS}
    told = json.loads((saved / JSON).read_text())
    assert told["bytes"] == (saved / TENSORS).stat().st_size
    assert told["classes"] == list(CLASSES)


def test_a_model_that_is_saved_again_replaces_the_old_one(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "model")
    save_model(model("mlp:7"), tmp_path / "model")
    assert load_model(tmp_path / "model").plan.net.sizes == (7,)


def test_layers_that_share_a_weight_are_kept(tmp_path):
    given = model()
    tied = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(64, 64), torch.nn.Linear(64, 64), torch.nn.Linear(64, 4)
    )
    tied[2].weight = tied[1].weight
    own = given.plan.model_copy(update={"net": given.plan.net.model_copy(update={"kind": "own", "own": "mine:build"})})
    save_model(Model(tied, own, *list(vars(given).values())[2:]), tmp_path / "model")
    fresh = torch.nn.Sequential(torch.nn.Flatten(), *(torch.nn.Linear(64, n) for n in (64, 64, 4)))
    back = load_model(tmp_path / "model", net=fresh)
    assert torch.equal(back.net[2].weight, tied[1].weight)


def test_no_flipped_bit_goes_unnoticed(saved, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(saved, folder)
    whole = (folder / TENSORS).read_bytes()
    draw = random.Random(0)
    for _ in range(400):
        at = draw.randrange(len(whole) * 8)
        flipped = bytearray(whole)
        flipped[at // 8] ^= 1 << at % 8
        (folder / TENSORS).write_bytes(flipped)
        with pytest.raises(RunError, match="SHA-256"):
            load_model(folder)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
@pytest.mark.parametrize("name", [JSON, TENSORS])
def test_a_file_that_was_cut_is_not_taken_for_a_whole_one(saved, tmp_path, name, share):
    folder = tmp_path / "model"
    shutil.copytree(saved, folder)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(RunError):
        load_model(folder)


def test_a_model_of_another_version_says_which_one(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "model")
    said(schema=99)(tmp_path / "model")
    with pytest.raises(RunError, match="schema 99; this version reads 1"):
        load_model(tmp_path / "model")


@pytest.fixture(scope="module")
def hostile(saved, tmp_path_factory) -> tuple[Path, dict[str, dict]]:
    """What became of each hostile model, loaded one after the other in a process that listens to the interpreter."""
    root = tmp_path_factory.mktemp("hostile")
    for name, spoil in {"good": lambda _: None, "unlike": said(outputs=3, classes=["a", "b", "c"]), **HOSTILE}.items():
        shutil.copytree(saved, root / name / "model")
        spoil(root / name / "model")
    driver = Path(__file__).with_name("hostile_driver.py")
    done = subprocess.run([sys.executable, driver, root], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return root, {told["name"]: told for told in map(json.loads, done.stdout.splitlines())}


@pytest.mark.slow
def test_every_hostile_model_is_refused_in_words_of_ours(hostile):
    _, told = hostile
    assert told.pop("good")["told"] == "loaded"
    assert told.keys() == HOSTILE.keys() | {"unlike"}
    assert {name: one["told"] for name, one in told.items() if not one["told"].startswith("refused: ")} == {}
    assert all("\x1b" not in one["told"] and len(one["told"]) < 2_000 for one in told.values())


@pytest.mark.slow
def test_nothing_in_a_hostile_model_runs_or_is_imported_or_reaches_out(hostile):
    root, told = hostile
    assert {name: one["seen"] for name, one in told.items() if one["seen"]} == {}
    assert list(root.rglob("PWNED")) == []


@pytest.mark.slow
def test_no_hostile_model_takes_long_or_much_memory(hostile):
    _, told = hostile
    assert {name: one["s"] for name, one in told.items() if one["s"] > 5} == {}
    assert {name: one["mib"] for name, one in told.items() if one["mib"] > 200} == {}


def test_the_proof_would_see_a_model_that_runs_code(saved, tmp_path):
    # A hook that hears nothing proves nothing: a pickle that is loaded must be heard.
    code = (
        "import pickle, sys; heard = []; sys.addaudithook(lambda event, _: heard.append(event));"
        "import hostile_driver; hostile_driver.listening = True; sys.addaudithook(hostile_driver.hear);"
        "pickle.loads(b'cos\\ngetpid\\n(tR.'); sys.exit(0 if hostile_driver.seen else 1)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_predictions_of_a_model_from_disk_are_finite(saved):
    back = load_model(saved)
    outputs = back.net(back.preparation.apply(torch.zeros(3, 1, 8, 8)).float())
    assert np.isfinite(outputs.detach().numpy()).all()
