"""A run that was cut off goes on, with the data, network and loss that it began with, and with no other."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import nn
from torch.nn import functional as F

import netsitter as ns
from netsitter.errors import DataError, PlanError, RunError
from netsitter.record.events import Outcome, Resumed

from .small import LABELS, PICTURES, Heard, cut_short, quick


def build(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 8), nn.Dropout(0.2), nn.ReLU(), nn.Linear(8, outputs))


def sharp(outputs, targets):
    return F.cross_entropy(3 * outputs, targets)


@pytest.mark.parametrize("pieces", [{}, {"net": build}, {"loss": sharp}], ids=["ours", "net", "loss"])
def test_a_resumed_run_ends_with_the_bits_of_the_unbroken_one(pieces, tmp_path):
    whole = quick((PICTURES, LABELS), epochs=3, **pieces)
    run = ns.resume(cut_short(tmp_path, **pieces), data=(PICTURES, LABELS), show=False, **pieces)
    assert run.outcome is Outcome.FINISHED
    assert run.history == whole.history
    for name, tensor in whole.network.state_dict().items():
        assert np.array_equal(tensor.numpy(), run.network.state_dict()[name].numpy())


def test_a_resume_tells_its_sink_where_it_goes_on(tmp_path):
    heard = Heard()
    ns.resume(cut_short(tmp_path), data=(PICTURES, LABELS), show=heard)
    assert isinstance(heard.events[0], Resumed)
    assert heard.events[0].step > 0


def test_a_run_of_a_file_finds_its_data_by_itself(tmp_path, monkeypatch):
    np.savez(tmp_path / "pictures.npz", x=PICTURES, y=LABELS)
    monkeypatch.chdir(tmp_path)
    path = cut_short(tmp_path / "runs", data="pictures.npz")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert ns.resume(path, show=False).outcome is Outcome.FINISHED


@pytest.mark.parametrize(
    "data",
    [(PICTURES, LABELS[::-1].copy()), (255 - PICTURES, LABELS), (PICTURES[:-4], LABELS[:-4])],
    ids=["labels", "pictures", "rows"],
)
def test_other_data_than_it_began_with_is_refused_and_the_run_is_as_it_was(data, tmp_path):
    path = cut_short(tmp_path)
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    with pytest.raises(DataError, match="not what this run began with"):
        ns.resume(path, data=data, show=False)
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize(
    ("pieces", "given", "error", "words"),
    [
        ({}, {}, DataError, "data=..."),
        ({"net": build}, {"data": (PICTURES, LABELS)}, RunError, "net=FUNCTION"),
        ({"loss": sharp}, {"data": (PICTURES, LABELS)}, PlanError, "loss=FUNCTION"),
    ],
    ids=["data", "net", "loss"],
)
def test_a_python_value_that_a_resume_lacks_is_named(pieces, given, error, words, tmp_path):
    path = cut_short(tmp_path, **pieces)
    with pytest.raises(error) as caught:
        ns.resume(path, show=False, **given)
    assert words in str(caught.value)


def test_a_run_that_is_over_or_is_none_cannot_be_resumed(tmp_path):
    run = quick((PICTURES, LABELS), runs=tmp_path)
    with pytest.raises(RunError, match="is over"):
        ns.resume(run.path, data=(PICTURES, LABELS), show=False)
    with pytest.raises(RunError, match="holds no run"):
        ns.resume(tmp_path, show=False)


def test_a_run_that_has_no_model_yet_says_how_to_get_one(tmp_path):
    path = cut_short(tmp_path)
    with pytest.raises(RunError, match="netsitter resume"):
        ns.open_run(path)


def test_a_damaged_checkpoint_is_left_for_the_one_before(tmp_path):
    path = cut_short(tmp_path)
    newest = sorted((path / "checkpoints").glob("*.safetensors"))[-1]
    newest.write_bytes(newest.read_bytes()[:-1] + b"\x55")
    run = ns.resume(path, data=(PICTURES, LABELS), show=False)
    assert run.history == quick((PICTURES, LABELS), epochs=3).history


def test_when_all_checkpoints_are_damaged_that_is_said(tmp_path):
    path = cut_short(tmp_path)
    for file in (path / "checkpoints").glob("*.safetensors"):
        file.write_bytes(b"")
    with pytest.raises(RunError, match="every checkpoint is damaged"):
        ns.resume(path, data=(PICTURES, LABELS), show=False)


class Evil:
    """What runs a command when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.canary}",)


@pytest.mark.parametrize("name", ["plan.toml", "journal.jsonl", "checkpoints/*.safetensors", "checkpoints/*.json"])
def test_a_pickle_in_place_of_any_file_of_a_run_is_never_run(name, tmp_path):
    path, canary = cut_short(tmp_path / "runs"), tmp_path / "PWNED"
    for file in path.glob(name):
        file.write_bytes(pickle.dumps(Evil(canary)))
    with pytest.raises(ns.NetsitterError):
        ns.resume(path, data=(PICTURES, LABELS), show=False)
    assert not canary.exists()


def forged(path: Path, change: Callable[[dict[str, torch.Tensor], dict[str, str]], object]) -> None:
    """Changes every checkpoint of a run, with checksums to match."""
    for file in (path / "checkpoints").glob("*.safetensors"):
        with safe_open(file, framework="pt") as opened:
            header, tensors = dict(opened.metadata()), {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
        change(tensors, header)
        content = save(tensors, metadata=header)
        file.write_bytes(content)
        manifest = {"schema": 1, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        file.with_suffix(".json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors, header: tensors.pop("now/param/output.bias"),
        lambda tensors, header: tensors.update({"now/param/output.bias": torch.zeros(1, 9)}),
        lambda tensors, header: tensors.update({"best/param/strange": torch.zeros(1)}),
        lambda tensors, header: header.update(progress="[" * 10_000),
        lambda tensors, header: header.update(progress=header["progress"].replace('"step"', '"stop"')),
        lambda tensors, header: header.update(
            progress=header["progress"].replace('"trials": 1', '"trials": "os.system"')
        ),
        lambda tensors, header: header.update(machine="5"),
    ],
    ids=["missing", "shape", "strange", "nested", "renamed", "text", "machine"],
)
def test_a_forged_checkpoint_is_refused_in_words_of_ours(change, tmp_path):
    path = cut_short(tmp_path)
    forged(path, change)
    with pytest.raises(RunError, match="checkpoint"):
        ns.resume(path, data=(PICTURES, LABELS), show=False)
