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
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from netsitter.data.fitted import Fitted
from netsitter.data.preparation import restore
from netsitter.errors import NetsitterError, RunError
from netsitter.nn.build import build
from netsitter.plan.plan import Plan, plan_of
from netsitter.record.durable import sha256, write_durably

SCHEMA = 1
MAX_JSON_BYTES = 1_000_000
MAX_TENSORS = 10_000


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
    content = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
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
        "sha256": sha256(content),
    }
    write_durably(folder / "model.safetensors", content)
    write_durably(folder / "model.json", json.dumps(said, indent=1).encode())


def load_model(folder: Path, *, net: nn.Module | None = None) -> Model:
    """The model in a folder, on the processor, in evaluation mode.

    net: the network, for a model whose network was built by the user's own code; that code is never run from here.
    Raises RunError for files that are missing, damaged, or not a model of ours.
    """
    said = _description(folder / "model.json")
    tensors = _tensors(folder / "model.safetensors", str(said.get("sha256")))
    try:
        plan = plan_of(said["plan"], where=str(folder / "model.json"))
        example = tuple(int(side) for side in said["example"])
        outputs = int(said["outputs"])
        preparation = restore(said["preparation"], _under("preparation/", tensors))
        target = restore(said["target"], _under("target/", tensors)) if said["target"] else None
        net = _filled(net, plan, preparation.prepared_example, outputs, _under("net/", tensors))
        return Model(
            net, plan, bool(said["image"]), str(said["task"]), tuple(map(str, said["classes"])),
            tuple(map(str, said["features"])), example, outputs, preparation, target,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
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
        )
    if net is None:
        with torch.device("meta"):
            net = build(plan.net, example=example, outputs=outputs)
    wanted = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    there = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if wanted != there:
        apart = sorted(set(wanted.items()) ^ set(there.items()))
        raise RunError(
            "the network and the saved weights have other shapes",
            code="S42",
            where="; ".join(f"{name} {shape}" for name, shape in apart[:6]),
        )
    net.load_state_dict(tensors, assign=True)
    for name, buffer in net.named_buffers():
        if buffer.is_meta:  # left out of the saved state, and of no use when predicting
            net.get_submodule(name.rpartition(".")[0])._buffers[name.rpartition(".")[2]] = torch.zeros_like(
                buffer, device="cpu"
            )
    return net.eval()


def _description(path: Path) -> dict[str, Any]:
    try:
        if path.is_symlink() or not path.is_file():
            raise _not_ours(path.parent, f"{path.name} is missing")
        if path.stat().st_size > MAX_JSON_BYTES:
            raise _not_ours(path.parent, f"{path.name} is larger than {MAX_JSON_BYTES:,} bytes")
        said = json.loads(path.read_bytes(), object_pairs_hook=_once, parse_constant=_refuse)
    except OSError as error:
        raise _not_ours(path.parent, f"{path.name}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, NetsitterError):
            raise
        raise _not_ours(path.parent, f"{path.name} is not JSON as we write it: {error}") from error
    if not isinstance(said, dict) or said.get("kind") != "netsitter model":
        raise _not_ours(path.parent, f"{path.name} describes something else")
    if said.get("schema") != SCHEMA:
        raise RunError(f"the model is of schema {said.get('schema')!r}; this version reads {SCHEMA}", code="S43")
    return said


def _tensors(path: Path, checksum: str) -> dict[str, Tensor]:
    try:
        if path.is_symlink() or not path.is_file():
            raise _not_ours(path.parent, f"{path.name} is missing")
        if sha256(path.read_bytes()) != checksum:
            raise RunError(
                f"{path} is damaged: its SHA-256 is not the one in model.json", code="S33", fix="take a whole copy"
            )
        with safe_open(path, framework="pt") as opened:
            names = list(opened.keys())
            if len(names) > MAX_TENSORS:
                raise _not_ours(path.parent, f"{len(names):,} tensors; {MAX_TENSORS:,} at most")
            return {name: opened.get_tensor(name) for name in names}
    except (OSError, SafetensorError) as error:
        raise _not_ours(path.parent, f"{path.name}: {error}") from error


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _not_ours(folder: Path, why: str) -> RunError:
    return RunError(f"{folder} holds no model of netsitter", code="S32", where=why)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not a number")
