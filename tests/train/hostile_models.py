"""Hostile model files: each function spoils the folder of a good model, keeping its checksum right where it can."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save

JSON, TENSORS = "model.json", "model.safetensors"

Spoil = Callable[[Path], object]


class Evil:
    """What runs a command when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.canary}",)


def said(**changes: object) -> Spoil:
    """Other values in model.json, by dotted name with two underscores; a value of ... takes the name away."""

    def spoil(folder: Path) -> None:
        whole = json.loads((folder / JSON).read_text())
        for path, value in changes.items():
            *way, last = path.split("__")
            inner = whole
            for name in way:
                inner = inner[name]
            if value is ...:
                del inner[last]
            else:
                inner[last] = value
        (folder / JSON).write_text(json.dumps(whole))

    return spoil


def described(text: str | bytes) -> Spoil:
    """Another text in place of model.json."""
    return lambda folder: (folder / JSON).write_bytes(text if isinstance(text, bytes) else text.encode())


def held(content: bytes) -> Spoil:
    """Another content in place of model.safetensors, with size and checksum to match."""

    def spoil(folder: Path) -> None:
        (folder / TENSORS).write_bytes(content)
        said(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())(folder)

    return spoil


def tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Spoil:
    """Other tensors, written as they should be."""

    def spoil(folder: Path) -> None:
        named = load((folder / TENSORS).read_bytes())
        change(named)
        held(save(named))(folder)

    return spoil


def header(text: str, *, length: int | None = None, data: bytes = b"\0" * 64) -> Spoil:
    """A file of tensors with this header. length: what it claims to be."""
    content = text.encode()
    return held(struct.pack("<Q", len(content) if length is None else length) + content + data)


def pickled(name: str) -> Spoil:
    """A pickle that runs a command, under the name of one of our files."""

    def spoil(folder: Path) -> None:
        content = pickle.dumps({"weights": torch.zeros(3), "evil": Evil(folder.parent / "PWNED")})
        held(content)(folder) if name == TENSORS else described(content)(folder)

    return spoil


def torch_saved(folder: Path) -> None:
    out = io.BytesIO()
    torch.save({"weights": torch.zeros(3), "evil": Evil(folder.parent / "PWNED")}, out)
    held(out.getvalue())(folder)


def instead(name: str, make: Callable[[Path], object]) -> Spoil:
    """Something else in place of a file."""

    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return spoil


def linked(folder: Path) -> None:
    """The folder itself is a link to one outside the run."""
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


def own(folder: Path) -> None:
    """The network is to be built by a file that lies in the folder."""
    evil = folder / "evil.py"
    evil.write_text(f"open({str(folder.parent / 'PWNED')!r}, 'w')\ndef build(): ...\n")
    said(plan__net__kind="own", plan__net__own=f"{evil}:build")(folder)


def entry(*sides: int, start: int = 0, end: int = 4, kind: str = "F32") -> str:
    return json.dumps({"dtype": kind, "shape": sides, "data_offsets": [start, end]})


ONE = entry(1)

HOSTILE: dict[str, Spoil] = {
    "pickle as tensors": pickled(TENSORS),
    "pickle as description": pickled(JSON),
    "torch.save as tensors": torch_saved,
    "layers of 4 TB": said(plan__net__sizes=[1_000_000, 1_000_000]),
    "20,000 layers": said(plan__net__sizes=[1] * 20_000),
    "outputs without end": said(outputs=10**30),
    "outputs below 0": said(outputs=-4),
    "outputs as text": said(outputs="4"),
    "example without end": said(example=[10**30]),
    "example below 0": said(example=[1, -8, 8]),
    "example of nothing": said(example=[]),
    "example as text": said(example="188"),
    "example of another shape": said(example=[1, 8, 9]),
    "too few classes": said(classes=["a"]),
    "classes as a number": said(classes=4),
    "task of nonsense": said(task="__import__('os').system('x')"),
    "header length 2**63": header("{}", length=2**63),
    "header length 200 MB": header("{}", length=200_000_000),
    "header length -1": header("{}", length=2**64 - 1),
    "header of text": header("hello"),
    "header is a list": header("[1]"),
    "header nested without end": header("[" * 100_000),
    "tensor twice": header(f'{{"net/a":{ONE},"net/a":{ONE}}}', data=b"\0" * 4),
    "shape below 0": header(f'{{"net/a":{entry(-1)}}}', data=b"\0" * 4),
    "shape without end": header(f'{{"net/a":{entry(2**62, 4)}}}', data=b"\0" * 4),
    "tensors that overlap": header(f'{{"net/a":{ONE},"net/b":{entry(1, start=2, end=6)}}}', data=b"\0" * 6),
    "a hole between tensors": header(f'{{"net/a":{ONE},"net/b":{entry(1, start=8, end=12)}}}', data=b"\0" * 12),
    "bytes behind the tensors": header(f'{{"net/a":{ONE}}}', data=b"\0" * 4 + b"PK\3\4 polyglot"),
    "10,001 tensors": tensors(lambda t: t.update({f"net/{i}": torch.zeros(0) for i in range(10_001)})),
    "tensor outside": tensors(lambda t: t.update({"net/../../etc/passwd": torch.zeros(1)})),
    "tensor with NUL": tensors(lambda t: t.update({"net/\0": torch.zeros(1)})),
    "tensor of a long name": tensors(lambda t: t.update({"net/" + "x" * 900_000: torch.zeros(1)})),
    "tensor of a longer name": tensors(lambda t: t.update({"net/" + "x" * 2_000_000: torch.zeros(1)})),
    "tensor too many": tensors(lambda t: t.update({"extra": torch.zeros(1)})),
    "tensor too few": tensors(lambda t: t.pop("net/output.bias")),
    "tensor of whole numbers": tensors(lambda t: t.update({"net/output.bias": torch.zeros(4, dtype=torch.int64)})),
    "tensor of another shape": tensors(lambda t: t.update({"net/output.bias": torch.zeros(5)})),
    "preparation of another shape": tensors(lambda t: t.update({"preparation/shift": torch.zeros(7)})),
    "preparation without numbers": tensors(lambda t: t.pop("preparation/shift")),
    "activation os.system": said(plan__net__act="os.system"),
    "activation of code": said(plan__net__act="__import__('os').system('touch PWNED')"),
    "network torch.hub.load": said(plan__net__kind="torch.hub.load"),
    "network Lambda": said(plan__net__kind="Lambda"),
    "network with a target": said(plan__net={"_target_": "os.system"}),
    "network of the folder's own": own,
    "preparation builtins.eval": said(preparation__kind="builtins.eval"),
    "preparation of pixels os.system": said(preparation__pixels="os.system"),
    "preparation is a list": said(preparation=["os.system"]),
    "target of nonsense": said(target={"kind": "os.system"}),
    "plan is a list": said(plan=["os.system"]),
    "name too many": said(evil=1),
    "name too few": said(features=...),
    "schema of tomorrow": said(schema=2),
    "another kind": said(kind="tar"),
    "size as text": said(bytes="12"),
    "size too small": said(bytes=12),
    "checksum of nothing": said(sha256=None),
    "empty description": described(""),
    "description nested without end": described("[" * 100_000),
    "description of a long number": described('{"kind":1' + "0" * 5_000 + "}"),
    "description with a name twice": described('{"kind":"netsitter model","kind":"netsitter model"}'),
    "description with NaN": described('{"kind":"netsitter model","outputs":NaN}'),
    "description in another encoding": described('{"kind":"netsitter model"}'.encode("utf-32")),
    "description of bytes": described(b"\xff\xfe\x00"),
    "description is a link": instead(JSON, lambda path: path.symlink_to("/etc/passwd")),
    "description is a pipe": instead(JSON, os.mkfifo),
    "description is a folder": instead(JSON, Path.mkdir),
    "description is a device": instead(JSON, lambda path: path.symlink_to("/dev/zero")),
    "description missing": instead(JSON, lambda path: None),
    "tensors are a link": instead(TENSORS, lambda path: path.symlink_to("/etc/passwd")),
    "tensors are a pipe": instead(TENSORS, os.mkfifo),
    "tensors are a device": instead(TENSORS, lambda path: path.symlink_to("/dev/zero")),
    "tensors missing": instead(TENSORS, lambda path: None),
    "tensors empty": held(b""),
    "the folder is a link": linked,
}
"""By name. Every one of them must be refused, and nothing in any of them may run."""
