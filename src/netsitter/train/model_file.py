"""The model as files: weights and preparation in safetensors, all else in JSON. Nothing in them can run.

    model/model.safetensors    net/<name> weights and buffers, preparation/<name>, target/<name>
    model/model.json           the plan of the net, shapes, classes, preparation, SHA-256 of the tensors

What is read is checked before anything is allocated: sizes, names, checksum, and that every tensor has
the shape that the described network asks for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from netsitter.data.preparation.fitted import Fitted
from netsitter.data.preparation.table import restore
from netsitter.errors import NetsitterError, RunError, shown
from netsitter.nn.build import build
from netsitter.plan.plan import Plan, plan_of
from netsitter.record.durable import sha256, write_durably

SCHEMA = 1
JSON, TENSORS = "model.json", "model.safetensors"

KEYS = {
    "schema", "kind", "plan", "image", "task", "classes", "features", "example", "outputs", "preparation", "target",
    "bytes", "sha256",
}  # fmt: skip
"""All that model.json says."""

MAX_JSON_BYTES = 64 * 2**20
"""A million names of classes fit in."""

MAX_HEADER_BYTES = 1_000_000
MAX_TENSORS = 10_000
MAX_REASON = 300
"""Characters of a library's own words that are told."""


@dataclass(frozen=True)
class Model:
    """A network with all that it needs to answer about raw rows.

    example: shape of one raw row. target: undoes the scaling of a real target; None for classes.
    """

    net: nn.Module
    plan: Plan
    image: bool
    task: str
    classes: tuple[str, ...]
    features: tuple[str, ...]
    example: tuple[int, ...]
    outputs: int
    preparation: Fitted
    target: Fitted | None


def save_model(model: Model, folder: Path) -> None:
    """Writes the two files. Raises RunError; what stood there before is kept then."""
    folder.mkdir(exist_ok=True)
    tensors = {f"net/{name}": tensor for name, tensor in model.net.state_dict().items()}
    for part, fitted in (("preparation", model.preparation), ("target", model.target)):
        tensors |= {f"{part}/{name}": tensor for name, tensor in (fitted.arrays() if fitted else {}).items()}
    # Cloned, since layers that share a weight would share its memory, which the format refuses.
    content = save({name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()})
    said = {
        "schema": SCHEMA,
        "kind": "netsitter model",
        "plan": model.plan.model_dump(mode="json"),
        "image": model.image,
        "task": model.task,
        "classes": model.classes,
        "features": model.features,
        "example": model.example,
        "outputs": model.outputs,
        "preparation": model.preparation.config(),
        "target": model.target.config() if model.target else None,
        "bytes": len(content),
        "sha256": sha256(content),
    }
    write_durably(folder / TENSORS, content)
    write_durably(folder / JSON, json.dumps(said, indent=1).encode())


def load_model(folder: Path, *, net: nn.Module | None = None) -> Model:
    """The model in a folder, on the processor, in evaluation mode.

    net: the network, for a model whose network was built by the user's own code; that code is never run from here.
    Raises RunError for files that are missing, damaged, or not a model of ours.
    """
    said = _description(folder)
    tensors = _tensors(folder, said)
    try:
        plan = plan_of(said["plan"], where=str(folder / JSON))
        example, outputs = _sides(said["example"]), *_sides([said["outputs"]])
        classes = tuple(map(str, said["classes"]))
        preparation = restore(said["preparation"], _under("preparation/", tensors))
        target = restore(said["target"], _under("target/", tensors)) if said["target"] else None
        used = {f"preparation/{name}" for name in preparation.arrays()}
        used |= {f"target/{name}" for name in (target.arrays() if target else ())}
        if strange := [name for name in tensors if name not in used and not name.startswith("net/")]:
            raise ValueError(f"{shown(strange[0])} belongs to nothing")
        if preparation.example != example or (target and target.example != (outputs,)):
            raise ValueError("the preparation is for rows of another shape")
        if (said["task"], len(classes)) not in (("classify", outputs), ("regress", 0)):
            raise ValueError(f"{len(classes)} classes do not go with task {said['task']!r} and {outputs} outputs")
        net = _filled(net, plan, preparation.prepared_example, outputs, _under("net/", tensors))
        return Model(
            net, plan, bool(said["image"]), said["task"], classes, tuple(map(str, said["features"])), example, outputs,
            preparation, target,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, RuntimeError, OverflowError, AttributeError) as error:
        if isinstance(error, NetsitterError):
            raise
        raise _not_ours(folder, f"{type(error).__name__}: {error}") from error


def _filled(
    net: nn.Module | None, plan: Plan, example: tuple[int, ...], outputs: int, tensors: dict[str, Tensor]
) -> nn.Module:
    """The network with these weights; the shapes are compared before anything is allocated."""
    if net is None and plan.net.kind == "own":
        raise RunError(
            f"this model's network is built by {plan.net.own}, and code is never run from a model's folder",
            code="S41",
            fix=f"--net {plan.net.own}, or net=... from Python, if you trust that file",
            state="",
        )
    if len(plan.net.sizes or ()) > len(tensors):
        raise _unlike(f"{len(plan.net.sizes or ()):,} layers, {len(tensors):,} tensors")
    if net is None:
        with torch.device("meta"):
            net = build(plan.net, example=example, outputs=outputs)
    wanted = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in net.state_dict().items()}
    there = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}
    if wanted != there:
        apart = sorted({name for name, _ in wanted.items() ^ there.items()})
        told = (
            f"{shown(name)}: wanted {_kind(wanted.get(name))}, there is {_kind(there.get(name))}" for name in apart[:6]
        )
        raise _unlike("; ".join(told))
    # The order of the axes in memory too: that of a sum hangs on it, and so do its last bits.
    laid_out = {name: torch.empty_like(like, device="cpu") for name, like in net.state_dict().items()}
    net.load_state_dict({name: laid_out[name].copy_(tensor) for name, tensor in tensors.items()}, assign=True)
    for name, buffer in net.named_buffers():
        if buffer.is_meta:  # left out of the saved state, and of no use when predicting
            part, _, leaf = name.rpartition(".")
            net.get_submodule(part)._buffers[leaf] = torch.zeros_like(buffer, device="cpu")
    return net.eval()


def _kind(shape_and_type: tuple[tuple[int, ...], torch.dtype] | None) -> str:
    return f"{shape_and_type[0]} {str(shape_and_type[1]).removeprefix('torch.')}" if shape_and_type else "none"


def _sides(values: Any) -> tuple[int, ...]:
    """A shape; ValueError for what is none."""
    if not isinstance(values, list) or not 1 <= len(values) <= 4:
        raise ValueError(f"{shown(values)} is no shape")
    if not all(type(side) is int and 0 < side < 2**31 for side in values):
        raise ValueError(f"{shown(values)} is no shape")
    return tuple(values)


def _description(folder: Path) -> dict[str, Any]:
    """What model.json says."""
    content = _content(folder, JSON, MAX_JSON_BYTES)
    try:
        said = json.loads(content, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _not_ours(folder, f"{JSON} is not JSON as we write it: {error}") from error
    if not isinstance(said, dict) or said.get("kind") != "netsitter model":
        raise _not_ours(folder, f"{JSON} describes something else")
    if said.get("schema") != SCHEMA:
        raise RunError(
            f"the model is of schema {shown(said.get('schema'))}; this version reads {SCHEMA}",
            code="S43",
            where=str(folder / JSON),
            state="",
        )
    apart = sorted(said.keys() ^ KEYS)
    if apart or type(said["bytes"]) is not int:
        raise _not_ours(folder, f"{JSON} has names that do not belong there, or lacks some: {shown(apart)}")
    return said


def _tensors(folder: Path, said: dict[str, Any]) -> dict[str, Tensor]:
    """The tensors, after size, checksum and header have been looked at."""
    content = _content(folder, TENSORS, said["bytes"])
    if len(content) != said["bytes"] or sha256(content) != said["sha256"]:
        raise RunError(
            f"{folder / TENSORS} is damaged: its size or SHA-256 is not the one in {JSON}",
            code="S33",
            fix="take a whole copy, or train anew",
            state="",
        )
    try:
        _refuse_odd_header(content)
        return load(content)
    except (ValueError, RecursionError, SafetensorError) as error:
        raise _not_ours(folder, f"{TENSORS}: {error}") from error


def _refuse_odd_header(content: bytes) -> None:
    """Raises ValueError for a header that is too long, names too many tensors, or names one twice."""
    length = int.from_bytes(content[:8], "little")
    if length > min(MAX_HEADER_BYTES, len(content)):
        raise ValueError(f"a header of {length:,} bytes")
    header = json.loads(content[8 : 8 + length], object_pairs_hook=_once, parse_constant=_refuse)
    if not isinstance(header, dict) or len(header) > MAX_TENSORS:
        raise ValueError(f"more than {MAX_TENSORS:,} tensors, or none")


def _content(folder: Path, name: str, most: int) -> bytes:
    """The bytes of a regular file in the folder. Links, pipes, devices and more than `most` bytes are refused."""
    path = folder / name
    try:
        if folder.is_symlink() or path.is_symlink() or not path.is_file():
            raise _not_ours(folder, f"{name} is missing, or no regular file")
        if path.stat().st_size > most:
            raise _not_ours(folder, f"{name} is larger than {most:,} bytes")
        with open(path, "rb") as file:
            return file.read(most)
    except OSError as error:
        raise _not_ours(folder, f"{name}: {error.strerror}") from error


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _not_ours(folder: Path, why: str) -> RunError:
    return RunError(
        f"{folder} holds no model of netsitter",
        code="S32",
        where=why[:MAX_REASON],
        allowed=f"{JSON} and {TENSORS}, as netsitter writes them",
        fix="give the folder of a run that has ended, or a whole copy of it",
        state="",
    )


def _unlike(where: str) -> RunError:
    return RunError("the network and the saved weights have other shapes", code="S42", where=where, state="")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not a number")
