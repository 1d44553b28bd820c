"""Checkpoints: all that a run needs to go on, so that it ends with the same bits as if it had never stopped.

    checkpoints/step-00000900-epoch-00004.safetensors    tensors, and the progress as JSON in the header
    checkpoints/step-00000900-epoch-00004.json           its size and SHA-256; written last: no manifest, no checkpoint

The two latest are kept. An older one goes only after the newer has been read back and agreed.
No pickle: neither tensors nor numbers come as code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor

from netsitter.errors import RunError
from netsitter.record.durable import sha256, write_durably
from netsitter.record.events import Outcome

KEPT = 2
MAX_MANIFEST_BYTES = 10_000


@dataclass(frozen=True)
class Progress:
    """How far a run has come, in plain numbers; one entry a trial where it says so.

    epoch: whole epochs done. in_epoch: steps done in the one that has begun. step: of all.
    best: best validation score by trial, None before the first. waited: epochs since then.
    over: how each trial ended, None while it runs.
    seconds: time spent, pauses not counted.
    """

    trials: int
    epoch: int = 0
    in_epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    best: tuple[float | None, ...] = ()
    best_epoch: tuple[int, ...] = ()
    over: tuple[str | None, ...] = field(default=())

    @staticmethod
    def at_start(trials: int) -> Progress:
        return Progress(trials, best=(None,) * trials, best_epoch=(0,) * trials, over=(None,) * trials)


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name, with the progress that they belong to, and the facts of the machine that wrote it."""

    progress: Progress
    tensors: Mapping[str, Tensor]
    machine: Mapping[str, Any]


class Checkpoints:
    """The checkpoints of one run, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, checkpoint: Checkpoint) -> str:
        """Puts a checkpoint on disk and returns its file's name. Raises RunError; the one before is kept then."""
        self.folder.mkdir(exist_ok=True)
        name = f"step-{checkpoint.progress.step:08d}-epoch-{checkpoint.progress.epoch:05d}"
        content = in_bytes(checkpoint)
        state = "the run is kept up to the checkpoint before."
        write_durably(self.folder / f"{name}.safetensors", content, state=state)
        manifest = {"schema": 1, "bytes": len(content), "sha256": sha256(content)}
        write_durably(self.folder / f"{name}.json", json.dumps(manifest).encode(), state=state)
        if self._content(name) is None:
            raise RunError(f"the checkpoint {name} reads back otherwise than it was written", code="S33", state=state)
        self._clear()
        return f"{name}.safetensors"

    def latest(self) -> tuple[Checkpoint | None, list[str]]:
        """The newest whole checkpoint, None if there is none; and the names of newer ones that are damaged."""
        damaged = []
        for name in reversed(self._names()):
            if (found := self._read(name)) is not None:
                return found, damaged
            damaged.append(name)
        return None, damaged

    def _names(self) -> list[str]:
        """Checkpoints that have a manifest, oldest first."""
        return sorted(path.stem for path in self.folder.glob("step-*.json") if path.is_file() and not path.is_symlink())

    def _clear(self) -> None:
        """Removes all but the latest: older ones, manifests first, and what a kill in a save left behind."""
        names = self._names()
        for old in names[:-KEPT]:
            (self.folder / f"{old}.json").unlink(missing_ok=True)
        for file in self.folder.iterdir():
            left = file.name.startswith(".step-") or (file.suffix == ".safetensors" and file.stem.startswith("step-"))
            if left and file.stem not in names[-KEPT:]:
                file.unlink(missing_ok=True)

    def _content(self, name: str) -> Path | None:
        """The file of tensors, if size and checksum agree with the manifest."""
        file, manifest = self.folder / f"{name}.safetensors", self.folder / f"{name}.json"
        try:
            if file.is_symlink() or not file.is_file() or manifest.stat().st_size > MAX_MANIFEST_BYTES:
                return None
            said = json.loads(manifest.read_bytes())
            if file.stat().st_size != said["bytes"] or sha256(file.read_bytes()) != said["sha256"]:
                return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return file

    def _read(self, name: str) -> Checkpoint | None:
        if (file := self._content(name)) is None:
            return None
        try:
            with safe_open(file, framework="pt") as opened:
                header = opened.metadata()
                tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118 - not a dict
            return Checkpoint(_progress(header["progress"]), tensors, dict(json.loads(header["machine"])))
        except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None


def in_bytes(checkpoint: Checkpoint) -> bytes:
    """A checkpoint as one safetensors file, its progress and machine in the header."""
    header = {"progress": json.dumps(asdict(checkpoint.progress)), "machine": json.dumps(dict(checkpoint.machine))}
    # Copies, since tensors that share memory cannot be written.
    whole = {key: t.clone(memory_format=torch.contiguous_format) for key, t in checkpoint.tensors.items()}
    return save(whole, metadata=header)


def from_bytes(content: bytes) -> Checkpoint:
    """The checkpoint that `in_bytes` wrote; for bytes of one's own, which nothing has damaged."""
    # Eight bytes say how long the header is, which is JSON: github.com/huggingface/safetensors, README, "Format".
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    return Checkpoint(_progress(header["progress"]), load(content), json.loads(header["machine"]))


def _progress(text: str) -> Progress:
    """The progress that was written as JSON. Raises what a text raises that was not written by us."""
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in json.loads(text).items()}
    progress = Progress(**values)
    counts = (progress.trials, progress.epoch, progress.in_epoch, progress.step, *progress.best_epoch)
    if not all(type(count) is int and count >= 0 for count in counts):
        raise ValueError("progress is counted in whole numbers")
    if not {len(progress.best), len(progress.best_epoch), len(progress.over)} == {progress.trials}:
        raise ValueError("progress has one entry a trial")
    if not all(over is None or over in set(Outcome) for over in progress.over):
        raise ValueError("a trial ended as none does")
    if not all(best is None or type(best) in (int, float) for best in (*progress.best, progress.seconds)):
        raise ValueError("scores are numbers")
    return progress
