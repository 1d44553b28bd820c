"""Checkpoints: whole or not there, and what is damaged is seen."""

from __future__ import annotations

import random

import pytest
import torch

from netsitter.errors import RunError
from netsitter.train.checkpoint import Checkpoint, Checkpoints, Progress


def checkpoint(step: int) -> Checkpoint:
    generator = torch.Generator().manual_seed(step)
    tensors = {
        "now/param/w": torch.randn(2, 5, 3, generator=generator),
        "now/param/b": torch.randn(2, generator=generator),
    }
    return Checkpoint(Progress(2, 1, 3, step, 1.5, (0.5, None), (1, 0), (None, "diverged")), tensors, {"threads": 1})


def test_what_was_saved_comes_back_bit_for_bit(tmp_path):
    store = Checkpoints(tmp_path)
    saved = checkpoint(7)
    store.save(saved)
    found, damaged = store.latest()
    assert not damaged
    assert found.progress == saved.progress
    assert found.machine == saved.machine
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in saved.tensors.items())


def test_the_two_latest_are_kept(tmp_path):
    store = Checkpoints(tmp_path)
    for step in (1, 2, 30):
        store.save(checkpoint(step))
    kept = [f"step-000000{step}-epoch-00001" for step in ("02", "30")]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{name}.{e}" for name in kept for e in ("json", "safetensors")
    ]


def test_no_flipped_bit_goes_unseen_and_the_one_before_is_taken(tmp_path):
    store = Checkpoints(tmp_path)
    store.save(checkpoint(1))
    store.save(checkpoint(2))
    rng = random.Random(0)
    for name in ("step-00000002-epoch-00001.safetensors", "step-00000002-epoch-00001.json"):
        file = tmp_path / name
        whole = file.read_bytes()
        for _ in range(200):
            bent = bytearray(whole)
            bent[rng.randrange(len(bent))] ^= 1 << rng.randrange(8)
            file.write_bytes(bent)
            found, damaged = store.latest()
            if damaged:
                assert found.progress.step == 1
            else:
                # A bit of the manifest's white space or of its schema number may change with no harm.
                assert name.endswith(".json")
                assert all(torch.equal(found.tensors[key], tensor) for key, tensor in checkpoint(2).tensors.items())
        file.write_bytes(whole)


def test_every_cut_of_the_latest_file_falls_back_to_the_one_before(tmp_path):
    store = Checkpoints(tmp_path)
    store.save(checkpoint(1))
    store.save(checkpoint(2))
    file = tmp_path / "step-00000002-epoch-00001.safetensors"
    whole = file.read_bytes()
    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        found, damaged = store.latest()
        assert damaged == ["step-00000002-epoch-00001"]
        assert found.progress.step == 1


def test_a_pickle_or_a_link_in_place_of_a_checkpoint_is_never_opened(tmp_path):
    store = Checkpoints(tmp_path / "c")
    store.save(checkpoint(1))
    file = tmp_path / "c" / "step-00000001-epoch-00001.safetensors"
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    assert store.latest()[0] is None
    file.unlink()
    file.write_bytes(b"cos\nsystem\n(S'touch PWNED'\ntR.")
    assert store.latest() == (None, ["step-00000001-epoch-00001"])


def test_an_empty_folder_has_no_checkpoint(tmp_path):
    assert Checkpoints(tmp_path / "none").latest() == (None, [])


def test_a_full_disk_is_told_before_anything_is_touched(tmp_path, monkeypatch):
    store = Checkpoints(tmp_path)
    store.save(checkpoint(1))
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(RunError, match=r"disk is full: 0\.0 MiB free") as error:
        store.save(checkpoint(2))
    assert "kept up to the checkpoint before" in str(error.value)
    assert store.latest()[0].progress.step == 1


def test_what_a_kill_in_a_save_left_behind_is_cleared_by_the_next_save(tmp_path):
    store = Checkpoints(tmp_path)
    store.save(checkpoint(1))
    (tmp_path / ".step-00000002-epoch-00001.safetensors.x1y2").write_bytes(b"half")
    (tmp_path / "step-00000002-epoch-00001.safetensors").write_bytes(b"whole, but its manifest was never written")
    assert store.latest()[0].progress.step == 1
    store.save(checkpoint(3))
    assert {path.stem for path in tmp_path.iterdir()} == {"step-00000001-epoch-00001", "step-00000003-epoch-00001"}
